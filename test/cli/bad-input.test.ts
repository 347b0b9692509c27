import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loopback, startLoopback } from "../../src/loopback/loopback.ts";
import { GUILD_ID, person, TEXT_CHANNEL_ID, toneCall } from "../support/tone-call.ts";
import { runCommand } from "../support/worker.ts";

let workDir: string;
let loopback: Loopback;

beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 1 }]);
  loopback = await startLoopback({ fixture, workDir });
});

afterAll(() => loopback.close());

const record = (changes: Record<string, string>) =>
  runCommand(["record"], {
    MEETBOT_LOG_LEVEL: "silent",
    MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
    MEETBOT_SPOOL_DIR: join(workDir, "spool"),
    ...loopback.environment,
    ...changes,
  });

describe("bad configuration exits 1 with a sentence that says what is accepted", () => {
  it.each([
    ["no token", { DISCORD_BOT_TOKEN: "" }, /^meetbot-discord: DISCORD_BOT_TOKEN is not set; give the path of a file/],
    [
      "a malformed token",
      { DISCORD_BOT_TOKEN: "hunter2hunter2" },
      /DISCORD_BOT_TOKEN is not a usable value.*, expected a bot token/,
    ],
    ["no channel", { MEETBOT_MEETING_URL: "" }, /no voice channel is given: set MEETBOT_MEETING_URL to discord:/],
    [
      "a malformed id",
      { MEETBOT_MEETING_URL: "", DISCORD_GUILD_ID: "123", DISCORD_CHANNEL_ID: GUILD_ID },
      /DISCORD_GUILD_ID is "123", expected a Discord id of 17 to 20 digits/,
    ],
    [
      "text instead of a number",
      { MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "soon" },
      /MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS is "soon", expected a whole number of seconds from 0 to 86400/,
    ],
    ["an unknown name", { MEETBOT_ROTAET: "never" }, /MEETBOT_ROTAET is not a setting; did you mean MEETBOT_ROTATE\?/],
    [
      "a folder that cannot be written to",
      { MEETBOT_STORAGE_URI: "file:/dev/null/nowhere" },
      /MEETBOT_STORAGE_URI: cannot write to the folder \/dev\/null\/nowhere/,
    ],
  ])("%s", async (_, changes, sentence) => {
    const { exitCode, stderr } = await record(changes);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain("    at ");
    expect(stderr).not.toContain("hunter2");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(1);
  });

  it("reports every problem at once", async () => {
    const { exitCode, stderr } = await record({
      MEETBOT_ROTATE: "often",
      MEETBOT_LOG_LEVEL: "loud",
      DISCORD_BOT_TOKEN: "",
    });
    // The level is unknown, so the log is JSON as it is by default.
    const { msg } = JSON.parse(stderr);
    expect(msg).toMatch(/3 problems:\n.*MEETBOT_ROTATE.*\n.*MEETBOT_LOG_LEVEL.*\n.*DISCORD_BOT_TOKEN/);
    expect(exitCode).toBe(1);
  });
});

describe("what Discord refuses has its own code and exit code", () => {
  it("a wrong token: auth_failure, exit 3", async () => {
    const wrong = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GWrong.not-the-loopbacks-token-at-all";
    const { exitCode, stderr } = await record({ DISCORD_BOT_TOKEN: wrong });
    expect(stderr).toBe("meetbot-discord: auth_failure (customer): Discord refused the bot token\n");
    expect(exitCode).toBe(3);
  });

  it.each([
    [
      "an unknown server",
      "discord://999999999999999999/999999999999999998",
      /meeting_not_found \(customer\): the bot is not in a server with the id 999999999999999999/,
    ],
    [
      "an unknown channel",
      `discord://${GUILD_ID}/999999999999999998`,
      /meeting_not_found \(customer\): the server "Loopback" has no channel with the id 999999999999999998/,
    ],
    [
      "a text channel",
      `discord://${GUILD_ID}/${TEXT_CHANNEL_ID}`,
      /meeting_not_found \(customer\): the channel "chat" is not a voice or stage channel/,
    ],
  ])("%s: meeting_not_found, exit 1", async (_, url, sentence) => {
    const { exitCode, stderr } = await record({ MEETBOT_MEETING_URL: url });
    expect(stderr).toMatch(sentence);
    expect(exitCode).toBe(1);
  });
});

describe("a fixture cut in the middle", () => {
  it("is refused with the file and the line", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await writeFile(join(folder, "call.jsonl"), '{"type":"call","version":1,"star');
    const { exitCode, stderr } = await runCommand(["replay", folder], {});
    expect(stderr).toMatch(/^meetbot-discord: .*call\.jsonl:1: /);
    expect(exitCode).toBe(1);
  });

  it("is refused if it does not exist", async () => {
    const { exitCode, stderr } = await runCommand(["replay", "/nowhere"], {});
    expect(stderr).toMatch(/^meetbot-discord: .*\/nowhere/);
    expect(exitCode).toBe(1);
  });
});

describe("help", () => {
  it.each([
    [],
    ["record"],
    ["replay"],
    ["loopback"],
    ["recover"],
    ["verify"],
    ["list"],
    ["fetch"],
    ["export"],
    ["demo"],
  ])("%s --help exits 0 and prints its usage", async (...args) => {
    const { exitCode, stdout } = await runCommand([...args, "--help"], {});
    expect(stdout).toMatch(/^Usage: \S+ \S*dist\/cli\/main\.js /);
    expect(exitCode).toBe(0);
  });
});

describe("a wrong command line ends with one sentence that says what to do", () => {
  it.each([
    [["exprot", "recordings/x"], /^meetbot-discord: "exprot" is not a command; did you mean export\?$/],
    [["exprot", "x", "--layout", "mix"], /^meetbot-discord: "exprot" is not a command; did you mean export\?$/],
    [["exprot"], /^meetbot-discord: "exprot" is not a command; did you mean export\?$/],
    [
      ["frobnicate"],
      /^meetbot-discord: "frobnicate" is neither a command nor a channel, expected record, doctor, .*both ids are numbers$/,
    ],
    [["verify"], /^error: missing required argument 'job'\n\(see --help\)$/],
    [["export", "x", "--layot", "mix"], /^error: unknown option '--layot'\n.*--layout.*\n\(see --help\)$/],
    [
      ["fetch", "s3://bucket"],
      /^meetbot-discord: "s3:\/\/bucket" is not the address of a job in a bucket, expected s3:\/\//,
    ],
    [["recover", "--all", "/dev/null"], /^meetbot-discord: \/dev\/null: is a file; give the spool/],
    [["export", "/dev/null"], /^meetbot-discord: \/dev\/null: a file; give the folder of one job/],
  ])("%s", async (args, sentence) => {
    const { exitCode, stderr } = await runCommand(args, { MEETBOT_LOG_LEVEL: "silent" });
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(exitCode).toBe(1);
  });

  it("a manifest.json that is not a manifest is refused in one short sentence", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await writeFile(join(folder, "manifest.json"), '{"name":"an app"}');
    const { exitCode, stderr } = await runCommand(["report", folder], {});
    expect(stderr).toMatch(
      /^meetbot-discord: manifest\.json: not a manifest of version 1, or damaged \(.*; and at least \d+ more\)\n$/,
    );
    expect(stderr.length).toBeLessThan(400);
    expect(exitCode).toBe(1);
  });
});

it("says in one line, without a stack, what the system refuses", async () => {
  const fixture = join(import.meta.dirname, "../fixtures/standup");
  const run = await runCommand(["loopback", fixture, "--environment-file", join(workDir, "nowhere", "x")], {});
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toMatch(/^meetbot-discord: the system refused it: ENOENT: no such file or directory, .*\n$/);
});
