import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import { LEAD_IN_PACKET, OggOpusWriter, PRE_SKIP_SAMPLES, readOpusTags } from "../../../src/audio/ogg/ogg-opus.ts";
import { PageRun } from "../../../src/audio/ogg/ogg-page.ts";
import { oggOpusFile, pagesOf } from "../../support/ogg-pages.ts";

/** 20 ms packets of any size that RFC 6716 allows. */
const opusPacket = fc.uint8Array({ minLength: 0, maxLength: 1_275 }).map((bytes) => Buffer.from([0x78, ...bytes]));

const OPTIONS = { serial: 0x1234_5678, vendor: "test", tags: { TITLE: "ü", ARTIST: "=" } };
const PACKET = Buffer.from([0x78, 1, 2]);
const hexOf = (bytes: Buffer | string): string => Buffer.from(bytes).toString("hex");

describe("OggOpusWriter", () => {
  it("writes a file that passes the check, with every packet in its place", () => {
    fc.assert(
      fc.property(
        fc.array(opusPacket, { minLength: 1, maxLength: 120 }),
        fc.uniqueArray(fc.nat(119)),
        (packets, flushes) => {
          const report = checkOggOpus(oggOpusFile(packets, new Set(flushes)));
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

  it("keeps no reference to a packet after adding it, so the caller may reuse its bytes", () => {
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

  it("begins with the two headers, byte for byte as in RFC 7845 §5", () => {
    const [head, comments, ...more] = pagesOf(new OggOpusWriter(OPTIONS).begin());
    expect(more).toEqual([]);
    expect(head).toMatchObject({ headerType: 2, granulePosition: 0, serial: 0x1234_5678, pageSequence: 0 });
    expect(comments).toMatchObject({ headerType: 0, granulePosition: 0, serial: 0x1234_5678, pageSequence: 1 });
    // "OpusHead", version 1, 2 channels, pre-skip 120, 48 kHz, no gain, mapping family 0.
    expect(head?.pieces.map(hexOf)).toEqual([`${hexOf("OpusHead")}01027800${"80bb0000"}000000`]);
    expect(comments?.pieces.map(hexOf)).toEqual([
      [
        hexOf("OpusTags"),
        "04000000",
        hexOf("test"),
        "02000000",
        "08000000",
        hexOf("TITLE=ü"),
        "08000000",
        hexOf("ARTIST=="),
      ].join(""),
    ]);
  });

  it("puts one second of audio on a page, and no packet that crosses the boundary", () => {
    const pages = pagesOf(oggOpusFile(Array.from({ length: 149 }, () => Buffer.from([0x78, 1, 2]))));
    expect(pages.slice(2).map(({ granulePosition }) => granulePosition)).toEqual([
      PRE_SKIP_SAMPLES + 49 * 960,
      PRE_SKIP_SAMPLES + 99 * 960,
      PRE_SKIP_SAMPLES + 149 * 960,
    ]);
  });

  it("starts another page when the segments of one are used up", () => {
    // 6 segments each: 42 of them and the lead-in's one are 253 of 255.
    const pages = pagesOf(oggOpusFile(Array.from({ length: 45 }, () => Buffer.alloc(1_276, 0x78))));
    expect(pages.slice(2).map(({ pieces }) => pieces.length)).toEqual([43, 3]);
  });

  it("counts the samples that a player plays, whether they are on a page yet or not", () => {
    const writer = new OggOpusWriter(OPTIONS);
    writer.begin();
    expect(writer.samples).toBe(0);
    writer.add(PACKET, 960);
    expect(writer.samples).toBe(960);
    writer.flush();
    writer.add(PACKET, 960);
    expect(writer.samples).toBe(1_920);
  });

  it("has no page to flush if no packet is waiting", () => {
    const writer = new OggOpusWriter(OPTIONS);
    writer.begin();
    expect(writer.flush()).toBeDefined();
    expect(writer.flush()).toBeUndefined();
  });

  it("ends with the waiting packets, or repeats its last page, with the end-of-stream flag", () => {
    const waiting = new OggOpusWriter(OPTIONS);
    waiting.begin();
    expect(waiting.end()).toMatchObject({ replacesLast: false });
    const flushed = new OggOpusWriter(OPTIONS);
    flushed.begin();
    const last = flushed.flush();
    const { page, replacesLast } = flushed.end();
    expect(replacesLast).toBe(true);
    expect(page).toHaveLength(last?.length ?? 0);
    expect(pagesOf(page)).toMatchObject([{ headerType: 4, pageSequence: 2, pieces: [LEAD_IN_PACKET] }]);
  });

  it("takes back what is not on a page yet, except the lead-in", () => {
    const writer = new OggOpusWriter(OPTIONS);
    const pages = [writer.begin()];
    writer.add(PACKET, 960);
    expect(writer.takeBackUnwritten()).toBe(960);
    expect(writer.samples).toBe(0);
    writer.add(PACKET, 960);
    pages.push(writer.flush() ?? Buffer.alloc(0));
    writer.add(PACKET, 960);
    writer.add(PACKET, 960);
    expect(writer.takeBackUnwritten()).toBe(1_920);
    expect(writer.samples).toBe(960);
    writer.add(PACKET, 960);
    pages.push(writer.end().page);
    const { faults, packets, durationSamples } = checkOggOpus(Buffer.concat(pages));
    expect(faults).toEqual([]);
    expect(packets.map(({ opus }) => opus)).toEqual([LEAD_IN_PACKET, PACKET, PACKET]);
    expect(durationSamples).toBe(1_920);
  });

  it("does not end before it has begun", () => {
    expect(() => new OggOpusWriter(OPTIONS).end()).toThrow("the Ogg stream has not begun");
  });
});

describe("a run of one packet", () => {
  const SILENCE = Buffer.from([0xfb, 6]);

  it("equals the same packets added one by one, whatever comes before and whenever the stream ends", () => {
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
        if (isTakenBack) writer.takeBackUnwritten();
        const { page, replacesLast } = writer.end();
        if (replacesLast) expect(pieces.pop()).toHaveLength(page.length);
        const report = checkOggOpus(Buffer.concat([...pieces, page]));
        expect(report.faults).toEqual([]);
        const heard = report.packets.slice(1).map(({ opus }) => (opus.length === 2 ? "silence" : "speech"));
        expect(heard).toEqual(expected.slice(0, heard.length));
        // The packets taken back were not on a page yet.
        expect(expected.length - heard.length).toBeLessThan(isTakenBack ? 51 : 1);
      }),
      { numRuns: 300 },
    );
  });

  it("of four hours is made on demand, as many pages at a time as requested", () => {
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

it("In a long run, a page holds 255 of the shortest packets.", () => {
  const writer = new OggOpusWriter(OPTIONS);
  const pages = [writer.begin(), ...takenFrom(writer.addRun(LEAD_IN_PACKET, 120, 255 * 61)), writer.end().page];
  pages.splice(-2, 1); // the last one again, with the end-of-stream flag
  const file = Buffer.concat(pages);
  expect(checkOggOpus(file).faults).toEqual([]);
  expect(
    new Set(
      pagesOf(file)
        .slice(3)
        .map(({ pieces }) => pieces.length),
    ),
  ).toEqual(new Set([255]));
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

describe("readOpusTags", () => {
  const length = (bytes: number): Buffer => Buffer.of(bytes, 0, 0, 0);
  const field = (text: string): Buffer => Buffer.concat([length(Buffer.byteLength(text)), Buffer.from(text)]);
  const header = (...fields: readonly string[]): Buffer =>
    Buffer.concat([Buffer.from("OpusTags"), field("vendor=x"), length(fields.length), ...fields.map(field)]);

  it("gives the fields by name, the last one if a name repeats, and ignores what is not a field", () => {
    expect([...readOpusTags(header("A=1", "B=x=y", "A=ü", "C=", "no field", "=nameless"))]).toEqual([
      ["A", "ü"],
      ["B", "x=y"],
      ["C", ""],
    ]);
  });

  it("gives the complete fields, wherever a header is cut off", () => {
    const whole = header("A=1", "B=2");
    const fieldsOf = (bytes: number): string[] => [...readOpusTags(whole.subarray(0, bytes)).keys()];
    const afterA = whole.length - 7;
    for (let bytes = 0; bytes <= whole.length; bytes += 1) {
      expect(fieldsOf(bytes), `cut at ${bytes}`).toEqual(
        bytes === whole.length ? ["A", "B"] : bytes >= afterA ? ["A"] : [],
      );
    }
  });

  it("reads nothing if there is no comment header", () => {
    expect(readOpusTags(undefined).size).toBe(0);
    expect(readOpusTags(Buffer.concat([Buffer.from("OpusTagz"), header("A=1").subarray(8)])).size).toBe(0);
  });
});

it("A file can begin with any tags: each is cut to 1,024 bytes, between characters.", () => {
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
