import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markEndOfStream, oggCrc, PageBuilder, PageRun, parsePage } from "../../../src/audio/ogg/ogg-page.ts";
import { buildPage } from "../../support/ogg-pages.ts";

const HEADER = { headerType: 0, granulePosition: 0, serial: 0, pageSequence: 0 };

/** Polynomial division bit by bit, straight from RFC 3533 §6 field 7, to hold the table against. */
function bitwiseCrc(page: Buffer): number {
  let crc = 0n;
  for (const [index, byte] of page.entries()) {
    crc ^= BigInt(index >= 22 && index < 26 ? 0 : byte) << 24n;
    for (let bit = 0; bit < 8; bit += 1)
      crc = crc & 0x8000_0000n ? ((crc << 1n) ^ 0x1_04c1_1db7n) & 0xffff_ffffn : crc << 1n;
  }
  return Number(crc);
}

describe("an Ogg page", () => {
  it("has each field at the place that RFC 3533 §6 gives", () => {
    const page = buildPage({
      headerType: 2,
      granulePosition: 0x0102_0304_0506,
      serial: 0xa1a2_a3a4,
      pageSequence: 0xb1b2_b3b4,
      packets: [Buffer.from([1, 2, 3]), Buffer.alloc(255, 9), Buffer.alloc(0)],
    });
    const expected = [
      "4f676753 00 02", // "OggS", version, header type
      "0605040302010000 a4a3a2a1 b4b3b2b1", // granule position, serial, page sequence, little-endian
      bitwiseCrc(page).toString(16).padStart(8, "0").match(/../g)?.reverse().join("") ?? "",
      "04 03 ff 00 00", // 4 segments: 3 bytes, 255 bytes and their end, none
      "010203",
      "09".repeat(255),
    ];
    expect(page.toString("hex")).toBe(expected.join("").replaceAll(" ", ""));
  });

  it("survives a round trip, whatever the sizes of the packets", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 28 }),
        fc.nat(2 ** 32 - 1),
        fc.maxSafeNat(),
        (bodies, serial, granulePosition) => {
          const packets = bodies.map((body) => Buffer.from(body));
          const page = parsePage(buildPage({ headerType: 0, granulePosition, serial, pageSequence: 3, packets }), 0);
          expect(page).toMatchObject({ serial, granulePosition, pageSequence: 3, open: false, pieces: packets });
        },
      ),
    );
  });

  it("has the checksum that RFC 3533 specifies", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 27, maxLength: 300 }), (bytes) => {
        expect(oggCrc(Buffer.from(bytes))).toBe(bitwiseCrc(Buffer.from(bytes)));
      }),
    );
  });

  it("differs from the last page of the stream only in one flag and the checksum", () => {
    const page = buildPage({ ...HEADER, headerType: 2, packets: [Buffer.of(1)] });
    const last = markEndOfStream(page);
    expect(last).toEqual(buildPage({ ...HEADER, headerType: 6, packets: [Buffer.of(1)] }));
    expect(markEndOfStream(last)).toEqual(last);
  });
});

describe("PageBuilder", () => {
  it("has room for exactly 255 segments", () => {
    const builder = new PageBuilder();
    // 254 segments: a packet of a multiple of 255 bytes needs a closing 0.
    builder.add(Buffer.alloc(253 * 255, 9));
    expect(builder.hasRoomFor(254)).toBe(true);
    expect(builder.hasRoomFor(255)).toBe(false);
    expect(() => builder.add(Buffer.alloc(255))).toThrow(new RangeError("an Ogg page holds 255 segments, not 256"));
    builder.add(Buffer.alloc(254, 7));
    expect(builder.hasRoomFor(0)).toBe(false);
    const page = parsePage(builder.build(HEADER), 0);
    if ("fault" in page) throw new Error(page.fault);
    const expected = [Buffer.alloc(253 * 255, 9), Buffer.alloc(254, 7)];
    expect(page.pieces.map((piece, index) => expected[index]?.equals(piece))).toEqual([true, true]);
    expect(page.open).toBe(false);
  });

  it("is empty after a page and after being cleared", () => {
    const builder = new PageBuilder();
    expect(builder.isEmpty).toBe(true);
    builder.add(Buffer.of(1));
    expect(builder.isEmpty).toBe(false);
    builder.build(HEADER);
    expect(builder.isEmpty).toBe(true);
    builder.add(Buffer.of(2, 2));
    builder.clear();
    expect(builder.isEmpty).toBe(true);
    builder.add(Buffer.of(3));
    expect(builder.build(HEADER)).toEqual(buildPage({ ...HEADER, packets: [Buffer.of(3)] }));
  });
});

describe("PageRun", () => {
  it("repeats one page with increasing numbers and positions, as many at a time as requested", () => {
    const at = (index: number): Buffer => {
      // Some pages on, each half of the position carries.
      const granulePosition = 2 ** 33 - 3 * 46_080 + index * 46_080;
      return buildPage({
        headerType: 0,
        granulePosition,
        serial: 7,
        pageSequence: 254 + index,
        packets: [Buffer.of(0xfb, 6)],
      });
    };
    const run = new PageRun(at(0), 6, 46_080);
    expect(run.left).toBe(6);
    expect(run.take(1)).toEqual(at(0));
    expect(run.take(4)).toEqual(Buffer.concat([1, 2, 3, 4].map(at)));
    expect(run.left).toBe(1);
    expect(run.take(9)).toEqual(at(5));
    expect(run.left).toBe(0);
    expect(run.take(9)).toHaveLength(0);
  });

  it("does not change the page that it was made from", () => {
    const page = buildPage({ ...HEADER, packets: [Buffer.of(1)] });
    const before = Buffer.from(page);
    new PageRun(page, 3, 960).take(3);
    expect(page).toEqual(before);
  });
});

describe("parsePage", () => {
  const page = buildPage({ ...HEADER, packets: [Buffer.from("one"), Buffer.alloc(600, 2)] });
  const file = Buffer.concat([Buffer.alloc(10), page, Buffer.alloc(40)]);

  it("reads a page at any place in a file, and says where it ends", () => {
    expect(parsePage(file, 10)).toEqual({
      ...HEADER,
      offset: 10,
      bytes: page.length,
      pieces: [Buffer.from("one"), Buffer.alloc(600, 2)],
      open: false,
    });
  });

  it.each([
    ["a header that is cut off", 26],
    ["a lacing that is cut off", 30],
    ["a body that is cut off", page.length - 1],
  ])("recognises %s", (_, bytes) => {
    expect(parsePage(file.subarray(0, 10 + bytes), 10)).toEqual({ offset: 10, fault: "truncated" });
  });

  it.each([
    ["capture_pattern", 0],
    ["capture_pattern", 3],
    ["version", 4],
    ["crc", 5],
    ["crc", 22],
    ["crc", page.length - 1],
  ])("finds the fault %s if byte %i is changed", (fault, at) => {
    const damaged = Buffer.from(file);
    damaged[10 + at] = (damaged[10 + at] ?? 0) ^ 1;
    expect(parsePage(damaged, 10)).toEqual({ offset: 10, fault });
  });

  it("leaves the last packet open if its lacing does not end it", () => {
    // 255 bytes of a packet that continues on the next page: a lacing value of 255 and no other after it.
    const open = buildPage({ ...HEADER, packets: [Buffer.of(1), Buffer.alloc(254, 7)] });
    open.writeUInt8(255, 28);
    const longer = Buffer.concat([open, Buffer.of(7)]);
    longer.writeUInt32LE(oggCrc(longer), 22);
    expect(parsePage(longer, 0)).toMatchObject({ pieces: [Buffer.of(1), Buffer.alloc(255, 7)], open: true });
  });
});
