import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Impairments, type Loopback, startLoopback } from "../../src/loopback/loopback.ts";
import { WORKER_ARGUMENTS } from "../support/shipped.ts";
import type { Load } from "./load.ts";
import { type Fidelity, judge } from "./metrics.ts";
import { readFloor, readOurs, readRecipe } from "./outputs.ts";
import { type CpuByThread, cpuBetween, cpuOf, memoryOf } from "./process-usage.ts";

export const PEERS = ["ours", "recipe", "floor"] as const;
export type PeerName = (typeof PEERS)[number];

export interface PeerRun {
  /** Packets of the call that went out on the wire to the peer: those that were lost on the way are not among them. */
  readonly sent: number;
  readonly lost: number;
  readonly swapped: number;
  /** The floor keeps no order and no time: of its row, `received` alone means something. */
  readonly fidelity: Fidelity;
  /** User and system time of the peer's process in the call, by the names of its threads. */
  readonly cpu: CpuByThread;
  /** The most memory that the peer has had resident (VmHWM). */
  readonly peakBytes: number;
}

export interface RunOptions {
  readonly load: Load;
  readonly impairments: Impairments;
  /** Where the peer leaves a CPU profile. It makes the run slower. */
  readonly profileDirectory?: string | undefined;
}

interface Peer {
  /** Arguments of `node`. */
  readonly command: readonly string[];
  environment(outputDirectory: string): Readonly<Record<string, string>>;
  read(outputDirectory: string, load: Load): Promise<Fidelity>;
}

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const JOB_ID = "bench";

const PEER: Readonly<Record<PeerName, Peer>> = {
  ours: {
    command: [...WORKER_ARGUMENTS, "record"],
    environment: (outputDirectory) => ({
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
      MEETBOT_STORAGE_URI: `file:${outputDirectory}`,
      MEETBOT_SPOOL_DIR: join(outputDirectory, "spool"),
      MEETBOT_JOB_ID: JOB_ID,
      MEETBOT_LOG_LEVEL: "warn",
    }),
    read: async (directory, { truth }) => judge(await readOurs(join(directory, JOB_ID)), truth),
  },
  recipe: {
    command: [pathOf("peers/recipe.ts")],
    environment: (outputDirectory) => ({ BENCH_OUTPUT: outputDirectory }),
    read: async (directory, { truth }) => judge(await readRecipe(directory), truth),
  },
  floor: {
    command: [pathOf("peers/floor.ts")],
    environment: (outputDirectory) => ({ BENCH_OUTPUT: outputDirectory }),
    read: async (directory, { truth }) => {
      const keys = await readFloor(directory);
      const received = [...truth.keys()].filter((key) => keys.has(key)).length;
      return { received, inversions: 0, meanMs: 0, worstMs: 0, misalignmentMs: 0 };
    },
  },
};

/** What the stock recipe can open: with sodium-native 5 it hears nothing with XChaCha20. */
const ENCRYPTION_MODE = "aead_aes256_gcm_rtpsize";
/** Looked at this often whether the first and the last packet have gone out. */
const WATCH_INTERVAL_MS = 5;
/** What is still to be done when the last packet went out counts as well. */
const AFTER_LAST_PACKET_MS = 1_000;
/** From its start to the first packet, and from the last to its end. */
const PATIENCE_MS = 30_000;

/** Plays the call to one peer, which runs in a process of its own, and judges what it leaves. */
export async function runPeer(name: PeerName, options: RunOptions): Promise<PeerRun> {
  const workDirectory = await mkdtemp(join(tmpdir(), `meetbot-bench-${name}-`));
  const outputDirectory = join(workDirectory, "output");
  await mkdir(outputDirectory);
  const loopback = await startLoopback({
    fixture: options.load.fixture,
    impairments: options.impairments,
    encryptionModes: [ENCRYPTION_MODE],
    workDir: workDirectory,
  });
  try {
    const child = startPeer(name, options, { ...PEER[name].environment(outputDirectory), ...loopback.environment });
    const usage = await playTo(child, loopback, options.load);
    const { lost, swapped } = loopback.impaired;
    const sent = options.load.truth.size - lost;
    return { sent, lost, swapped, fidelity: await PEER[name].read(outputDirectory, options.load), ...usage };
  } finally {
    await loopback.close();
    await rm(workDirectory, { recursive: true, force: true });
  }
}

function startPeer(name: PeerName, { profileDirectory }: RunOptions, environment: Record<string, string>) {
  const profiling =
    profileDirectory === undefined
      ? {}
      : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDirectory} --cpu-prof-name=${name}.cpuprofile` };
  return spawn(process.execPath, PEER[name].command, {
    env: { PATH: process.env.PATH, ...profiling, ...environment },
    stdio: ["pipe", "ignore", "inherit"],
  });
}

type Usage = Pick<PeerRun, "cpu" | "peakBytes">;

/** @returns what the peer used from the first packet until 1 s after the last */
async function playTo(child: ChildProcess, loopback: Loopback, load: Load): Promise<Usage> {
  const ended = once(child, "exit");
  try {
    const { pid } = child;
    if (pid === undefined) throw new Error("the peer did not start");
    const sentNow = (): number => [...loopback.sent.values()].reduce((sum, count) => sum + count, 0);
    const before = await until(child, PATIENCE_MS, () => sentNow() > 0);
    await until(child, lastPacketMs(load) + PATIENCE_MS, () => sentNow() === load.truth.size);
    await sleep(AFTER_LAST_PACKET_MS);
    const usage = { cpu: cpuBetween(before, cpuOf(pid)), peakBytes: memoryOf(pid).peakBytes };
    await loopback.played;
    child.stdin?.end();
    const [exitCode] = await within(PATIENCE_MS, ended);
    if (exitCode !== 0) throw new Error(`the peer ended with exit code ${exitCode}`);
    return usage;
  } finally {
    child.kill("SIGKILL");
  }
}

/** @returns the peer's CPU time as it was just before the condition held */
async function until(child: ChildProcess, patienceMs: number, condition: () => boolean): Promise<CpuByThread> {
  const deadlineMs = performance.now() + patienceMs;
  for (let before: CpuByThread = { allMs: 0, byThreadMs: new Map() }; ; ) {
    if (child.exitCode !== null) throw new Error(`the peer ended too early, with exit code ${child.exitCode}`);
    if (performance.now() > deadlineMs) throw new Error("the peer did not get as far as this in time");
    if (condition()) return before;
    if (child.pid !== undefined) before = cpuOf(child.pid);
    await sleep(WATCH_INTERVAL_MS);
  }
}

function lastPacketMs({ fixture }: Load): number {
  return Math.max(...[...fixture.packets.values()].map((packets) => packets.at(-1)?.atMs ?? 0));
}

async function within<Value>(patienceMs: number, promise: Promise<Value>): Promise<Value> {
  const timeout = AbortSignal.timeout(patienceMs);
  const late = once(timeout, "abort").then(() => {
    throw new Error("the peer did not end in time");
  });
  return await Promise.race([promise, late]);
}
