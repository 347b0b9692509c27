import type { EncryptionMode } from "../../../src/loopback/loopback.ts";
import { ENCRYPTION_MODES } from "../../../src/loopback/voice/transport-crypto.ts";
import { makeLoad } from "../load.ts";
import type { PeerName } from "../peers.ts";
import type { Plan } from "../plan.ts";
import type { LoadKey, Measurement } from "../results.ts";
import { type PeerRun, runPeers } from "../run-peer.ts";
import { median } from "../statistics.ts";

const SPEAKERS = [4, 25, 99] as const;

/**
 * What a packet costs in CPU time: user and system time of the peer's whole process from the first packet until 1 s
 * after the last, by packet in its files. People talk and pause, DAVE is on, and the peer has one core to itself.
 */
export async function measureCpu(plan: Plan): Promise<Measurement[]> {
  const { rounds } = plan;
  const runs = new Map<string, { load: LoadKey; peer: PeerName; runs: PeerRun[] }>();
  const deaf = new Set<string>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const speakers of SPEAKERS) {
      const seconds = secondsOf(plan, speakers);
      const call = makeLoad({ seed: plan.seed, speakers, seconds, speech: "spurts" });
      for (const encryptionMode of ENCRYPTION_MODES) {
        const load: LoadKey = { speakers, seconds, speech: "spurts", encryptionMode };
        // A peer that cannot decrypt the mode hears no other call with it either.
        const hearing = plan.peers.filter((peer) => !deaf.has(`${peer} ${encryptionMode}`));
        const { cores, host, seed } = plan;
        const options = { host, load: call, impairments: { seed }, encryptionMode, cores: cores.peer };
        for (const [peer, run] of await runPeers(hearing, options, plan.quick)) {
          const key = JSON.stringify([peer, load]);
          runs.set(key, { load, peer, runs: [...(runs.get(key)?.runs ?? []), run] });
          if (hearsNothing(run)) deaf.add(`${peer} ${encryptionMode}`);
          const cost = hearsNothing(run) ? "hears nothing" : `${microsPerPacket(run).toFixed(1)} µs/packet`;
          plan.progress(
            `cpu, round ${round} of ${rounds}: ${peer}, ${speakers} speakers, ${encryptionMode}: ${cost}, ` +
              `${run.fidelity.received} of ${run.sent} packets`,
          );
        }
      }
    }
  }
  return [...runs.values()]
    .toSorted((left, right) => modeIndex(left.load.encryptionMode) - modeIndex(right.load.encryptionMode))
    .map(({ load, peer, runs: ofPeer }) => toMeasurement(load, peer, ofPeer));
}

/**
 * Work that a process does once (mostly compiling) or every second weighs less in a long call, and real calls are longer
 * than these. A call of few people must last longer until its figures differ; the targets are about many people.
 */
function secondsOf({ quick }: Plan, speakers: number): number {
  if (quick) return speakers < 10 ? 3 : 2;
  return speakers < 25 ? 20 : 30;
}

function toMeasurement(load: LoadKey, peer: PeerName, runs: readonly PeerRun[]): Measurement {
  const sentPackets = median(runs.map(({ sent }) => sent));
  const lost = runs.map(({ sent, fidelity }) => sent - fidelity.received);
  const measurement = { section: "cpu", peer, load, rounds: runs.length } as const;
  const sendLagMs = Math.max(...runs.map(({ lagMs }) => lagMs));
  const waitedPercent = Math.max(...runs.map((run) => run.waitedPercent));
  if (runs.every(hearsNothing)) {
    const reason = "hears nothing";
    return {
      ...measurement,
      figures: {},
      instead: { cpuMicrosPerPacket: reason, lostPackets: reason },
      sendLagMs,
      waitedPercent,
    };
  }
  const cpuMicrosPerPacket = median(runs.map(microsPerPacket));
  return {
    ...measurement,
    figures: { cpuMicrosPerPacket, sentPackets, lostPackets: median(lost) },
    instead: {},
    sendLagMs,
    waitedPercent,
  };
}

function modeIndex(mode: EncryptionMode | undefined): number {
  return mode === undefined ? -1 : ENCRYPTION_MODES.indexOf(mode);
}

function hearsNothing({ fidelity }: PeerRun): boolean {
  return fidelity.received === 0;
}

/** By packet that it has: one that loses packets is not cheaper for it. */
function microsPerPacket({ cpu, fidelity }: PeerRun): number {
  return (cpu.allMs * 1_000) / fidelity.received;
}
