import { expect, test } from "vitest";
import { callSeconds, hasPossibleLength, outsideCall, TAIL_SECONDS } from "../../src/session/call-length.ts";
import type { ManifestTrack } from "../../src/session/manifest.ts";

const EIGHT_DAYS_SECONDS = 691_200;
const track = (startSeconds: number, seconds: number) =>
  ({ startOffsetMs: startSeconds * 1_000, durationMs: seconds * 1_000 }) as ManifestTrack;

test("A call lasts eight days at most.", () => {
  expect(hasPossibleLength({ durationSeconds: EIGHT_DAYS_SECONDS })).toBe(true);
  expect(hasPossibleLength({ durationSeconds: EIGHT_DAYS_SECONDS + 1 })).toBe(false);
});

test("The end of the last possible track replaces an impossible length.", () => {
  const tracks = [track(1, 2), track(10, 20.5), track(5, 3), track(EIGHT_DAYS_SECONDS, 0.5)];
  expect(callSeconds({ durationSeconds: 12, tracks })).toBe(12);
  expect(callSeconds({ durationSeconds: 1e9, tracks })).toBe(30.5);
  expect(callSeconds({ durationSeconds: 1e9, tracks: [track(EIGHT_DAYS_SECONDS - 1, 1)] })).toBe(EIGHT_DAYS_SECONDS);
  expect(callSeconds({ durationSeconds: 1e9, tracks: [] })).toBe(0);
});

test("A track may reach one minute beyond the call, or beyond the longest possible one.", () => {
  expect(outsideCall(track(40, 30 + TAIL_SECONDS), { durationSeconds: 70 })).toBeUndefined();
  expect(outsideCall(track(40.4, 30 + TAIL_SECONDS), { durationSeconds: 70.2 })).toBe(
    "ends 130 s after the start, but the call lasted 70 s",
  );
  expect(outsideCall(track(EIGHT_DAYS_SECONDS, 61), { durationSeconds: 1e12 })).toContain("the call lasted 691200 s");
});
