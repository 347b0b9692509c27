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
        expect(parseRtpHeader(buildRtpHeader(written))).toMatchObject(written);
      }),
    );
  });

  it("counts CSRC list and extension head as clear bytes, and the extension's body apart", () => {
    const header = buildRtpHeader({ payloadType: 120, sequence: 1, rtpTimestamp: 2, ssrc: 3 });
    header[0] = 0x80 | 0x10 | 2;
    const packet = Buffer.concat([header, Buffer.alloc(8), Buffer.from([0xbe, 0xde, 0, 3]), Buffer.alloc(20)]);
    expect(parseRtpHeader(packet)).toMatchObject({ clearBytes: 24, extensionBodyBytes: 12 });
  });

  it.each([
    ["too short", Buffer.alloc(11, 0x80)],
    ["another version", Buffer.alloc(12, 0x40)],
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

  it("takes off the extension's body and the padding that the last byte counts", () => {
    expect(stripExtensionAndPadding(header, Buffer.from([1, 1, 1, 1, 42, 43, 0, 2]))).toEqual(Buffer.from([42, 43]));
  });

  it("gives no bytes for a packet that is all padding", () => {
    expect(stripExtensionAndPadding(header, Buffer.from([1, 1, 1, 1, 0, 0, 3]))).toHaveLength(0);
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
