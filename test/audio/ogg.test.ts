import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillGap } from "../../src/audio/gap-fill.ts";
import { checkOggOpus } from "../../src/audio/ogg-check.ts";
import { LEAD_IN_PACKET, OggOpusWriter, PRE_SKIP_SAMPLES, readOpusTags } from "../../src/audio/ogg-opus.ts";
import { buildPage, oggCrc, PageRun, type ParsedPage, parsePage } from "../../src/audio/ogg-page.ts";
import { parseOpusPacket } from "../../src/audio/opus-packet.ts";

/** 20 ms packets of any size that RFC 6716 allows. */
const opusPacket = fc.uint8Array({ minLength: 0, maxLength: 1_275 }).map((bytes) => Buffer.from([0x78, ...bytes]));

function fileOf(packets: readonly Buffer[], flushAfter: ReadonlySet<number> = new Set()): Buffer {
  const writer = new OggOpusWriter({ serial: 0xdead_beef, vendor: "test", tags: { TITLE: "ü", ARTIST: "=" } });
  const pages = [writer.begin()];
  for (const [index, packet] of packets.entries()) {
    const page = writer.add(packet, 960);
    if (page !== undefined) pages.push(page);
    const flushed = flushAfter.has(index) ? writer.flush() : undefined;
    if (flushed !== undefined) pages.push(flushed);
  }
  const { page, replacesLast } = writer.end();
  if (replacesLast) pages.pop();
  return Buffer.concat([...pages, page]);
}

function pagesOf(file: Buffer): ParsedPage[] {
  const pages: ParsedPage[] = [];
  for (let offset = 0; offset < file.length; ) {
    const page = parsePage(file, offset);
    if ("fault" in page) throw new Error(`${page.fault} at ${offset}`);
    pages.push(page);
    offset += page.bytes;
  }
  return pages;
}

describe("Ogg pages", () => {
  it("come out as they went in, whatever the packets' sizes", () => {
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

  it("have the checksum that RFC 3533 asks for", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 27, maxLength: 300 }), (bytes) => {
        expect(oggCrc(Buffer.from(bytes))).toBe(bitwiseCrc(Buffer.from(bytes)));
      }),
    );
  });
});

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

describe("OggOpusWriter", () => {
  it("writes what the check finds nothing against, with every packet at its place", () => {
    fc.assert(
      fc.property(
        fc.array(opusPacket, { minLength: 1, maxLength: 120 }),
        fc.uniqueArray(fc.nat(119)),
        (packets, flushes) => {
          const report = checkOggOpus(fileOf(packets, new Set(flushes)));
          expect(report.faults).toEqual([]);
          expect(report.durationSamples).toBe(packets.length * 960);
          const [leadIn, ...stored] = report.packets;
          expect(leadIn).toEqual({
            opus: LEAD_IN_PACKET,
            positionSamples: -PRE_SKIP_SAMPLES,
            durationSamples: PRE_SKIP_SAMPLES,
          });
          expect(stored).toEqual(
            packets.map((opus, index) => ({ opus, positionSamples: index * 960, durationSamples: 960 })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("puts a second of audio on a page at the most", () => {
    const pages = pagesOf(fileOf(Array.from({ length: 500 }, () => Buffer.from([0x78, 1, 2]))));
    const steps = pages.slice(2).map((page, index) => page.granulePosition - (pages[index + 1]?.granulePosition ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(48_000);
  });

  it("holds nothing of a packet once it is added: its bytes may be used again", () => {
    const writer = new OggOpusWriter({ serial: 1, vendor: "test", tags: {} });
    const pages = [writer.begin()];
    const reused = Buffer.alloc(1_200);
    const said = Array.from({ length: 60 }, (_, index) => {
      const packet = reused.subarray(0, 20 * index + 3).fill(index);
      packet[0] = 0x78;
      const page = writer.add(packet, 960);
      if (page !== undefined) pages.push(page);
      return packet.toString("hex");
    });
    reused.fill(0xee);
    pages.push(writer.end().page);
    const { packets, faults } = checkOggOpus(Buffer.concat(pages));
    expect(faults).toEqual([]);
    const audible = packets.filter(({ positionSamples }) => positionSamples >= 0);
    expect(audible.map(({ opus }) => opus.toString("hex"))).toEqual(said);
  });

  it("ends once, and not before it has begun", () => {
    const writer = new OggOpusWriter({ serial: 1, vendor: "test", tags: {} });
    expect(() => writer.end()).toThrow("has not begun");
  });
});

describe("a damaged file", () => {
  const file = fileOf(
    Array.from({ length: 200 }, (_, index) => Buffer.from([0x78, index, 2, 3, 4, 5])),
    new Set([3, 50]),
  );

  it("is found out by any flipped bit, anywhere", () => {
    for (let byte = 0; byte < file.length; byte += 1) {
      const damaged = Buffer.from(file);
      damaged[byte] = (damaged[byte] ?? 0) ^ (1 << (byte % 8));
      expect(checkOggOpus(damaged).faults, `bit ${byte % 8} of byte ${byte}`).not.toEqual([]);
    }
  });

  it("is found out wherever it is cut", () => {
    for (let length = 0; length < file.length; length += 1) {
      expect(checkOggOpus(file.subarray(0, length)).faults, `cut at ${length}`).not.toEqual([]);
    }
  });

  it("is found out when pages are missing, doubled or in another order", () => {
    const pages = pagesOf(file).map(({ offset, bytes }) => file.subarray(offset, offset + bytes));
    for (let index = 0; index < pages.length; index += 1) {
      const page = pages[index] ?? file;
      const without = pages.toSpliced(index, 1);
      expect(checkOggOpus(Buffer.concat(without)).faults).not.toEqual([]);
      expect(checkOggOpus(Buffer.concat(pages.toSpliced(index, 0, page))).faults).not.toEqual([]);
      const moved = without.toSpliced((index + 1) % pages.length, 0, page);
      if (index + 1 < pages.length) expect(checkOggOpus(Buffer.concat(moved)).faults).not.toEqual([]);
    }
  });

  it("is found out when its granule positions do not count its samples", () => {
    const [head, tags, ...audio] = pagesOf(file);
    if (head === undefined || tags === undefined) throw new Error("a file has two header pages");
    const rebuilt = [head, tags, ...audio].map((page, index) =>
      buildPage({ ...page, packets: page.pieces, granulePosition: page.granulePosition + (index === 4 ? 960 : 0) }),
    );
    expect(checkOggOpus(Buffer.concat(rebuilt)).faults).toEqual([
      expect.stringMatching(/granule position \d+, but the packets add up to \d+/),
    ]);
  });
});

describe("a run of one packet", () => {
  const SILENCE = Buffer.from([0xfb, 6]);

  it("is the same packets as one after the other, whatever comes before it and whenever the stream ends", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(1_600)), { maxLength: 4 }), fc.boolean(), (runs, isTakenBack) => {
        const writer = new OggOpusWriter({ serial: 1, vendor: "test", tags: {} });
        const pieces = [writer.begin()];
        const speech = Buffer.from([0x78, 1, 2, 3]);
        for (const [packets, silences] of runs) {
          for (let index = 0; index < packets; index += 1) {
            const page = writer.add(speech, 960);
            if (page !== undefined) pieces.push(page);
          }
          pieces.push(...takenFrom(writer.addRun(SILENCE, 5_760, silences)));
        }
        const expected = runs.flatMap(([packets, silences]) => [
          ...Array<string>(packets).fill("speech"),
          ...Array<string>(silences).fill("silence"),
        ]);
        if (isTakenBack) writer.takeBack();
        const { page, replacesLast } = writer.end();
        if (replacesLast) expect(pieces.pop()).toHaveLength(page.length);
        const report = checkOggOpus(Buffer.concat([...pieces, page]));
        expect(report.faults).toEqual([]);
        const heard = report.packets.slice(1).map(({ opus }) => (opus.length === 2 ? "silence" : "speech"));
        expect(heard).toEqual(expected.slice(0, heard.length));
        // What is taken back was on no page.
        expect(expected.length - heard.length).toBeLessThan(isTakenBack ? 51 : 1);
      }),
      { numRuns: 300 },
    );
  });

  it("of four hours is made when it is taken, as many pages at a time as are asked for", () => {
    const writer = new OggOpusWriter({ serial: 1, vendor: "test", tags: {} });
    writer.begin();
    const pieces = writer.addRun(SILENCE, 5_760, (4 * 3_600 * 1_000) / 120);
    expect(pieces.length).toBeLessThan(5);
    const [run] = pieces.filter((piece) => piece instanceof PageRun);
    const before = run?.left ?? 0;
    expect(pagesOf(run?.take(100) ?? Buffer.alloc(0))).toHaveLength(100);
    expect(before - (run?.left ?? 0)).toBe(100);
  });
});

/** Some pages at a time. */
function takenFrom(pieces: readonly (Buffer | PageRun)[]): Buffer[] {
  return pieces.flatMap((piece) => {
    if (!(piece instanceof PageRun)) return [piece];
    const taken: Buffer[] = [];
    while (piece.left > 0) taken.push(piece.take(7));
    return taken;
  });
}

describe("fillGap", () => {
  it("fills any gap to within 2.5 ms with packets that decoders accept, and none of no bytes", () => {
    fc.assert(
      fc.property(
        fc.nat(3_000_000),
        fc.nat(7),
        fc.option(fc.constantFrom(0x78, 0x7b, 0x0b, 0x63, 0xfc), { nil: undefined }),
        (gap, lost, toc) => {
          const before = toc === undefined ? undefined : { toc, durationSamples: 2_880 };
          const { runs, concealedSamples } = fillGap(gap, { before, lost });
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

  it("takes under a megabyte for four hours", () => {
    const { runs } = fillGap(4 * 3_600 * 48_000, { before: undefined, lost: 0 });
    const bytes = runs.reduce((sum, { packet, count }) => sum + count * (packet.length + 1), 0);
    expect(bytes).toBeLessThan(750_000);
  });
});

it("A file begins whatever its tags are: each is cut to 1,024 bytes, between characters.", () => {
  const writer = new OggOpusWriter({ serial: 1, vendor: "test", tags: { TITLE: "🎵".repeat(100_000), ARTIST: "Ada" } });
  const pages = [writer.begin()];
  writer.add(Buffer.from([0x78, 1, 2]), 960);
  const file = Buffer.concat([...pages, writer.end().page]);
  expect(checkOggOpus(file).faults).toEqual([]);
  const [, comments] = pagesOf(file);
  expect([...readOpusTags(comments?.pieces[0])]).toEqual([
    ["TITLE", "🎵".repeat(256)],
    ["ARTIST", "Ada"],
  ]);
});
