import { type LoadOptions, makeLoad } from "../load.ts";
import type { PeerName } from "../peers.ts";
import type { Plan } from "../plan.ts";
import type { LoadKey, Measurement } from "../results.ts";
import { type ResidentSample, type RunOptions, runPeer, runPeers } from "../run-peer.ts";
import { median, slopeOf } from "../statistics.ts";

const SPEAKERS = [10] as const;
const LONG_RUN_SPEAKERS = 10;
/** After this time a process has compiled and pooled what it will keep. */
const WARM_UP_SHARE = 0.25;
const MS_PER_HOUR = 3_600_000;
/** Connected for so long, with one person there, who begins to speak then. */
const QUIET_MS = 4_000;

/**
 * Resident memory (VmRSS), and how much of it no other process has (USS), when nobody has spoken yet, in the second half of calls of 10 and 99 people who talk and pause,
 * and how it grows over a long call: by regression over a sample each second, after the first quarter.
 */
export async function measureMemory(plan: Plan): Promise<Measurement[]> {
  const { rounds } = plan;
  const seconds = plan.quick ? 2 : 12;
  const calls: readonly Omit<LoadOptions, "seed">[] = [
    { speakers: 1, seconds: 1, speech: "continuous", leadInMs: QUIET_MS },
    ...SPEAKERS.map((speakers) => ({ speakers, seconds, speech: "spurts" }) as const),
  ];
  const runs = new Map<string, { load: LoadKey; peer: PeerName; resident: number[]; unique: number[] }>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const call of calls) {
      const isQuiet = call.leadInMs !== undefined;
      const options = { ...optionsOf(plan, call), samplesUnique: true };
      for (const [peer, run] of await runPeers(plan.peers, options, plan.quick)) {
        const samples = isQuiet ? run.resident.slice(0, 1) : secondHalf(run.resident);
        const resident = medianMegabytes(samples.map(({ bytes }) => bytes));
        const unique = medianMegabytes(samples.map(({ uniqueBytes = 0 }) => uniqueBytes));
        const load: LoadKey = isQuiet ? { speakers: 0 } : { speakers: call.speakers, seconds, speech: "spurts" };
        const key = JSON.stringify([load, peer]);
        const before = runs.get(key) ?? { resident: [], unique: [] };
        runs.set(key, {
          load,
          peer,
          resident: [...before.resident, resident],
          unique: [...before.unique, unique],
        });
        plan.progress(
          `memory, round ${round} of ${rounds}: ${peer}, ${load.speakers} speakers, ${resident.toFixed(1)} MB, ` +
            `${unique.toFixed(1)} MB unique`,
        );
      }
    }
  }
  const residents = [...runs.values()].map(
    ({ load, peer, resident, unique }): Measurement => ({
      section: "memory",
      peer,
      load,
      rounds,
      figures: { residentMegabytes: median(resident), uniqueMegabytes: median(unique) },
      instead: {},
    }),
  );
  return [...residents, await measureGrowth(plan)];
}

async function measureGrowth(plan: Plan): Promise<Measurement> {
  const call = { speakers: LONG_RUN_SPEAKERS, seconds: plan.longRunMinutes * 60, speech: "spurts" } as const;
  plan.progress(`memory: a call of ${plan.longRunMinutes} minutes`);
  const { resident } = await runPeer("ours", optionsOf(plan, call));
  const { slope, standardError } = slopeOf(
    resident
      .slice(Math.floor(resident.length * WARM_UP_SHARE))
      .map(({ atMs, bytes }) => ({ x: atMs / MS_PER_HOUR, y: bytes / 1e6 })),
  );
  plan.progress(`memory: ${slope.toFixed(2)} ± ${standardError.toFixed(2)} MB an hour`);
  return {
    section: "memory",
    peer: "ours",
    load: call,
    rounds: 1,
    figures: { slopeMegabytesPerHour: slope, slopeErrorMegabytesPerHour: standardError },
    instead: {},
  };
}

function optionsOf(plan: Plan, call: Omit<LoadOptions, "seed">): RunOptions {
  const load = makeLoad({ ...call, seed: plan.seed });
  return { host: plan.host, load, impairments: { seed: plan.seed }, cores: plan.cores.peer };
}

function secondHalf(samples: readonly ResidentSample[]): readonly ResidentSample[] {
  return samples.slice(Math.floor(samples.length / 2));
}

function medianMegabytes(bytes: readonly number[]): number {
  return median(bytes.map((count) => count / 1e6));
}
