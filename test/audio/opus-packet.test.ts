import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PageBuilder } from "../../src/audio/ogg/ogg-page.ts";
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

  it("detects whether a packet is stereo", () => {
    expect(parseOpusPacket(Buffer.of(0x78, 1))?.stereo).toBe(false);
    expect(parseOpusPacket(Buffer.of(0x7c, 1))?.stereo).toBe(true);
  });

  it("recognises comfort silence, and rejects what only resembles it", () => {
    const silences = ["f8fffe", "f8fffe00", "f8ff", "fcfffe", "f8fefe", "f8ffff", "fefffe"].filter((hex) =>
      isSilencePacket(Buffer.from(hex, "hex")),
    );
    expect(silences).toEqual(["f8fffe"]);
  });

  it.each<[string, number[], number]>([
    ["code 0", [0x78], 1_275],
    ["code 1", [0x79], 2 * 1_275],
    ["code 2, the second", [0x7a, 1, 9], 1_275],
    ["code 3 with equal sizes", [0x7b, 3], 3 * 1_275],
    ["code 3 with coded sizes, the last", [0x7b, 0x82, 1, 9], 1_275],
    ["code 3 with 255 + 1 bytes of padding", [0x7b, 0x41, 255, 1], 254 + 1 + 1_275],
  ])("takes frames of 0 to 1,275 bytes: %s", (_, head, longest) => {
    const frameCount = parseOpusPacket(Buffer.from([...head, ...new Array<number>(longest).fill(0)]))?.frameCount;
    expect(frameCount).toBeGreaterThan(0);
    const step = head[0] === 0x79 ? 2 : head[1] === 3 ? 3 : 1;
    const tooLong = Buffer.from([...head, ...new Array<number>(longest + step).fill(0)]);
    expect(parseOpusPacket(tooLong)).toBeUndefined();
  });

  it.each([
    ["code 0", "78"],
    ["code 1", "79"],
    ["code 2", "7a00"],
    ["code 2, the second", "7a0109"],
    ["code 3 with equal sizes", "7b06"],
    ["code 3 with coded sizes", "7b820109"],
    ["code 3 with all its bytes padding", "7b4103000000"],
  ])("accepts a frame of zero bytes: %s", (_, hex) => {
    expect(parseOpusPacket(Buffer.from(hex, "hex"))).toBeDefined();
  });

  it("reads two-byte sizes, and padding of any length", () => {
    const ofSize = (first: number, second: number, bytes: number) =>
      parseOpusPacket(Buffer.from([0x7a, first, second, ...new Array<number>(bytes).fill(0)]));
    expect(ofSize(252, 1, 256)).toBeDefined();
    expect(ofSize(252, 1, 255)).toBeUndefined();
    expect(ofSize(255, 255, 1_275)).toBeDefined();
    expect(ofSize(251, 0, 250)).toBeDefined();
    const padded = (bytes: number) =>
      parseOpusPacket(Buffer.from([0x7b, 0x41, 255, 255, 2, ...new Array<number>(bytes).fill(0)]));
    expect(padded(2 * 254 + 2)).toMatchObject({ frameCount: 1 });
    expect(padded(2 * 254 + 1)).toBeUndefined();
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

  it("refuses a padded packet that is too large for an Ogg page, and accepts the largest that fits", () => {
    // Code 3, one frame of 3 bytes, and padding. Each length byte of 255 means 254 bytes of padding and the byte itself.
    const padded = (bytes: number): Buffer => {
      const lengthBytes = Math.floor((bytes - 6) / 255);
      const last = bytes - 6 - lengthBytes * 255;
      const lengths = [...Array<number>(lengthBytes).fill(255), last];
      return Buffer.concat([Buffer.from([0x7b, 0x41, ...lengths, 1, 2, 3]), Buffer.alloc(lengthBytes * 254 + last)]);
    };
    const largest = padded(65_024);
    expect(largest).toHaveLength(65_024);
    expect(parseOpusPacket(largest)).toMatchObject({ frameCount: 1, durationSamples: 960 });
    new PageBuilder().add(largest);
    for (const bytes of [65_025, 65_280, 65_460]) expect(parseOpusPacket(padded(bytes))).toBeUndefined();
  });

  it("never throws, and never returns more than 120 ms", () => {
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
