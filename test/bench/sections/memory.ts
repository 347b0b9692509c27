import { type LoadOptions, makeLoad } from "../load.ts";
import { PEERS, type PeerName } from "../peers.ts";
import type { Plan } from "../plan.ts";
import type { LoadKey, Measurement } from "../results.ts";
import { type ResidentSample, type RunOptions, runPeer, runPeers } from "../run-peer.ts";
import { median, slopeOf } from "../statistics.ts";

const SPEAKERS = [10, 99] as const;
const LONG_RUN_SPEAKERS = 10;
/** After this time a process has compiled and pooled what it will keep. */
const WARM_UP_SHARE = 0.25;
const MS_PER_HOUR = 3_600_000;
/** Connected for so long, with one person there, who begins to speak then. */
const QUIET_MS = 4_000;

/**
 * Resident memory (VmRSS) when nobody has spoken yet, in the second half of calls of 10 and 99 people who talk and pause,
 * and how it grows over a long call: by regression over a sample each second, after the first quarter.
 */
export async function measureMemory(plan: Plan): Promise<Measurement[]> {
  const { rounds } = plan;
  const seconds = plan.quick ? 2 : 12;
  const calls: readonly Omit<LoadOptions, "seed">[] = [
    { speakers: 1, seconds: 1, speech: "continuous", leadInMs: QUIET_MS },
    ...SPEAKERS.map((speakers) => ({ speakers, seconds, speech: "spurts" }) as const),
  ];
  const runs = new Map<string, { load: LoadKey; peer: PeerName; megabytes: number[] }>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const call of calls) {
      const isQuiet = call.leadInMs !== undefined;
      for (const [peer, { resident }] of await runPeers(PEERS, optionsOf(plan, call), plan.quick)) {
        const megabytes = isQuiet ? residentMegabytes(resident.slice(0, 1)) : residentMegabytes(resident);
        const load: LoadKey = isQuiet ? { speakers: 0 } : { speakers: call.speakers, seconds, speech: "spurts" };
        const key = JSON.stringify([load, peer]);
        runs.set(key, { load, peer, megabytes: [...(runs.get(key)?.megabytes ?? []), megabytes] });
        plan.progress(
          `memory, round ${round} of ${rounds}: ${peer}, ${load.speakers} speakers, ${megabytes.toFixed(1)} MB`,
        );
      }
    }
  }
  const residents = [...runs.values()].map(
    ({ load, peer, megabytes }): Measurement => ({
      section: "memory",
      peer,
      load,
      rounds,
      figures: { residentMegabytes: median(megabytes) },
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
  return { load, impairments: { seed: plan.seed }, cores: plan.cores.peer };
}

/** The median of the second half of the samples. */
function residentMegabytes(samples: readonly ResidentSample[]): number {
  return median(samples.slice(Math.floor(samples.length / 2)).map(({ bytes }) => bytes / 1e6));
}
