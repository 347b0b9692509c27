import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EncryptionMode, Impairments } from "../../src/loopback/loopback.ts";
import type { Load } from "./load.ts";
import type { SentCounts } from "./loopback-messages.ts";
import { LoopbackProcess, type PlayedCall } from "./loopback-process.ts";
import type { Fidelity } from "./metrics.ts";
import { PEER, type PeerHost, type PeerName, startPeer } from "./peers.ts";
import {
  type CpuByThread,
  cpuBetween,
  cpuOf,
  memoryOf,
  udpDropsOf,
  uniqueBytesOf,
  waitedMsOf,
} from "./process-usage.ts";

export interface PeerRun extends SentCounts, Usage {
  /** The floor keeps no order and no time: in its row only `received` has a meaning. */
  readonly fidelity: Fidelity;
  /** The size of the audio files. */
  readonly audioBytes: number;
}

interface Usage {
  /** User and system time of the peer's process in the call, by the names of its threads. */
  readonly cpu: CpuByThread;
  /** The peak of the peer's resident memory (VmHWM). */
  readonly peakBytes: number;
  /** Resident memory each second, from the first packet until 1 s after the last. */
  readonly resident: readonly ResidentSample[];
  /** Share of this time in which the peer was ready but others had its core. */
  readonly waitedPercent: number;
  /** Datagrams that the kernel has dropped, because the peer was too slow to take them. */
  readonly kernelDropped: number;
}

export interface ResidentSample {
  readonly atMs: number;
  readonly bytes: number;
  /** Only if it was asked for: the kernel looks at each page for it. */
  readonly uniqueBytes: number | undefined;
}

export interface RunOptions {
  readonly host: PeerHost;
  readonly load: Load;
  readonly impairments: Impairments;
  readonly encryptionMode?: EncryptionMode;
  /** As taskset(1) lists them. Default: all. */
  readonly cores?: string;
  /** Where the peer leaves a CPU profile. It makes the run slower. */
  readonly profileDirectory?: string | undefined;
  /** Whether the samples of memory have the peer's unique memory too. */
  readonly samplesUnique?: boolean;
}

/** The peer ended or hung: it could not record this call. */
export class PeerFailure extends Error {}

/** The modes that the recipe can decrypt: with sodium-native 5 not XChaCha20. */
const DEFAULT_ENCRYPTION_MODE = "aead_aes256_gcm_rtpsize";
const SAMPLE_INTERVAL_MS = 1_000;
/** Work that is left when the last packet was sent counts too. */
const AFTER_LAST_PACKET_MS = 1_000;
/** From its start to the first packet, and from the last to its end. */
const PATIENCE_MS = 30_000;

/**
 * Plays the call to one peer and judges its output. The peer and the load are separate processes.
 *
 * @throws PeerFailure if the peer does not get through the call
 */
export async function runPeer(name: PeerName, options: RunOptions): Promise<PeerRun> {
  const { host, load, impairments, encryptionMode = DEFAULT_ENCRYPTION_MODE, cores, profileDirectory } = options;
  const workDir = await mkdtemp(join(tmpdir(), `meetbot-bench-${name}-`));
  const outputDirectory = join(workDir, "output");
  await mkdir(outputDirectory);
  const loopbacks = new LoopbackProcess();
  try {
    const call = await loopbacks.open({ load: load.options, impairments, encryptionMode, workDir });
    const { environment } = call;
    const child = startPeer(name, { host, outputDirectory, environment, cores, profileDirectory });
    const usage = await followCall(child, call, load, options.samplesUnique);
    const fidelity = await PEER[name].read(outputDirectory, load);
    return { ...usage, fidelity, audioBytes: await bytesOf(outputDirectory, PEER[name].audioSuffix) };
  } finally {
    await loopbacks.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

/**
 * Plays the call to each of the peers, one after the other.
 *
 * @param atOnce they run at the same time instead, which takes less time and makes their figures worth less
 */
export async function runPeers(
  names: readonly PeerName[],
  options: RunOptions,
  atOnce: boolean,
): Promise<Map<PeerName, PeerRun>> {
  if (atOnce) {
    const runs = names.map(async (name): Promise<[PeerName, PeerRun]> => [name, await runPeer(name, options)]);
    return new Map(await Promise.all(runs));
  }
  const runs = new Map<PeerName, PeerRun>();
  for (const name of names) runs.set(name, await runPeer(name, options));
  return runs;
}

/**
 * Waits until the call is over and the peer has ended, whom nothing survives.
 *
 * @returns what the peer used from the first packet until 1 s after the last
 * @throws PeerFailure if the peer does not get through the call
 */
export async function followCall(
  child: ChildProcess,
  call: PlayedCall,
  load: Load,
  samplesUnique = false,
): Promise<Usage & SentCounts> {
  const { pid } = child;
  const ended = once(child, "exit");
  const failed = ended.then(([exitCode]) => {
    throw new PeerFailure(`the peer ended too early, with exit code ${exitCode}`);
  });
  failed.catch(() => undefined);
  const inTime = <Value>(patienceMs: number, promise: Promise<Value>) =>
    Promise.race([within(patienceMs, promise), failed]);
  let sampling: NodeJS.Timeout | undefined;
  try {
    if (pid === undefined) throw new PeerFailure("the peer did not start");
    await inTime((load.options.leadInMs ?? 0) + PATIENCE_MS, call.started);
    const before = cpuOf(pid);
    const startedAtMs = performance.now();
    const waitedBeforeMs = waitedMsOf(pid);
    const resident: ResidentSample[] = [];
    const sample = () => {
      const uniqueBytes = samplesUnique ? uniqueBytesOf(pid) : undefined;
      resident.push({ atMs: performance.now(), bytes: memoryOf(pid).residentBytes, uniqueBytes });
    };
    sample();
    sampling = setInterval(sample, SAMPLE_INTERVAL_MS);
    const counts = await inTime(lastPacketMs(load) + PATIENCE_MS, call.sent);
    await sleep(AFTER_LAST_PACKET_MS);
    if (child.exitCode !== null) await failed;
    sample();
    clearInterval(sampling);
    const usage = { cpu: cpuBetween(before, cpuOf(pid)), peakBytes: memoryOf(pid).peakBytes, resident };
    const kernelDropped = udpDropsOf(pid);
    const waitedPercent = ((waitedMsOf(pid) - waitedBeforeMs) / (performance.now() - startedAtMs)) * 100;
    await within(PATIENCE_MS, call.played);
    child.stdin?.end();
    const [exitCode] = await within(PATIENCE_MS, ended);
    if (exitCode !== 0) throw new PeerFailure(`the peer ended with exit code ${exitCode}`);
    return { ...counts, ...usage, waitedPercent, kernelDropped };
  } finally {
    clearInterval(sampling);
    child.kill("SIGKILL");
  }
}

function lastPacketMs({ fixture }: Load): number {
  return Math.max(...[...fixture.packets.values()].map((packets) => packets.at(-1)?.atMs ?? 0));
}

/** The bytes of all files with this suffix in a folder and the folders below it. */
async function bytesOf(directory: string, suffix: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(suffix));
  const sizes = await Promise.all(files.map(({ parentPath, name }) => stat(join(parentPath, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function within<Value>(patienceMs: number, promise: Promise<Value>): Promise<Value> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new PeerFailure("the peer did not get as far as this in time")),
    patienceMs,
  );
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
