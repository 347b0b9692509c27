import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildRtpHeader, parseRtpHeader, stripExtensionAndPadding } from "../../src/audio/rtp.ts";

const fields = fc.record({
  payloadType: fc.constant(120),
  sequence: fc.nat(0xffff),
  rtpTimestamp: fc.nat(0xffff_ffff),
  ssrc: fc.nat(0xffff_ffff),
  marker: fc.boolean(),
});

describe("parseRtpHeader", () => {
  it("reads what buildRtpHeader wrote", () => {
    fc.assert(
      fc.property(fields, (written) => {
        expect(parseRtpHeader(buildRtpHeader(written))).toEqual({
          ...written,
          ...{ padding: false, extension: false, clearBytes: 12, extensionBodyBytes: 0 },
        });
      }),
    );
  });

  it("counts the CSRC list and the extension header as clear bytes, and the extension body separately", () => {
    const header = buildRtpHeader({ payloadType: 120, sequence: 1, rtpTimestamp: 2, ssrc: 3 });
    header[0] = 0x80 | 0x10 | 2;
    const packet = Buffer.concat([header, Buffer.alloc(8), Buffer.from([0xbe, 0xde, 0, 3]), Buffer.alloc(20)]);
    expect(parseRtpHeader(packet)).toMatchObject({ clearBytes: 24, extensionBodyBytes: 12 });
  });

  it("reads the padding bit", () => {
    expect(parseRtpHeader(Buffer.concat([Buffer.from([0xa0, 120]), Buffer.alloc(10)]))?.padding).toBe(true);
  });

  it("accepts every payload type except those of RTCP, 64 to 95", () => {
    const taken = [0, 63, 64, 95, 96, 127].filter(
      (type) => parseRtpHeader(Buffer.concat([Buffer.from([0x80, type]), Buffer.alloc(10)])) !== undefined,
    );
    expect(taken).toEqual([0, 63, 96, 127]);
  });

  it.each([
    ["too short", Buffer.alloc(11, 0x80)],
    ["another version", Buffer.concat([Buffer.from([0x40, 120]), Buffer.alloc(10)])],
    ["RTCP", Buffer.concat([Buffer.from([0x80, 200]), Buffer.alloc(20)])],
    ["cut inside the CSRC list", Buffer.concat([Buffer.from([0x8f, 120]), Buffer.alloc(20)])],
    ["cut inside the extension's head", Buffer.concat([Buffer.from([0x90, 120]), Buffer.alloc(12)])],
  ])("refuses bytes that are not RTP: %s", (_, bytes) => {
    expect(parseRtpHeader(bytes)).toBeUndefined();
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 }), (datagram, plaintext) => {
        const header = parseRtpHeader(Buffer.from(datagram));
        if (header === undefined) return;
        const payload = stripExtensionAndPadding(header, Buffer.from(plaintext));
        expect(payload === undefined || payload.length <= plaintext.length).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("stripExtensionAndPadding", () => {
  const header = { ...parsed(), padding: true, extensionBodyBytes: 4 };

  it("removes the extension body, and as much padding as the last byte says", () => {
    expect(stripExtensionAndPadding(header, Buffer.from([1, 1, 1, 1, 42, 43, 0, 2]))).toEqual(Buffer.from([42, 43]));
    expect(stripExtensionAndPadding(header, Buffer.from([1, 1, 1, 1, 42, 0, 0, 0, 4]))).toEqual(Buffer.from([42]));
  });

  it("removes nothing if there is neither, and then does not copy", () => {
    const payload = Buffer.from([42, 43, 2]);
    const plain = { ...header, padding: false, extensionBodyBytes: 0 };
    expect(stripExtensionAndPadding(plain, payload)).toBe(payload);
    expect(stripExtensionAndPadding({ ...plain, extensionBodyBytes: 4 }, Buffer.from([1, 1, 1, 1, 42]))).toEqual(
      Buffer.from([42]),
    );
  });

  it("gives no bytes for a packet that is all padding", () => {
    expect(stripExtensionAndPadding(header, Buffer.from([1, 1, 1, 1, 0, 0, 3]))).toHaveLength(0);
    expect(stripExtensionAndPadding({ ...header, extensionBodyBytes: 0 }, Buffer.from([0, 0, 3]))).toHaveLength(0);
  });

  it.each([
    ["a padding count of 0", [1, 1, 1, 1, 42, 0]],
    ["more padding than bytes", [1, 1, 1, 1, 42, 7]],
    ["padding that reaches into the extension", [1, 1, 1, 1, 42, 3]],
    ["no bytes at all", []],
  ])("refuses %s", (_, bytes) => {
    expect(stripExtensionAndPadding(header, Buffer.from(bytes))).toBeUndefined();
  });

  function parsed() {
    const result = parseRtpHeader(buildRtpHeader({ payloadType: 120, sequence: 0, rtpTimestamp: 0, ssrc: 0 }));
    if (result === undefined) throw new Error("a header that was built is readable");
    return result;
  }
});
