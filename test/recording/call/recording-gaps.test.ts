import { describe, expect, it } from "vitest";
import { RecordingGaps } from "../../../src/recording/call/recording-gaps.ts";
import { memoryJournal } from "../../support/memory-journal.ts";

/** Gaps on a clock that a test sets, and what was written of them. */
function recordingGaps() {
  const { journal, events } = memoryJournal();
  const clock = { nowMs: 0 };
  const gaps = new RecordingGaps({ journal, nowMs: () => clock.nowMs });
  const at = (nowMs: number): RecordingGaps => {
    clock.nowMs = nowMs;
    return gaps;
  };
  return { gaps, at, journal, openGap: () => journal.record.openGap, written: () => journal.record.gaps, events };
}

describe("RecordingGaps", () => {
  it.each([
    ["reconnecting", "reconnect"],
    ["unheard", "unheard"],
  ] as const)("notes how long the connection was %s, when that ends", (state, reason) => {
    const { gaps, openGap, events } = recordingGaps();
    expect(gaps.connection).toBe("live");
    gaps.connectionIs(state, 1_000);
    expect(gaps.connection).toBe(state);
    expect(openGap()).toEqual({ startMs: 1_000, reason });
    expect(events()).toEqual([]);
    gaps.connectionIs("live", 4_000);
    expect(events()).toEqual([{ type: "gap", atMs: 1_000, endMs: 4_000, reason }]);
    expect(openGap()).toBeUndefined();
    gaps.connectionIs("live", 5_000);
    expect(events()).toHaveLength(1);
  });

  it("makes one gap of a connection that cannot be heard and then is lost", () => {
    const { gaps, written } = recordingGaps();
    gaps.connectionIs("unheard", 1_000);
    gaps.connectionIs("reconnecting", 2_000);
    gaps.connectionIs("unheard", 3_000);
    gaps.connectionIs("live", 4_000);
    expect(written()).toEqual([{ startMs: 1_000, endMs: 4_000, reason: "reconnect" }]);
  });

  it("treats a whole pause as withheld, whatever the connection does", () => {
    const { gaps, at, written, openGap } = recordingGaps();
    expect(gaps.isWithheld).toBe(false);
    at(1_000).withhold("paused");
    expect(gaps.isWithheld).toBe(true);
    gaps.connectionIs("reconnecting", 1_500);
    gaps.connectionIs("live", 1_700);
    expect(written()).toEqual([]);
    at(2_000).resume();
    expect(gaps.isWithheld).toBe(false);
    expect(written()).toEqual([{ startMs: 1_000, endMs: 2_000, reason: "paused" }]);
    expect(openGap()).toBeUndefined();
  });

  it("ends the gap of a lost connection when a pause begins, and starts it again after the pause", () => {
    const { at, written, openGap } = recordingGaps();
    at(1_000).connectionIs("unheard", 1_000);
    at(2_000).withhold("stopped");
    at(3_000).resume();
    expect(openGap()).toEqual({ startMs: 3_000, reason: "unheard" });
    at(4_000).connectionIs("live", 4_000);
    expect(written()).toEqual([
      { startMs: 1_000, endMs: 2_000, reason: "unheard" },
      { startMs: 2_000, endMs: 3_000, reason: "stopped" },
      { startMs: 3_000, endMs: 4_000, reason: "unheard" },
    ]);
  });

  it("ends with the call, and never before it began", () => {
    const { at, gaps, written } = recordingGaps();
    at(1_000).end();
    expect(written()).toEqual([]);
    at(2_000).withhold("paused");
    gaps.end(1_999);
    expect(written()).toEqual([]);
    gaps.end(2_000);
    expect(written()).toEqual([{ startMs: 2_000, endMs: 2_000, reason: "paused" }]);
  });

  it("returns the times of past pauses", () => {
    const { at, gaps } = recordingGaps();
    at(1_000).withhold("paused");
    at(2_000).resume();
    at(3_000).connectionIs("reconnecting", 3_000);
    at(4_000).connectionIs("live", 4_000);
    expect([999, 1_000, 1_999, 2_000, 3_500].map((ms) => gaps.wasPausedAt(ms))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });
});
