import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSilencePacket, parseOpusPacket } from "../../src/audio/opus-packet.ts";

/** The durations that RFC 6716 table 2 gives, in milliseconds, for a sample of configurations. */
const FRAMES_MS = [
  [0, 10],
  [3, 60],
  [9, 20],
  [12, 10],
  [13, 20],
  [16, 2.5],
  [21, 5],
  [26, 10],
  [31, 20],
] as const;

describe("parseOpusPacket", () => {
  it.each(FRAMES_MS)("takes the frame size of configuration %i as %f ms", (config, milliseconds) => {
    expect(parseOpusPacket(Buffer.from([config << 3, 1, 2]))).toMatchObject({
      frameCount: 1,
      durationSamples: milliseconds * 48,
    });
  });

  it("counts two frames for codes 1 and 2", () => {
    expect(parseOpusPacket(Buffer.from([0x79, 1, 2, 3, 4]))).toMatchObject({ frameCount: 2, durationSamples: 1_920 });
    expect(parseOpusPacket(Buffer.from([0x7a, 1, 9, 8, 8]))).toMatchObject({ frameCount: 2, durationSamples: 1_920 });
  });

  it("reads code 3 with equal sizes, coded sizes and padding", () => {
    expect(parseOpusPacket(Buffer.from([0x7b, 3, 1, 2, 3]))).toMatchObject({ frameCount: 3, durationSamples: 2_880 });
    expect(parseOpusPacket(Buffer.from([0x7b, 0x83, 1, 2, 9, 8, 8, 7]))).toMatchObject({ frameCount: 3 });
    expect(parseOpusPacket(Buffer.from([0x7b, 0x43, 2, 1, 2, 3, 0, 0]))).toMatchObject({ frameCount: 3 });
  });

  it("knows comfort silence", () => {
    expect(isSilencePacket(Buffer.from("f8fffe", "hex"))).toBe(true);
    expect(isSilencePacket(Buffer.from("f8ffff", "hex"))).toBe(false);
  });

  it.each([
    ["R1: no byte", []],
    ["R2: a frame over 1275 bytes", [0x78, ...new Array<number>(1_276).fill(0)]],
    ["R3: code 1 with an odd number of bytes", [0x79, 1, 2, 3]],
    ["R4: code 2 without a length", [0x7a]],
    ["R4: code 2 with a first frame longer than the packet", [0x7a, 9, 1, 2]],
    ["R4: code 2 with half a two-byte length", [0x7a, 253]],
    ["R5: code 3 without frames", [0x7b, 0]],
    ["R5: over 120 ms", [0x7b, 7, ...new Array<number>(7).fill(0)]],
    ["R6: code 3 whose bytes do not divide", [0x7b, 3, 1, 2]],
    ["R6: more padding than bytes", [0x7b, 0x41, 9, 1]],
    ["R6: padding without its count", [0x7b, 0x41]],
    ["R7: coded sizes larger than the packet", [0x7b, 0x82, 9, 1]],
    ["R7: a coded size missing", [0x7b, 0x83, 1]],
    ["code 3 without its count", [0x7b]],
  ])("refuses %s", (_, bytes) => {
    expect(parseOpusPacket(Buffer.from(bytes))).toBeUndefined();
  });

  it("never throws, and never gives more than 120 ms", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_400 }), (bytes) => {
        const info = parseOpusPacket(Buffer.from(bytes));
        if (info === undefined) return;
        expect(info.durationSamples).toBeGreaterThan(0);
        expect(info.durationSamples).toBeLessThanOrEqual(5_760);
      }),
      { numRuns: 3_000 },
    );
  });
});
