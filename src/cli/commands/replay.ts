import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { ulid } from "ulid";
import { verifyRecording } from "../../recording/verify.ts";
import { RecordingFolder } from "../../storage/recording-folder.ts";
import { pathFor } from "../path-argument.ts";
import { ENCRYPTION_MODE_OPTION, type PlayedCall, type PlayOptions, withLoopback } from "../process/with-loopback.ts";
import { exitAfterBeginning, startWorker } from "../process/worker-process.ts";
import { shownText } from "../view/charset.ts";
import { PlayProgress } from "../view/play-progress.ts";
import { summarize } from "../view/summary.ts";
import { verify } from "./verify.ts";

export interface ReplayOptions extends PlayOptions {
  readonly storage: string;
  readonly jobId?: string;
}

export function replayCommand(): Command {
  return new Command("replay")
    .description("record a call from a fixture, offline: a local Discord plays it, and the real worker records it")
    .argument("<fixture>", "folder with call.jsonl and <userId>.rtpdump files", pathFor("replay"))
    .option("--storage <folder>", "where the recording goes", pathFor("--storage"), "recordings")
    .option("--job-id <id>", "id of the job and name of its folder; by default a new id")
    .addOption(ENCRYPTION_MODE_OPTION)
    .option("--no-dave", "play without end-to-end encryption")
    .addHelpText(
      "after",
      `
The worker is a separate process and reads its settings only from the environment. MEETBOT_* variables that are set here
apply to it, for example MEETBOT_ROTATE=never. Unless one of them changes it, the worker leaves 2 s after the last person.`,
    )
    .action(async (fixture: string, options: ReplayOptions) => {
      process.exitCode = await replay(fixture, options);
    });
}

/** @returns the exit code: the worker's, or 1 if nothing was recorded or the recording has a fault */
export function replay(folder: string, options: ReplayOptions): Promise<number> {
  return withLoopback(folder, options, async (call) => {
    const storage = resolve(options.storage);
    const jobId = options.jobId ?? `job_${ulid()}`;
    const exitCode = await record(call, {
      MEETBOT_STORAGE_URI: `file:${storage}`,
      MEETBOT_SPOOL_DIR: join(call.workDir, "spool"),
      MEETBOT_JOB_ID: jobId,
    });
    return exitCode === 0 ? await show(join(storage, jobId)) : exitCode;
  });
}

/** Settings of the worker that MEETBOT_* variables replace. */
const DEFAULTS = { MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "2", MEETBOT_LOG_LEVEL: "warn" };

async function record({ fixture, loopback }: PlayedCall, settings: Readonly<Record<string, string>>): Promise<number> {
  const worker = startWorker({ ...settings, ...loopback.environment }, DEFAULTS);
  // Ctrl-C reaches the worker too, which then finishes its files; we wait for it.
  const ignoreInterrupt = (): void => undefined;
  process.on("SIGINT", ignoreInterrupt);
  const progress = new PlayProgress(fixture, loopback.sent, process.stderr);
  try {
    return await exitAfterBeginning(worker, () => ({
      hasJoined: loopback.log.some(({ kind }) => kind === "voice_identify"),
      hasBegun: loopback.hasBegun,
    }));
  } finally {
    progress.stop();
    process.off("SIGINT", ignoreInterrupt);
  }
}

async function show(folder: string): Promise<number> {
  if (!existsSync(folder)) {
    process.stderr.write("nothing was recorded: the worker was stopped before it had joined the call\n");
    return 1;
  }
  const { manifest } = await verifyRecording(await RecordingFolder.open(folder));
  if (manifest !== undefined) process.stdout.write(`\n${shownText(summarize(manifest))}\n\n`);
  return await verify(folder);
}
