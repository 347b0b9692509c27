import { expect, test } from "vitest";
import type { PacketTruth } from "./load.ts";
import { judge, type OutputFile } from "./metrics.ts";

const PACKET_SAMPLES = 960;

/** A call in which each speaker says packets without a pause: packet 3 of speaker a has the key "a3". */
function said(packetCount: number, ...userIds: string[]): Map<string, PacketTruth> {
  const entries = userIds.flatMap((userId) =>
    Array.from({ length: packetCount }, (_, index): [string, PacketTruth] => [
      `${userId}${index}`,
      { userId, index, placeSamples: index * PACKET_SAMPLES },
    ]),
  );
  return new Map(entries);
}

/** A file that holds these packets one right behind the other. */
function fileOf(userId: string, startMs: number, ...keys: string[]): OutputFile {
  return { userId, startMs, packets: keys.map((key, index) => ({ key, placeSamples: index * PACKET_SAMPLES })) };
}

test("a recording with everything in place has no error, whatever its clock starts at", () => {
  const files = [fileOf("a", 5_000, "a0", "a1", "a2"), fileOf("b", 5_000, "b0", "b1", "b2")];
  expect(judge(files, said(3, "a", "b"))).toEqual({
    received: 6,
    inversions: 0,
    meanMs: 0,
    worstMs: 0,
    misalignmentMs: 0,
  });
});

test("a lost packet without fill moves everything after it by its length", () => {
  const { received, meanMs, worstMs } = judge([fileOf("a", 0, "a0", "a2", "a3", "a4")], said(5, "a"));
  expect({ received, meanMs, worstMs }).toEqual({ received: 4, meanMs: 15, worstMs: 20 });
});

test("fill in place of a lost packet keeps the time and counts for nothing else", () => {
  const { received, inversions, worstMs } = judge([fileOf("a", 0, "a0", "fill", "a2", "fill")], said(3, "a"));
  expect({ received, inversions, worstMs }).toEqual({ received: 2, inversions: 0, worstMs: 0 });
});

test("two swapped neighbours are one inversion, each 20 ms off", () => {
  const { inversions, meanMs, worstMs } = judge([fileOf("a", 0, "a0", "a2", "a1", "a3")], said(4, "a"));
  expect({ inversions, meanMs, worstMs }).toEqual({ inversions: 1, meanMs: 10, worstMs: 20 });
});

test("a speaker's order is judged over all their files, sorted by start", () => {
  const truth = said(4, "a");
  expect(judge([fileOf("a", 100, "a2", "a3"), fileOf("a", 0, "a0", "a1")], truth).inversions).toBe(0);
  expect(judge([fileOf("a", 0, "a2", "a3"), fileOf("a", 100, "a0", "a1")], truth).inversions).toBe(1);
});

test("a wrong start of a file is misalignment, not a position error", () => {
  const files = [fileOf("a", 0, "a0", "a1"), fileOf("b", 70, "b0", "b1")];
  const { worstMs, misalignmentMs } = judge(files, said(2, "a", "b"));
  expect({ worstMs, misalignmentMs }).toEqual({ worstMs: 0, misalignmentMs: 70 });
});

test("misalignment is the mean over all pairs who speak at the same moment", () => {
  const files = [fileOf("a", 0, "a0", "a1"), fileOf("b", 30, "b0"), fileOf("c", 60, "c0")];
  // Moment 0: 30, 60 and 30 ms between the three; moment 1: one speaker, no pair.
  expect(judge(files, said(2, "a", "b", "c")).misalignmentMs).toBe(40);
});

test("a packet in another speaker's file, or a second copy, does not count as received", () => {
  const { received } = judge([fileOf("a", 0, "a0", "b0", "a0"), fileOf("b", 0)], said(1, "a", "b"));
  expect(received).toBe(1);
});

test("an empty recording has received nothing and has no error", () => {
  expect(judge([], said(2, "a"))).toEqual({ received: 0, inversions: 0, meanMs: 0, worstMs: 0, misalignmentMs: 0 });
});
