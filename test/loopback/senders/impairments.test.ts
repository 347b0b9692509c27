import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { type Impairments, type PacketFate, planFates } from "../../../src/loopback/senders/impairments.ts";
import { person, toneCall } from "../../support/tone-call.ts";

const A = person(1).id;
const B = person(2).id;

function packets(count = 1_000) {
  return toneCall([1, 2].map((index) => ({ user: person(index), speaksFromMs: 0, packetCount: count }))).packets;
}

function plan(impairments: Omit<Impairments, "seed">, seed = 1, of = packets()) {
  return planFates({ seed, ...impairments }, of);
}

/** Indices of a speaker's packets of which this holds. */
function indices(fates: readonly PacketFate[] | undefined, holds: (fate: PacketFate) => boolean): number[] {
  return (fates ?? []).flatMap((fate, index) => (holds(fate) ? [index] : []));
}

const everything = {
  loss: 0.05,
  burstLoss: { probability: 0.01, packets: 4 },
  swap: 0.05,
  duplicate: 0.05,
  jitterMs: 40,
  replay: 0.05,
};

describe("the fates of a call's packets", () => {
  it("are the same for the same seed, and different for another", () => {
    expect(plan(everything)).toEqual(plan(everything));
    expect(plan(everything)).not.toEqual(plan(everything, 2));
  });

  it("do not depend on the other speakers or on the length of the call", () => {
    const both = plan(everything).get(A);
    const alone = plan(everything, 1, new Map([[A, packets().get(A)?.slice(0, 500) ?? []]])).get(A);
    expect(alone?.slice(0, 499)).toEqual(both?.slice(0, 499));
  });

  it("are to arrive as sent if no impairment is requested", () => {
    const [fate] = plan({}).get(A) ?? [];
    expect(fate).toEqual({ lost: false, swapped: false, duplicated: false, delayMs: 0, replayAfterMs: undefined });
  });

  it("lose about the requested share, and different packets of each speaker", () => {
    const fates = plan({ loss: 0.1 });
    const lost = indices(fates.get(A), ({ lost }) => lost);
    expect(Math.abs(lost.length - 100)).toBeLessThan(35);
    expect(lost).not.toEqual(indices(fates.get(B), ({ lost }) => lost));
  });

  it("lose nothing at 0 and everything at 1", () => {
    expect(indices(plan({ loss: 0 }).get(A), ({ lost }) => lost)).toHaveLength(0);
    expect(indices(plan({ loss: 1 }).get(A), ({ lost }) => lost)).toHaveLength(1_000);
  });

  it("lose bursts of at least the requested length", () => {
    const lost = new Set(indices(plan({ burstLoss: { probability: 0.01, packets: 5 } }).get(A), ({ lost }) => lost));
    const starts = [...lost].filter((index) => !lost.has(index - 1) && index < 995);
    expect(starts.length).toBeGreaterThan(2);
    for (const start of starts) for (let next = 0; next < 5; next += 1) expect(lost.has(start + next)).toBe(true);
  });

  it("swap exactly as often as requested, no packet twice, and never a lost one", () => {
    const fates = plan({ swaps: 262, loss: 0.02 });
    const swapped = [A, B].flatMap((user) => indices(fates.get(user), (fate) => fate.swapped).map((it) => [user, it]));
    expect(swapped).toHaveLength(262);
    for (const [user, index] of swapped) {
      const [first, second] = (fates.get(String(user)) ?? []).slice(Number(index));
      expect([first?.lost, second?.lost, second?.swapped]).toEqual([false, false, false]);
    }
  });

  it("swap no neighbours with a pause between them, or with different SSRCs", () => {
    const [first, second, third] = packets(3).get(A) ?? [];
    if (!first || !second || !third) throw new Error("three packets");
    const paused = { ...second, atMs: first.atMs + 500 };
    const other = { atMs: 520, rtp: Buffer.from(third.rtp) };
    other.rtp.writeUInt32BE(77, 8);
    const fates = planFates({ seed: 1, swap: 1 }, new Map([[A, [first, paused, other]]]));
    expect(indices(fates.get(A), ({ swapped }) => swapped)).toEqual([]);
  });

  it("replay within seconds, and delay no longer than the jitter", () => {
    const fates = plan({ replay: 1, jitterMs: 30 }).get(A) ?? [];
    for (const { replayAfterMs, delayMs } of fates) {
      expect(replayAfterMs).toBeGreaterThanOrEqual(1_000);
      expect(replayAfterMs).toBeLessThanOrEqual(3_000);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThan(30);
    }
    expect(new Set(fates.map(({ delayMs }) => Math.floor(delayMs))).size).toBe(30);
  });

  it.each<[Partial<Impairments>, string]>([
    [{ loss: 2 }, "impairments.loss is 2, expected a share from 0 to 1"],
    [{ duplicate: Number.NaN }, "impairments.duplicate is NaN, expected a share from 0 to 1"],
    [{ seed: 0.5 }, "impairments.seed is 0.5, expected a whole number"],
    [{ burstLoss: { probability: 0.1, packets: -1 } }, "impairments.burstLoss.packets is -1, expected a whole number"],
    [{ stalls: [{ atMs: -5, durationMs: 1 }] }, "impairments.stalls[0].atMs is -5, expected 0 or more"],
    [{ swaps: 5_000 }, "impairments.swaps is 5000, expected at most"],
    [{ swap: 0.1, swaps: 1 }, "impairments.swap and impairments.swaps are both there"],
  ])("are refused for %o", (impairments, message) => {
    expect(() => plan(impairments, impairments.seed)).toThrow(InputError);
    expect(() => plan(impairments, impairments.seed)).toThrow(message);
  });
});
