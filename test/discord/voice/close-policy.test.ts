import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, decideOnClose } from "../../../src/discord/voice/close-policy.ts";

describe("decideOnClose", () => {
  it.each([
    [1_000, 1, "rejoin"],
    [1_006, 1, "rejoin"],
    [1_006, 4, "fresh"],
    [4_001, 1, "rejoin"],
    [4_001, 2, "fatal"],
    [4_004, 2, "fatal"],
    [4_006, 1, "rejoin"],
    [4_006, 3, "rejoin"],
    [4_006, 4, "fresh"],
    [4_009, 1, "rejoin"],
    [4_009, 4, "fresh"],
    [4_012, 1, "rejoin"],
    [4_014, 1, "await_signalling"],
    [4_015, 1, "rejoin"],
    [4_017, 1, "fatal"],
    [4_021, 1, "pause"],
    [4_022, 1, "await_signalling"],
  ] as const)("code %i, attempt %i: %s", (code, attempt, kind) => {
    expect(decideOnClose(code, attempt)).toMatchObject({ kind });
  });

  it("reports a protocol that this worker does not support as recording_disabled", () => {
    for (const [code, attempt] of [
      [4_017, 1],
      [4_012, 2],
      [4_016, 2],
    ] as const) {
      expect(decideOnClose(code, attempt)).toMatchObject({ kind: "fatal", failureCode: "recording_disabled" });
    }
  });

  it("waits for minutes if Discord limits the rate", () => {
    expect(decideOnClose(4_021, 1)).toEqual({ kind: "pause", ms: 180_000 });
  });
});

describe("backoffMs", () => {
  it("never loops without a pause, and never waits more than half a minute", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const ms = backoffMs(attempt, random);
        expect(ms).toBeGreaterThanOrEqual(250);
        expect(ms).toBeLessThanOrEqual(30_000);
      }),
    );
  });

  it("grows with each attempt", () => {
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(attempt, 0));
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000]);
  });
});
