import type { CallFixture } from "../../src/fixture/call-script.ts";
import { type Recorded, saidIn, soundOf } from "./worker.ts";

/** The recorder holds a place for 250 ms. What the two processes measure may differ by some of that. */
const SURELY_HELD_MS = 200;

export interface JudgedByArrival extends Recorded {
  /** Packets that came too late for their place, by what the loopback did. They are among those of `lostOf`. */
  readonly tooLate: number;
}

/**
 * Takes a starved machine into account. There the loopback sends a packet long after its successors, so that the
 * recorder rightly gives its place up. Only what left too late by the loopback's own clock is excused, and only if it is
 * in no file.
 */
export async function judgedByArrival(fixture: CallFixture, recorded: Recorded): Promise<JudgedByArrival> {
  const excused = new Map<string, Set<number>>();
  for (const userId of fixture.packets.keys()) {
    const heard = new Set((await soundOf(recorded, userId)).map(({ hex }) => hex));
    const said = (fixture.packets.get(userId) ?? []).map((packet) => {
      return saidIn({ ...fixture, packets: new Map([[userId, [packet]]]) }, userId)[0]?.hex ?? "";
    });
    const late = overtakenLong(recorded.sentAtMsOf(userId));
    excused.set(userId, new Set(late.filter((index) => !heard.has(said[index] ?? ""))));
  }
  const excusedOf = (userId: string): ReadonlySet<number> => excused.get(userId) ?? new Set();
  const tooLate = [...excused.values()].reduce((sum, { size }) => sum + size, 0);
  const lostOf = (userId: string) => new Set([...recorded.lostOf(userId), ...excusedOf(userId)]);
  return { ...recorded, lostOf, tooLate };
}

/** Indices of packets that left at least `SURELY_HELD_MS` after a later one. */
export function overtakenLong(sentAtMs: ReadonlyMap<number, number>): number[] {
  const overtaken: number[] = [];
  let earliestLaterMs = Number.POSITIVE_INFINITY;
  for (const [index, atMs] of [...sentAtMs].sort(([left], [right]) => right - left)) {
    if (atMs - earliestLaterMs >= SURELY_HELD_MS) overtaken.push(index);
    earliestLaterMs = Math.min(earliestLaterMs, atMs);
  }
  return overtaken;
}

/** How many pauses of at least this length there were between a speaker's packets, as they left. */
export function pausesOf(sentAtMs: ReadonlyMap<number, number>, atLeastMs: number): number {
  const times = [...sentAtMs.values()].sort((left, right) => left - right);
  return times.filter((atMs, index) => index > 0 && atMs - (times[index - 1] ?? atMs) >= atLeastMs).length;
}
