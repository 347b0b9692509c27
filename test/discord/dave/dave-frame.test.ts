import { describe, expect, it } from "vitest";
import { isDaveFrame, readDaveFrame } from "../../../src/discord/dave/dave-frame.ts";

const TAG = Buffer.alloc(8, 0x11);
const MARKER = [0xfa, 0xfa];

/** @param fields nonce and ranges, in ULEB128 */
function frame(media: Buffer, fields: readonly number[], size = TAG.length + fields.length + 3): Buffer {
  return Buffer.concat([media, TAG, Buffer.from([...fields, size, ...MARKER])]);
}

describe("a frame is encrypted end to end", () => {
  it.each([
    ["with a nonce of one byte", frame(Buffer.alloc(60, 3), [0])],
    ["with a nonce of five bytes", frame(Buffer.alloc(60, 3), [0xff, 0xff, 0xff, 0xff, 0x0f])],
    ["with ranges in the clear", frame(Buffer.alloc(60, 3), [7, 0, 2, 10, 5])],
    ["without media", frame(Buffer.alloc(0), [7])],
    ["with ranges that touch each other", frame(Buffer.alloc(60, 3), [7, 0, 20, 20, 5])],
    ["with a range as long as the frame", frame(Buffer.alloc(60, 3), [7, 0, 74])],
    ["with a nonce of ten bytes", frame(Buffer.alloc(60, 3), [...Array.from({ length: 9 }, () => 0x80), 1])],
  ])("%s", (_, bytes) => {
    expect(isDaveFrame(bytes)).toBe(true);
  });

  it.each([
    ["it has only the marker at its end", Buffer.from([0x78, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 200, ...MARKER])],
    ["its size is larger than itself", frame(Buffer.alloc(60, 3), [0], 90)],
    ["its size leaves no room for a tag", frame(Buffer.alloc(60, 3), [0], 10)],
    ["its nonce has no end", frame(Buffer.alloc(60, 3), [0x80])],
    ["a range has no size", frame(Buffer.alloc(60, 3), [7, 1])],
    ["a range is longer than the frame", frame(Buffer.alloc(60, 3), [7, 0, 75])],
    ["its nonce has more than 64 bits", frame(Buffer.alloc(60, 3), [...Array.from({ length: 9 }, () => 0x80), 2])],
    ["its nonce has eleven bytes", frame(Buffer.alloc(60, 3), [...Array.from({ length: 10 }, () => 0x80), 1])],
    ["it ends in half a marker", Buffer.concat([frame(Buffer.alloc(60, 3), [0]).subarray(0, -1), Buffer.of(0xfb)])],
    [
      "only the end of its marker is right",
      Buffer.concat([frame(Buffer.alloc(60, 3), [0]).subarray(0, -2), Buffer.of(0xfb, 0xfa)]),
    ],
    ["it is zeros, and its size is larger than itself", Buffer.concat([Buffer.alloc(60), Buffer.of(64, ...MARKER)])],
    ["it is only a marker", Buffer.from(MARKER)],
    ["it has a tag and no nonce", frame(Buffer.alloc(60, 3), [])],
    ["its size leaves out its tag, and a nonce and ranges fit", frame(Buffer.alloc(60, 3), [0], 3)],
    ["ranges overlap", frame(Buffer.alloc(60, 3), [7, 0, 20, 10, 5])],
    ["it is too short", Buffer.from([1, 2, 11, ...MARKER])],
    ["it is empty", Buffer.alloc(0)],
  ])("not if %s", (_, bytes) => {
    expect([isDaveFrame(bytes), readDaveFrame(bytes)]).toEqual([false, undefined]);
  });
});

describe("the footer of an encrypted frame", () => {
  it.each([
    [[0], 0],
    [[0x7f], 127],
    [[0x80, 0x01], 128],
    [[0xe5, 0x8e, 0x26], 624_485],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], 2 ** 32 - 1],
    // The counter has 32 bits.
    [[0x81, 0x80, 0x80, 0x80, 0x10], 1],
  ])("holds its nonce in ULEB128 (%j) and the size of its media", (fields, nonce) => {
    expect(readDaveFrame(frame(Buffer.alloc(60, 3), fields))).toEqual({ nonce, mediaBytes: 60, tagStart: 0x11111111 });
  });

  it("is the same whichever ranges are unencrypted", () => {
    expect(readDaveFrame(frame(Buffer.alloc(60, 3), [7, 0, 2, 10, 5]))).toMatchObject({ nonce: 7, mediaBytes: 60 });
    expect(readDaveFrame(frame(Buffer.alloc(0), [7]))).toEqual({ nonce: 7, mediaBytes: 0, tagStart: 0x11111111 });
  });
});
