import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillGap } from "../../src/audio/gap-fill.ts";
import { parseOpusPacket } from "../../src/audio/opus-packet.ts";

const MS = 48;
/** Full-band CELT of 20 ms, which speech had before the gap. */
const LAST_RECEIVED = { toc: 0xfb, durationSamples: 20 * MS };

const packetsOf = (...[gapSamples, context]: Parameters<typeof fillGap>): string[] =>
  fillGap(gapSamples, context).runs.flatMap(({ packet, count }) => Array<string>(count).fill(packet.toString("hex")));

describe("fillGap", () => {
  it("fills any gap to within 2.5 ms with packets that decoders accept, and never with an empty packet", () => {
    fc.assert(
      fc.property(
        fc.nat(3_000_000),
        fc.nat(7),
        fc.option(fc.constantFrom(0x78, 0x7b, 0x0b, 0x63, 0xfc), { nil: undefined }),
        (gap, lost, toc) => {
          const lastReceived = toc === undefined ? undefined : { toc, durationSamples: 2_880 };
          const { runs, concealedSamples } = fillGap(gap, { lastReceived, lost });
          const filled = runs.reduce((sum, { durationSamples, count }) => sum + count * durationSamples, 0);
          expect(filled).toBe(Math.floor(gap / 120) * 120);
          expect(concealedSamples).toBeLessThanOrEqual(5 * 2_880);
          expect(runs.length).toBeLessThan(10);
          for (const { packet, durationSamples, count } of runs) {
            expect(count).toBeGreaterThan(0);
            expect(parseOpusPacket(packet)?.durationSamples).toBe(durationSamples);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [-100, []],
    [0, []],
    [119, []],
    [2.5 * MS, ["e0"]],
    [7.5 * MS, ["e8", "e0"]],
    [17.5 * MS, ["f0", "e8", "e0"]],
    [20 * MS, ["f8fffe"]],
    [30 * MS, ["f8fffe", "f0"]],
    [60 * MS, ["f8fffe", "fb02"]],
    [160 * MS, ["f8fffe", "fb06", "fb01"]],
    [265 * MS, ["f8fffe", "fb06", "fb06", "e8"]],
  ])("is silent over %i samples of a pause: %j", (gapSamples, packets) => {
    expect(packetsOf(gapSamples, { lastReceived: LAST_RECEIVED, lost: 0 })).toEqual(packets);
    expect(fillGap(gapSamples, { lastReceived: LAST_RECEIVED, lost: 0 }).concealedSamples).toBe(0);
  });

  it("conceals up to five lost packets by repeating the kind of frame before them, marked as not sent", () => {
    expect(fillGap(5 * 960, { lastReceived: LAST_RECEIVED, lost: 5 })).toEqual({
      runs: [{ packet: Buffer.of(0xf8), durationSamples: 960, count: 5 }],
      concealedSamples: 5 * 960,
    });
    expect(packetsOf(6 * 960, { lastReceived: LAST_RECEIVED, lost: 6 })).toEqual(["f8fffe", "fb05"]);
  });

  it("conceals a loss to within 2.5 ms, never more than was lost", () => {
    expect(packetsOf(2 * 960 - 240 - 1, { lastReceived: LAST_RECEIVED, lost: 2 })).toEqual(["f8", "f0", "e0"]);
    // After packets of 60 ms, whose frames conceal no less: 40 ms of another kind.
    expect(packetsOf(100 * MS, { lastReceived: { toc: 0x18, durationSamples: 60 * MS }, lost: 2 })).toEqual([
      "18",
      "fb02",
    ]);
  });

  it("conceals nothing at the start of a part, or if more time is missing than packets were lost", () => {
    expect(packetsOf(960, { lastReceived: undefined, lost: 1 })).toEqual(["f8fffe"]);
    expect(packetsOf(960 + 120, { lastReceived: LAST_RECEIVED, lost: 1 })).toEqual(["f8fffe", "e0"]);
  });

  it("needs less than a megabyte for four hours", () => {
    const { runs } = fillGap(4 * 3_600 * 48_000, { lastReceived: undefined, lost: 0 });
    const bytes = runs.reduce((sum, { packet, count }) => sum + count * (packet.length + 1), 0);
    expect(bytes).toBeLessThan(750_000);
  });
});
