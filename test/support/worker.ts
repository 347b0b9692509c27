import { spawn } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOggOpus, type OggPacket } from "../../src/audio/ogg/ogg-check.ts";
import { parseRtpHeader, stripExtensionAndPadding } from "../../src/audio/rtp.ts";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import {
  type ImpairmentCounts,
  type Loopback,
  type LoopbackOptions,
  startLoopback,
} from "../../src/loopback/loopback.ts";
import { partFileName } from "../../src/session/job-files.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { WORKER_ARGUMENTS } from "./shipped-worker.ts";

export interface WorkerRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningWorker {
  readonly result: Promise<WorkerRun>;
  readonly pid: number | undefined;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard error contains the text. @returns all of standard error so far */
  until(text: string): Promise<string>;
  /** The same for standard output. */
  untilOutput(text: string): Promise<string>;
}

/**
 * Starts the command line with exactly this environment.
 *
 * @param directory where it starts
 * @param openFiles how many files it may have open at once
 */
export function startCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  directory?: string,
  openFiles?: number,
): RunningWorker {
  const command = [process.execPath, ...WORKER_ARGUMENTS, ...args];
  const limited =
    openFiles === undefined ? command : ["sh", "-c", `ulimit -n ${openFiles}; exec "$@"`, "sh", ...command];
  const [program = process.execPath, ...rest] = limited;
  const child = spawn(program, rest, { env: { PATH: process.env.PATH, ...environment }, cwd: directory });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of waiting) wake();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
    wakeAll();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
    wakeAll();
  });
  const until = async (textNow: () => string, text: string): Promise<string> => {
    while (!textNow().includes(text)) {
      if (child.exitCode !== null) throw new Error(`the worker ended before it said "${text}":\n${stderr}`);
      await new Promise<void>((resolve) => waiting.add(resolve));
      waiting.clear();
    }
    return textNow();
  };
  const result = new Promise<WorkerRun>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => {
      resolve({ exitCode, stdout, stderr });
      wakeAll();
    });
  });
  return {
    result,
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    until: (text) => until(() => stderr, text),
    untilOutput: (text) => until(() => stdout, text),
  };
}

export function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  directory?: string,
): Promise<WorkerRun> {
  return startCommand(args, environment, directory).result;
}

export interface Recorded extends WorkerRun {
  /** The job's folder in the storage. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** Packets sent to the worker, by speaker, including those that got lost on the way. */
  readonly sent: ReadonlyMap<string, number>;
  /** The faults that the loopback's network made. */
  readonly impaired: Readonly<ImpairmentCounts>;
  /** The bot's messages, in their final form. */
  readonly posted: Loopback["posted"];
  /** Each connection, and its result. */
  readonly log: Loopback["log"];
  /** Indices of a speaker's packets that got lost on the way. */
  readonly lostOf: (userId: string) => ReadonlySet<number>;
  /** When each of a speaker's packets really left for the worker, by index, in milliseconds. */
  readonly sentAtMsOf: (userId: string) => ReadonlyMap<number, number>;
}

export interface RecordOptions {
  readonly loopback?: Omit<LoopbackOptions, "fixture" | "workDir">;
  readonly environment?: Readonly<Record<string, string>>;
  /** How many files the worker may have open at once. */
  readonly openFiles?: number;
  /** Prepares the loopback before the worker starts. */
  readonly before?: (loopback: Loopback) => void;
  /** Runs during the call. */
  readonly during?: (worker: RunningWorker, loopback: Loopback) => Promise<void>;
  /** Copies the recording from another storage into the folder that the test reads. */
  readonly fetch?: (directory: string) => Promise<void>;
}

/** Records a fixture with the real worker process against the loopback. */
export async function recordFixture(fixture: CallFixture, options: RecordOptions = {}): Promise<Recorded> {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const loopback = await startLoopback({ fixture, workDir, ...options.loopback });
  try {
    options.before?.(loopback);
    const environment = {
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
      MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      MEETBOT_JOB_ID: "test",
      // Without notices the chat holds only messages of people.
      MEETBOT_NOTICE: "off",
      ...options.environment,
      ...loopback.environment,
    };
    const worker = startCommand(["record"], environment, undefined, options.openFiles);
    await options.during?.(worker, loopback);
    const run = await worker.result;
    const directory = join(workDir, "recordings", "test");
    await options.fetch?.(directory);
    const manifest = await readFile(join(directory, "manifest.json"), "utf8").catch(() => {
      throw new Error(`no manifest; the worker exited ${run.exitCode}:\n${run.stderr}`);
    });
    const { sent, impaired, lostOf, sentAtMsOf, log, posted } = loopback;
    const checked = manifestSchema.parse(JSON.parse(manifest));
    return { ...run, directory, manifest: checked, sent, impaired, lostOf, sentAtMsOf, log, posted };
  } finally {
    await loopback.close();
  }
}

/** A packet of a speaker's files, at its place in the session. */
export interface SessionPacket {
  readonly hex: string;
  readonly sessionSamples: number;
}

/** Every packet with sound in a speaker's files. Filled gaps and comfort silence look alike and are left out. */
export async function soundOf(
  { directory, manifest }: Pick<Recorded, "directory" | "manifest">,
  userId: string,
): Promise<SessionPacket[]> {
  const tracks = manifest.tracks.filter((track) => track.speakerId === userId);
  const packets: SessionPacket[] = [];
  for (const track of tracks) {
    const report = checkOggOpus(await readFile(join(directory, partFileName(userId, track.part))));
    for (const packet of report.packets.filter(isSound)) {
      const sessionSamples = track.startOffsetMs * 48 + packet.positionSamples;
      packets.push({ hex: packet.opus.toString("hex"), sessionSamples });
    }
  }
  return packets;
}

function isSound({ opus }: OggPacket): boolean {
  return opus.length > 3;
}

/** The Opus packets with sound of a fixture's speaker, in order, with their RTP times. */
export function saidIn(fixture: CallFixture, userId: string) {
  return (fixture.packets.get(userId) ?? []).flatMap(({ atMs, rtp }) => {
    const header = parseRtpHeader(rtp);
    if (header === undefined) throw new Error("a fixture holds RTP");
    const opus = stripExtensionAndPadding(header, rtp.subarray(header.clearBytes));
    if (opus === undefined || opus.length <= 3) return [];
    return [{ atMs, hex: opus.toString("hex"), rtpTimestamp: header.rtpTimestamp, ssrc: header.ssrc }];
  });
}
