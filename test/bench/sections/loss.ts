import { type Load, makeLoad, type PacketRate } from "../load.ts";
import { lossStartOf, type PlayedAt } from "../loss-start.ts";
import { PEERS, type PeerName } from "../peers.ts";
import type { Plan } from "../plan.ts";
import type { LoadKey, Measurement } from "../results.ts";
import { PeerFailure, runPeer } from "../run-peer.ts";
import { median } from "../statistics.ts";

const SPEAKERS = 99;
const RATES: readonly PacketRate[] = [1, 2, 4];

interface Play {
  readonly sent: number;
  readonly lost: number;
  readonly kernelDropped: number;
  readonly lagMs: number;
  readonly waitedPercent: number;
}

/**
 * The losses when 99 people talk at once, on one core, and how many times the packets of Discord's own clients they may
 * send before losses start. Every call has the same number of packets: at twice the rate it is half as long.
 */
export async function measureLoss(plan: Plan): Promise<Measurement[]> {
  const seconds = plan.quick ? 2 : 60;
  const rates: readonly PacketRate[] = plan.quick ? [1, 2] : RATES;
  const measurements: Measurement[] = [];
  const played = new Map<PeerName, PlayedAt[]>(PEERS.map((peer) => [peer, []]));
  for (const rate of rates) {
    const load = makeLoad({ seed: plan.seed, speakers: SPEAKERS, seconds: seconds / rate, speech: "continuous", rate });
    const key: LoadKey = { speakers: SPEAKERS, seconds: seconds / rate, speech: "continuous", rate };
    for (const peer of PEERS.filter((name) => played.get(name)?.every(({ lost }) => lost === 0))) {
      const measurement = await measureAt(plan, peer, key, load);
      measurements.push(measurement);
      played.get(peer)?.push({ rate, lost: measurement.figures.lostPackets ?? Number.POSITIVE_INFINITY });
    }
  }
  const summaries = PEERS.map((peer) => summary(peer, seconds, played.get(peer) ?? []));
  return [...measurements, ...summaries];
}

async function measureAt(plan: Plan, peer: PeerName, load: LoadKey, call: Load): Promise<Measurement> {
  const plays: Play[] = [];
  // A call that lost something is played again: one stall of the machine does not show the peer's limit.
  const limit = (): number => (plays.some(({ lost }) => lost > 0) ? plan.rounds : 1);
  do {
    const play = await playTo(plan, peer, call);
    plays.push(play);
    plan.progress(
      `loss, ${load.rate} × 50 packets/s: ${peer} lost ${play.lost} of ${play.sent} packets, ` +
        `${play.kernelDropped} of them in the kernel; the load ${play.lagMs.toFixed(1)} ms late, the core taken for ${play.waitedPercent.toFixed(0)} %`,
    );
  } while (plays.length < limit());
  const worst = plays.reduce((left, right) => (right.lost > left.lost ? right : left));
  return {
    section: "loss",
    peer,
    load,
    rounds: plays.length,
    figures: {
      sentPackets: worst.sent,
      lostPackets: median(plays.map(({ lost }) => lost)),
      worstLostPackets: worst.lost,
      kernelDroppedPackets: worst.kernelDropped,
    },
    instead: {},
    sendLagMs: Math.max(...plays.map(({ lagMs }) => lagMs)),
    waitedPercent: Math.max(...plays.map(({ waitedPercent }) => waitedPercent)),
  };
}

/** A peer that breaks off has lost all of the call. */
async function playTo(plan: Plan, peer: PeerName, load: Load): Promise<Play> {
  try {
    const { host, cores, seed } = plan;
    const run = await runPeer(peer, { host, load, impairments: { seed }, cores: cores.peer });
    const { sent, kernelDropped, lagMs, waitedPercent, fidelity } = run;
    return { sent, lost: sent - fidelity.received, kernelDropped, lagMs, waitedPercent };
  } catch (error) {
    if (!(error instanceof PeerFailure)) throw error;
    plan.progress(`loss: ${peer}: ${error.message}`);
    return { sent: load.truth.size, lost: load.truth.size, kernelDropped: 0, lagMs: 0, waitedPercent: 0 };
  }
}

function summary(peer: PeerName, seconds: number, played: readonly PlayedAt[]): Measurement {
  const { fastestWithoutLoss, startsAt } = lossStartOf(played);
  const highest = Math.max(...played.map(({ rate }) => rate));
  return {
    section: "loss",
    peer,
    load: { speakers: SPEAKERS, seconds, speech: "continuous" },
    rounds: 1,
    figures: {
      fastestWithoutLoss: fastestWithoutLoss ?? 0,
      ...(startsAt === undefined ? {} : { lossStartsAt: startsAt }),
    },
    instead: startsAt === undefined ? { lossStartsAt: `above ${highest}` } : {},
  };
}
