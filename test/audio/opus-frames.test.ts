import { describe, expect, it } from "vitest";
import { frameSpans } from "../../src/audio/opus-frames.ts";

/** The frames' bytes in hex. */
const framesOf = (hex: string): string[] => {
  const packet = Buffer.from(hex, "hex");
  return frameSpans(packet).map(([start, end]) => packet.toString("hex", start, end));
};
const body = (bytes: number): string => "ab".repeat(bytes);

describe("frameSpans gives the frames of", () => {
  it.each([
    ["code 0: one frame", "78010203", ["010203"]],
    ["code 0 without a byte", "78", [""]],
    ["code 1: two of one size", "7901020304", ["0102", "0304"]],
    ["code 2: the first one's size is coded", "7a010a0b0c", ["0a", "0b0c"]],
    ["code 2 with a size of two bytes, 252 + 4", `7afc01${body(256)}0102`, [body(256), "0102"]],
    ["code 2 with a first frame of no bytes", "7a000b0c", ["", "0b0c"]],
    ["code 3: sizes are equal", "7b03010203040506", ["0102", "0304", "0506"]],
    ["code 3 without a byte for each", "7b02", ["", ""]],
    ["code 3: sizes are coded", "7b83010201020304", ["01", "0203", "04"]],
    ["code 3 with padding", "7b42020102030400 00".replace(" ", ""), ["0102", "0304"]],
    ["code 3 with coded sizes and padding", "7bc20101aabbcc00", ["aa", "bbcc"]],
    ["code 3 with 254 + 1 bytes of padding", `7b42ff01${body(4)}${"00".repeat(255)}`, [body(2), body(2)]],
    ["code 3 with 2 * 254 bytes of padding", `7b41ffff00${body(3)}${"00".repeat(508)}`, [body(3)]],
  ])("%s", (_, hex, frames) => expect(framesOf(hex)).toEqual(frames));

  it("nothing if a coded size is cut off", () => {
    expect(framesOf("7b83")).toEqual([]);
    expect(framesOf("7afc")).toEqual([]);
  });
});
