import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCommand, startCommand } from "../support/worker.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/standup", import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
});

afterEach(() => rm(folder, { recursive: true }));

it.skipIf(process.platform !== "linux")(
  "If the worker is stopped before it has joined, replay says that nothing was recorded.",
  async () => {
    const args = ["replay", FIXTURE, "--storage", join(folder, "recordings")];
    const replay = startCommand(args, { TMPDIR: folder, MEETBOT_LOG_LEVEL: "info" });
    await replay.until("state: joining");
    const worker = readFileSync(`/proc/${replay.pid}/task/${replay.pid}/children`, "utf8").trim();
    process.kill(Number(worker), "SIGTERM");
    const { exitCode, stdout, stderr } = await replay.result;
    expect(stderr).toMatch(/\nnothing was recorded: the worker was stopped before it had joined the call\n$/);
    expect([exitCode, stdout]).toEqual([1, ""]);
  },
);

it.each(["manifest.json", "manifest.recording.json"])("A recording with a %s is not a fixture.", async (name) => {
  const recording = join(folder, "job_1");
  await mkdir(recording);
  await writeFile(join(recording, name), "{}");
  const { exitCode, stderr } = await runCommand(["replay", recording], {});
  expect(stderr).toMatch(
    /job_1: a recording, which lacks a fixture's call\.jsonl; MEETBOT_CAPTURE_DIR makes fixtures of calls; to see and hear the recording: .* report .*job_1\n$/,
  );
  expect(exitCode).toBe(1);
});
