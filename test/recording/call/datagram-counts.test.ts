import { expect, test } from "vitest";
import { noDrops } from "../../../src/audio/fates.ts";
import { DatagramCounts } from "../../../src/recording/call/datagram-counts.ts";

test("Each datagram counts once for its speaker and once in the total.", () => {
  const counts = new DatagramCounts();
  for (const userId of ["1", "1", "1", "1", "2"]) counts.accepted(userId);
  counts.dropped("late", "1");
  counts.dropped("auth_failed", undefined);
  counts.dropped("silence", "3");
  counts.refused("disk_refused", "1", 2);
  counts.refused("excess", "1");
  counts.takenBack("2", 1);
  const one = { received: 5, written: 1, dropped: { ...noDrops(), late: 1, disk_refused: 2, excess: 1 } };
  const two = { received: 1, written: 0, dropped: { ...noDrops(), not_recording: 1 } };
  const three = { received: 1, written: 0, dropped: { ...noDrops(), silence: 1 } };
  expect(counts.of("1")).toEqual(one);
  expect(counts.bySpeaker()).toEqual(
    new Map([
      ["1", one],
      ["2", two],
      ["3", three],
    ]),
  );
  expect(counts.all()).toEqual({
    received: 8,
    written: 1,
    dropped: { ...one.dropped, auth_failed: 1, silence: 1, not_recording: 1 },
  });
});

test("An unknown person has zero counts; asking does not make them a speaker.", () => {
  const counts = new DatagramCounts();
  expect(counts.of("9")).toEqual({ received: 0, written: 0, dropped: noDrops() });
  expect(counts.bySpeaker().size).toBe(0);
});

test("A returned count does not change any more.", () => {
  const counts = new DatagramCounts();
  const before = counts.all();
  counts.dropped("late", undefined);
  expect(before.dropped.late).toBe(0);
});
