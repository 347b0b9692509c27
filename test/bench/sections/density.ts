import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lineOf } from "../child-output.ts";
import { type Load, makeLoad } from "../load.ts";
import { LoopbackProcess } from "../loopback-process.ts";
import { PEER, startPeer } from "../peers.ts";
import type { Plan } from "../plan.ts";
import type { Measurement } from "../results.ts";
import { followCall } from "../run-peer.ts";
import { mean, median } from "../statistics.ts";

const SPEAKERS = 5;
const COUNTS = [32] as const;
/** Workers are started one after the other; each call's silence before its first word lasts until all are there. */
const START_MS = 1_500;
const SETTLE_MS = 3_000;
const PATIENCE_MS = 60_000;

interface WorkerRun {
  readonly sent: number;
  readonly lost: number;
  readonly kernelDropped: number;
  readonly lagMs: number;
  readonly cpuMs: number;
  readonly residentMegabytes: number;
}

/**
 * How many workers can record at once until one of them loses a packet, each with its own call of five people who talk
 * without pauses. They share all cores except the load's.
 */
export async function measureDensity(plan: Plan): Promise<Measurement[]> {
  const { counts, seconds } = plan.quick ? { counts: [2], seconds: 3 } : { counts: COUNTS, seconds: 20 };
  const measurements: Measurement[] = [];
  let workersWithoutLoss = 0;
  let hasLost = false;
  for (const workers of counts) {
    const runs = await recordAtOnce(plan, workers, seconds);
    const measurement = toMeasurement(workers, seconds, runs);
    measurements.push(measurement);
    const { lostPackets = 0, megabytesPerWorker = 0, cpuPercentPerWorker = 0 } = measurement.figures;
    plan.progress(
      `density: ${workers} workers lost ${lostPackets} packets, ${megabytesPerWorker.toFixed(0)} MB and ` +
        `${cpuPercentPerWorker.toFixed(1)} % of a core each`,
    );
    hasLost = lostPackets > 0;
    if (hasLost) break;
    workersWithoutLoss = workers;
  }
  return [
    ...measurements,
    {
      section: "density",
      peer: "ours",
      load: { speakers: SPEAKERS, seconds, speech: "continuous" },
      rounds: 1,
      ...(hasLost
        ? { figures: { workersWithoutLoss }, instead: {} }
        : { figures: {}, instead: { workersWithoutLoss: `${workersWithoutLoss} or more` } }),
    },
  ];
}

async function recordAtOnce(plan: Plan, workers: number, seconds: number): Promise<WorkerRun[]> {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-bench-density-"));
  const loopbacks = new LoopbackProcess();
  try {
    const allThereMs = performance.now() + workers * START_MS + SETTLE_MS;
    const runs: Promise<WorkerRun>[] = [];
    for (let worker = 0; worker < workers; worker += 1) {
      const leadInMs = Math.max(SETTLE_MS, allThereMs - performance.now());
      const load = makeLoad({ seed: plan.seed + worker, speakers: SPEAKERS, seconds, speech: "continuous", leadInMs });
      const { started, run } = await startWorker(plan, loopbacks, join(workDir, String(worker)), load);
      run.catch(() => undefined); // Told below, where all are waited for.
      runs.push(run);
      await started;
    }
    return await Promise.all(runs);
  } finally {
    await loopbacks.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

async function startWorker(plan: Plan, loopbacks: LoopbackProcess, workDir: string, load: Load) {
  const outputDirectory = join(workDir, "output");
  await mkdir(outputDirectory, { recursive: true });
  const impairments = { seed: plan.seed };
  const call = await loopbacks.open({
    load: load.options,
    impairments,
    encryptionMode: "aead_aes256_gcm_rtpsize",
    workDir,
  });
  const child = startPeer("ours", {
    host: plan.host,
    outputDirectory,
    environment: { ...call.environment, MEETBOT_LOG_LEVEL: "info" },
    cores: plan.cores.workers,
    readOutput: true,
  });
  const run = followCall(child, call, load).then(async (usage): Promise<WorkerRun> => {
    const { received } = await PEER.ours.read(outputDirectory, load);
    const { sent, kernelDropped, lagMs, cpu, resident } = usage;
    const residentMegabytes = median(resident.map(({ bytes }) => bytes / 1e6));
    return { sent, lost: sent - received, kernelDropped, lagMs, cpuMs: cpu.allMs, residentMegabytes };
  });
  return { started: lineOf(child, "state: recording", PATIENCE_MS), run };
}

function toMeasurement(workers: number, seconds: number, runs: readonly WorkerRun[]): Measurement {
  const sum = (of: (run: WorkerRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  return {
    section: "density",
    peer: "ours",
    load: { workers, speakers: SPEAKERS, seconds, speech: "continuous" },
    rounds: 1,
    figures: {
      sentPackets: sum(({ sent }) => sent),
      lostPackets: sum(({ lost }) => lost),
      kernelDroppedPackets: sum(({ kernelDropped }) => kernelDropped),
      megabytesPerWorker: mean(runs.map(({ residentMegabytes }) => residentMegabytes)),
      // CPU during the call and the second after it.
      cpuPercentPerWorker: mean(runs.map(({ cpuMs }) => (cpuMs / ((seconds + 1) * 1_000)) * 100)),
    },
    instead: {},
    sendLagMs: Math.max(...runs.map(({ lagMs }) => lagMs)),
  };
}
