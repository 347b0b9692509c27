import { mkdir, mkdtemp, readdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loopback, startLoopback } from "../../src/loopback/loopback.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { runCommand } from "../support/worker.ts";

let workDir: string;
let loopback: Loopback;

beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  loopback = await startLoopback({
    fixture: toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 1 }]),
    workDir,
  });
  await mkdir(join(workDir, "data"));
  await symlink(join(workDir, "data"), join(workDir, "link"));
});

afterAll(() => loopback.close());

/** The worker's sentence, which has to be the only line; nothing may have been joined or left behind. */
async function refusal(environment: Record<string, string>): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(["record"], {
    MEETBOT_LOG_LEVEL: "silent",
    MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
    MEETBOT_SPOOL_DIR: join(workDir, "spool"),
    MEETBOT_JOB_ID: "test",
    ...loopback.environment,
    ...environment,
  });
  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(loopback.log).toEqual([]);
  expect(await readdir(join(workDir, "data"))).toEqual([]);
  const lines = stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

describe("nested folders are refused before the call is joined", () => {
  it.each([
    ["the same", "data", "data", "the same folder"],
    ["the same, which is not there yet", "new/er", "new/er", "the same folder"],
    ["the same by a link", "data", "link", "the same folder"],
    ["storage in the spool", "data", "data/recordings", "one inside the other"],
    ["spool in the storage, by a link", "link/spool", "data", "one inside the other"],
  ])("%s", async (_, spool, storage, relation) => {
    const sentence = await refusal({
      MEETBOT_SPOOL_DIR: join(workDir, spool),
      MEETBOT_STORAGE_URI: `file:${join(workDir, storage)}`,
    });
    expect(sentence).toBe(
      `meetbot-discord: MEETBOT_SPOOL_DIR and MEETBOT_STORAGE_URI: ${join(workDir, spool)} and ${join(workDir, storage)} are ${relation}, expected two folders, neither inside the other`,
    );
  });

  it("the capture folder inside the spool", async () => {
    const captures = { MEETBOT_SPOOL_DIR: join(workDir, "data"), MEETBOT_CAPTURE_DIR: join(workDir, "data", "c") };
    expect(await refusal(captures)).toContain("MEETBOT_SPOOL_DIR and MEETBOT_CAPTURE_DIR");
  });
});

describe("a path that can never be a folder or a settings file is refused in one sentence", () => {
  it.each([
    ["MEETBOT_STORAGE_URI", "file:/proc/nowhere", "cannot write to the folder /proc/nowhere/test: ENOENT"],
    [
      "MEETBOT_STORAGE_URI",
      "file:/dev/null",
      "cannot write to the folder /dev/null/test: /dev/null is not a folder, expected one",
    ],
    ["MEETBOT_SPOOL_DIR", "/proc/nowhere", "cannot use the folder /proc/nowhere/test: ENOENT"],
    ["MEETBOT_SPOOL_DIR", "/dev/full", "cannot use the folder /dev/full/test: /dev/full is not a folder, expected one"],
    ["MEETBOT_CAPTURE_DIR", "/proc/nowhere", "/proc/nowhere/test: cannot hold a fixture"],
    ["DISCORD_BOT_TOKEN_FILE", "/dev/zero", 'is "/dev/zero", expected a file that can be read: it is a device'],
    ["DISCORD_BOT_TOKEN_FILE", tmpdir(), "expected a file that can be read: it is a folder"],
    ["MEETBOT_NOTICE_AUDIO", "/dev/zero", "the file cannot be read (it is a device)"],
  ])("%s=%s", async (name, value, sentence) => {
    const other = name === "DISCORD_BOT_TOKEN_FILE" ? { DISCORD_BOT_TOKEN: "" } : {};
    expect(await refusal({ [name]: value, ...other })).toContain(sentence);
    await expect(readdir(join(workDir, "spool"))).resolves.toEqual([]);
  });

  it("--config /dev/zero", async () => {
    const { exitCode, stderr } = await runCommand(["record", "--config", "/dev/zero"], loopback.environment);
    expect(stderr).toContain('"--config /dev/zero: it is a device, expected a file that can be read"');
    expect(exitCode).toBe(1);
  });

  it("replay into such a storage ends with the worker's sentence and exit code", async () => {
    const fixture = new URL("../fixtures/standup", import.meta.url).pathname;
    const { exitCode, stderr } = await runCommand(["replay", fixture, "--storage", "/proc/nowhere"], {});
    expect(stderr).toContain("MEETBOT_STORAGE_URI: cannot write to the folder /proc/nowhere/");
    expect(exitCode).toBe(1);
  });
});
