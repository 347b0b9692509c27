import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { ulid } from "ulid";
import type { CallFixture } from "../fixture/call-script.ts";
import { readFixture } from "../fixture/read-fixture.ts";
import { type EncryptionMode, type Loopback, startLoopback } from "../loopback/loopback.ts";
import { verifyRecording } from "../recording/verify.ts";
import { RecordingFolder } from "../storage/recording-folder.ts";
import { PlayProgress } from "./play-progress.ts";
import { summarize } from "./summary.ts";
import { verify } from "./verify.ts";
import { exitOf, startWorker } from "./worker-process.ts";

export interface ReplayOptions {
  readonly storage: string;
  readonly jobId?: string;
  readonly encryptionMode?: EncryptionMode;
  readonly dave: boolean;
}

export const ENCRYPTION_MODE_OPTION = new Option("--encryption-mode <mode>", "transport encryption to offer").choices([
  "aead_aes256_gcm_rtpsize",
  "aead_xchacha20_poly1305_rtpsize",
]);

export function replayCommand(): Command {
  return new Command("replay")
    .description("record a call from a fixture, offline: our own Discord plays it, the real worker records it")
    .argument("<fixture>", "folder with call.jsonl and <userId>.rtpdump files")
    .option("--storage <folder>", "where the recording goes", "recordings")
    .option("--job-id <id>", "the job's name, and its folder's; a new one where left out")
    .addOption(ENCRYPTION_MODE_OPTION)
    .option("--no-dave", "play without end-to-end encryption")
    .addHelpText(
      "after",
      `
The worker runs as a process of its own with nothing but its environment. MEETBOT_* variables that are set here reach
it, MEETBOT_ROTATE=never for example. It leaves 2 s after the last person, unless told otherwise.`,
    )
    .action(async (fixture: string, options: ReplayOptions) => {
      process.exitCode = await replay(fixture, options);
    });
}

/** @returns the exit code: the worker's, or 1 where the recording has a fault */
export async function replay(folder: string, options: ReplayOptions): Promise<number> {
  const fixture = await readFixture(folder);
  const storage = resolve(options.storage);
  const jobId = options.jobId ?? `job_${ulid()}`;
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-loopback-"));
  const loopback = await startLoopback({
    fixture,
    workDir,
    daveProtocolVersion: options.dave ? 1 : 0,
    ...(options.encryptionMode === undefined ? {} : { encryptionModes: [options.encryptionMode] }),
  });
  try {
    const exitCode = await recordFrom(loopback, fixture, {
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "2",
      MEETBOT_LOG_LEVEL: "warn",
      ...process.env,
      MEETBOT_STORAGE_URI: `file:${storage}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      MEETBOT_JOB_ID: jobId,
    });
    if (exitCode !== 0) return exitCode;
    return await show(join(storage, jobId));
  } finally {
    await loopback.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

async function recordFrom(
  loopback: Loopback,
  fixture: CallFixture,
  settings: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const chosen = Object.entries(settings).filter(
    (entry): entry is [string, string] => entry[0].startsWith("MEETBOT_") && entry[1] !== undefined,
  );
  const worker = startWorker({ ...Object.fromEntries(chosen), ...loopback.environment });
  // Ctrl-C reaches the worker too, which then finishes its files; we wait for it.
  const ignoreInterrupt = (): void => undefined;
  process.on("SIGINT", ignoreInterrupt);
  const progress = new PlayProgress(fixture, loopback.sent, process.stderr);
  try {
    return await exitOf(worker);
  } finally {
    progress.stop();
    process.off("SIGINT", ignoreInterrupt);
  }
}

async function show(folder: string): Promise<number> {
  const { manifest } = await verifyRecording(await RecordingFolder.open(folder));
  if (manifest !== undefined) process.stdout.write(`\n${summarize(manifest)}\n\n`);
  return await verify(folder);
}
