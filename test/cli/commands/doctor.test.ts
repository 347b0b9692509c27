import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LoopbackOptions } from "../../../src/loopback/loopback.ts";
import type { CheckResult } from "../../../src/session/doctor-check.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, TEXT_CHANNEL_ID } from "../../support/tone-call.ts";
import { runCommand } from "../../support/worker.ts";

const BROKEN_LIBRARY = new URL("../../support/broken-library.ts", import.meta.url).href;

interface Answer {
  readonly exitCode: number;
  readonly checks: readonly CheckResult[];
  readonly invite: string | null;
}

interface Situation {
  readonly loopback?: Partial<LoopbackOptions>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

async function examine({ loopback: options = {}, environment = {}, args = [] }: Situation = {}) {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const loopback = await testLoopback(options);
  const run = await runCommand(["doctor", ...args], {
    MEETBOT_STORAGE_URI: `file:${join(folder, "recordings")}`,
    MEETBOT_SPOOL_DIR: join(folder, "spool"),
    // Whatever the machine's disk has left.
    MEETBOT_SPOOL_LOW_MB: "0",
    MEETBOT_SPOOL_STOP_MB: "0",
    ...loopback.environment,
    ...environment,
  });
  expect(run.stdout + run.stderr).not.toContain(loopback.token);
  return { ...run, loopback, folder };
}

/** Its JSON output, and the checks that did not pass. */
async function judge(situation: Situation) {
  const run = await examine({ ...situation, args: [...(situation.args ?? []), "--json"] });
  const answer: Answer = JSON.parse(run.stdout);
  expect(run.exitCode).toBe(answer.exitCode);
  const bad = answer.checks.filter(({ status }) => status !== "ok");
  for (const { fix } of bad) expect(fix).toMatch(/\w/);
  return { ...run, ...answer, bad };
}

describe("doctor", () => {
  it("passes if a job would start, joins nothing and leaves nothing behind", async () => {
    const { exitCode, stdout, stderr, loopback, folder } = await examine();
    expect(stderr).toBe("");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, -2).filter((line) => !line.startsWith("ok  "))).toEqual([]);
    expect(lines.at(-1)).toBe("a job would start: there is nothing to fix");
    expect(lines.at(-2)).toBe(
      `invite the bot: https://discord.com/oauth2/authorize?client_id=${loopback.botUserId}&scope=bot+applications.commands&permissions=36768768`,
    );
    expect(exitCode).toBe(0);
    expect(loopback.log.some(({ kind }) => kind === "gateway_identify" || kind === "voice_open")).toBe(false);
    expect(await readdir(join(folder, "recordings"))).toEqual([]);
    expect(await readdir(join(folder, "spool"))).toEqual([]);
  });

  it("prints one object as JSON, with each check's name, status and detail", async () => {
    const { checks, invite, bad } = await judge({});
    expect(bad).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      "node",
      "@discordjs/voice",
      "@snazzah/davey",
      "sodium-native",
      "opus decoder",
      "secrets",
      "folders",
      "spool",
      "spool space",
      "spoken notice",
      "webhook",
      "storage",
      "token",
      "clock",
      "gateway",
      "intents",
      "guild",
      "channel",
      "time-out",
      "permission View Channel",
      "permission Connect",
      "permission Send Messages",
      "permission View Channel",
      "permission Read Message History",
      "other session",
      "text channel",
      "voice region",
    ]);
    for (const check of checks) {
      expect(check).toEqual({ name: check.name, status: "ok", detail: expect.stringMatching(/\w/) });
    }
    expect(invite).toMatch(
      /^https:\/\/discord\.com\/oauth2\/authorize\?client_id=\d+&scope=bot\+applications\.commands&permissions=\d+$/,
    );
  });

  it("names the secrets that the user's other processes can read, except those from a file", async () => {
    const secretsOf = ({ checks }: Answer) => checks.find(({ name }) => name === "secrets");
    const exposed = await judge({ environment: { MEETBOT_CONTROL_TOKEN: "recognisable-token" } });
    expect(secretsOf(exposed)).toEqual({
      ...{ name: "secrets", status: "ok" },
      detail:
        "processes of the same user can read DISCORD_BOT_TOKEN, MEETBOT_CONTROL_TOKEN in /proc, because the environment holds the value; use DISCORD_BOT_TOKEN_FILE, MEETBOT_CONTROL_TOKEN_FILE to avoid this",
    });
    const file = join(exposed.folder, "token");
    await writeFile(file, exposed.loopback.token);
    const inFile = await judge({ environment: { DISCORD_BOT_TOKEN: "", DISCORD_BOT_TOKEN_FILE: file } });
    expect(secretsOf(inFile)?.detail).toBe("none is in the environment");
  });

  it("takes the channel as an argument, as record does", async () => {
    const { exitCode, stdout } = await examine({
      args: [`discord://${GUILD_ID}/${CHANNEL_ID}`],
      environment: { MEETBOT_MEETING_URL: "" },
    });
    expect(stdout).toContain('channel: "Meeting"');
    expect(exitCode).toBe(0);
  });

  it("exits 1 for invalid settings, and lists each as a check", async () => {
    const { exitCode, bad } = await judge({ environment: { MEETBOT_ROTATE: "often", DISCORD_BOT_TOKEN: "" } });
    expect(bad).toMatchObject([
      { name: "settings", detail: expect.stringContaining("MEETBOT_ROTATE") },
      { name: "settings", detail: expect.stringContaining("DISCORD_BOT_TOKEN is not set") },
    ]);
    expect(exitCode).toBe(1);
  });

  it("exits 3 for a token that Discord refuses, and does not print it", async () => {
    const token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GWrong.not-the-loopbacks-token-at-all";
    const { exitCode, bad, stdout, invite } = await judge({ environment: { DISCORD_BOT_TOKEN: token } });
    expect(bad).toMatchObject([
      { name: "token", status: "fail", detail: "Discord refused the bot token", exitCode: 3 },
    ]);
    expect(stdout).not.toContain(token);
    expect(invite).toContain("client_id=123456789012345678&");
    expect(exitCode).toBe(3);
  });

  it("exits 2 if Discord does not answer", async () => {
    const { exitCode, bad } = await judge({ environment: { MEETBOT_DISCORD_API: "http://127.0.0.1:1/api" } });
    expect(bad).toMatchObject([{ name: "discord", status: "fail", exitCode: 2 }]);
    expect(exitCode).toBe(2);
  });

  it("exits 2 if the bot has no logins left today", async () => {
    const sessionStartLimit = { total: 1_000, remaining: 0, resetAfterMs: 3_600_000 };
    const { exitCode, bad } = await judge({ loopback: { sessionStartLimit } });
    expect(bad).toMatchObject([{ name: "gateway", status: "fail", exitCode: 2 }]);
    expect(exitCode).toBe(2);
  });

  it("exits 1 for a server that the bot is not in, and gives the invite link", async () => {
    const { exitCode, bad } = await judge({
      environment: { MEETBOT_MEETING_URL: `discord://999999999999999999/${CHANNEL_ID}` },
    });
    expect(bad).toMatchObject([
      { name: "guild", fix: expect.stringContaining("https://discord.com/oauth2/authorize?"), exitCode: 1 },
    ]);
    expect(exitCode).toBe(1);
  });

  it("exits 1 if the channel is a text channel", async () => {
    const { exitCode, bad } = await judge({
      environment: { MEETBOT_MEETING_URL: `discord://${GUILD_ID}/${TEXT_CHANNEL_ID}` },
    });
    const detail = 'the channel "chat" is not a voice or stage channel';
    expect(bad).toMatchObject([{ name: "channel", status: "fail", detail, exitCode: 1 }]);
    expect(exitCode).toBe(1);
  });

  it("exits 1 without permission to connect", async () => {
    const { exitCode, bad } = await judge({ loopback: { deniedPermissions: { [CHANNEL_ID]: ["connect"] } } });
    expect(bad).toMatchObject([{ name: "permission Connect", status: "fail", exitCode: 1 }]);
    expect(exitCode).toBe(1);
  });

  it("exits 1 for a channel that the bot cannot view", async () => {
    const { exitCode, bad } = await judge({ loopback: { deniedPermissions: { [CHANNEL_ID]: ["viewChannel"] } } });
    expect(bad).toMatchObject([{ name: "channel", fix: expect.stringContaining("View Channel"), exitCode: 1 }]);
    expect(exitCode).toBe(1);
  });

  it("exits 1 while the bot is timed out", async () => {
    const { exitCode, bad } = await judge({ loopback: { botTimedOutUntil: "2999-01-02T03:04:05.000Z" } });
    expect(bad).toMatchObject([
      { name: "time-out", status: "fail", detail: expect.stringContaining("2999-01-02T03:04:05.000Z"), exitCode: 1 },
    ]);
    expect(exitCode).toBe(1);
  });

  it("exits 1 if another session of the bot is in voice", async () => {
    const { exitCode, bad } = await judge({ loopback: { botAlreadyInVoice: "100000000000000004" } });
    expect(bad).toMatchObject([{ name: "other session", detail: expect.stringContaining('"Elsewhere"'), exitCode: 1 }]);
    expect(exitCode).toBe(1);
  });

  it("warns if the bot cannot post, because a job would still start", async () => {
    const { exitCode, bad } = await judge({ loopback: { deniedPermissions: { [TEXT_CHANNEL_ID]: ["sendMessages"] } } });
    expect(bad).toMatchObject([
      { name: "permission Send Messages", status: "warn", detail: expect.stringContaining('"chat"') },
    ]);
    expect(exitCode).toBe(0);
  });

  it("does not ask for permission to post if nothing will be posted", async () => {
    const { bad, invite } = await judge({
      loopback: { deniedPermissions: { [TEXT_CHANNEL_ID]: ["sendMessages"] } },
      environment: { MEETBOT_CONSENT: "none" },
    });
    expect(bad).toEqual([]);
    expect(invite).toContain("&permissions=36766720");
  });

  it("warns without the Message Content intent", async () => {
    const { exitCode, bad } = await judge({ loopback: { allowMessageContent: false } });
    expect(bad).toMatchObject([{ name: "intents", status: "warn", fix: expect.stringContaining("/bot") }]);
    expect(exitCode).toBe(0);
  });

  it("warns if the text channel does not exist", async () => {
    const { exitCode, bad } = await judge({ environment: { DISCORD_TEXT_CHANNEL_ID: "100000000000000099" } });
    expect(bad).toMatchObject([{ name: "text channel", status: "warn" }]);
    expect(exitCode).toBe(0);
  });

  it.each([
    ["storage", { MEETBOT_STORAGE_URI: "file:/dev/null/nowhere" }],
    ["spool", { MEETBOT_SPOOL_DIR: "/dev/null/nowhere" }],
    ["spool space", { MEETBOT_SPOOL_STOP_MB: "1000000000" }],
    ["spoken notice", { MEETBOT_NOTICE_AUDIO: "/dev/null/nowhere.ogg" }],
    ["webhook", { MEETBOT_WEBHOOK_URL: "https://10.0.0.1/hook", MEETBOT_WEBHOOK_SECRET: "hush-hush" }],
  ])("exits 1 if a job would fail because of its %s", async (name, environment) => {
    const { exitCode, bad } = await judge({ environment });
    expect(bad).toMatchObject([{ name, status: "fail", exitCode: 1 }]);
    expect(exitCode).toBe(1);
  });

  it("names @discordjs/opus as the decoder if it is installed, and warns if it fails to load", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const opus = join(folder, "@discordjs", "opus");
    await mkdir(opus, { recursive: true });
    await writeFile(join(opus, "package.json"), JSON.stringify({ version: "0.10.7", main: "index.js" }));
    const environment = { NODE_PATH: folder };
    const standIn = "exports.OpusEncoder = class { decode() { return Buffer.alloc(3840); } };";
    await writeFile(join(opus, "index.js"), standIn);
    const { bad, checks } = await judge({ environment });
    expect(bad).toEqual([]);
    expect(checks).toContainEqual({ name: "opus decoder", status: "ok", detail: "@discordjs/opus 0.10.7" });
    await writeFile(join(opus, "index.js"), "throw new Error('built for Node 20');");
    expect(await judge({ environment })).toMatchObject({
      exitCode: 0,
      bad: [{ name: "opus decoder", status: "warn", detail: expect.stringMatching(/built for Node 20$/) }],
    });
  });

  it.each(["@snazzah/davey", "sodium-native"])(
    "says that %s cannot be loaded and what to do, checks the rest, and exits as a job would",
    async (library) => {
      const environment = { NODE_OPTIONS: `--import=${BROKEN_LIBRARY}`, BROKEN_LIBRARY: library };
      const { exitCode, checks, bad, loopback } = await judge({ environment });
      expect(bad).toContainEqual({
        name: library,
        status: "fail",
        detail: `it cannot be loaded: ${library}.node: invalid ELF header`,
        fix: "install it again on this machine, with this Node (npm ci in a checkout)",
        exitCode: 1,
      });
      // One that takes it cannot be loaded either.
      expect(bad.filter(({ detail }) => !detail.includes(`${library}.node`))).toEqual([]);
      expect(checks.map(({ name }) => name)).toContain("permission Connect");
      const job = await runCommand(["record"], {
        ...loopback.environment,
        ...environment,
        MEETBOT_LOG_LEVEL: "silent",
      });
      expect(job.exitCode).toBe(exitCode);
      expect(job.stderr).toMatch(
        /^meetbot-discord: a library cannot be loaded \(.*invalid ELF header\); install it again .*\n$/,
      );
    },
  );
});

describe("doctor's output for people", () => {
  it("says what is unused, asks no join permission of a text channel, and ends with the failure and a verdict", async () => {
    const { stdout } = await examine({
      environment: { MEETBOT_MEETING_URL: `discord://${GUILD_ID}/${TEXT_CHANNEL_ID}` },
    });
    expect(stdout).toContain("ok    webhook: not used: MEETBOT_WEBHOOK_URL is not set");
    expect(stdout).toContain("ok    spoken notice: not used: MEETBOT_NOTICE_AUDIO is off");
    expect(stdout).not.toContain("permission Connect");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.at(-3)).toMatch(/^FAIL {2}channel: .* is not a voice or stage channel\. To do: /);
    expect(lines.at(-1)).toBe("a job would not start and would exit with 1: 1 thing has to be fixed first (FAIL)");
  });

  it("gives one remedy for several settings, and says what is wrong with a bucket's name", async () => {
    const { stdout } = await examine({ environment: { MEETBOT_ROTAET: "never", MEETBOT_STORAGE_URI: "s3://b/p" } });
    expect(stdout.match(/To do:/g)).toHaveLength(1);
    expect(stdout).not.toContain("?. ");
    expect(stdout).toContain(`the bucket's name "b" has to be 3 to 63 lower-case letters`);
    expect(stdout.trimEnd().split("\n").at(-1)).toContain("2 things have to be fixed first");
  });
});

describe("the channel to check", () => {
  it.each([
    ["a link", [`https://discord.com/channels/${GUILD_ID}/${CHANNEL_ID}`]],
    ["two ids", [GUILD_ID, CHANNEL_ID]],
  ])("can be %s", async (_, args) => {
    const { exitCode, stdout } = await examine({ args, environment: { MEETBOT_MEETING_URL: "" } });
    expect(stdout).toContain('channel: "Meeting"');
    expect(exitCode).toBe(0);
  });

  it("can be a link in MEETBOT_MEETING_URL", async () => {
    const link = `<https://ptb.discord.com/channels/${GUILD_ID}/${CHANNEL_ID}/>`;
    const { exitCode, stdout } = await examine({ environment: { MEETBOT_MEETING_URL: link } });
    expect(stdout).toContain('channel: "Meeting"');
    expect(exitCode).toBe(0);
  });
});
