import { describe, expect, it } from "vitest";
import { checkOggOpus, mayBeFill } from "../../../src/audio/ogg/ogg-check.ts";
import { buildPage, oggOpusFile, pagesOf } from "../../support/ogg-pages.ts";

describe("a damaged file", () => {
  const file = oggOpusFile(
    Array.from({ length: 200 }, (_, index) => Buffer.from([0x78, index, 2, 3, 4, 5])),
    new Set([3, 50]),
  );

  it("is detected if any bit is flipped", () => {
    for (let byte = 0; byte < file.length; byte += 1) {
      const damaged = Buffer.from(file);
      damaged[byte] = (damaged[byte] ?? 0) ^ (1 << (byte % 8));
      expect(checkOggOpus(damaged).faults, `bit ${byte % 8} of byte ${byte}`).not.toEqual([]);
    }
  });

  it("is detected wherever it is cut", () => {
    for (let length = 0; length < file.length; length += 1) {
      expect(checkOggOpus(file.subarray(0, length)).faults, `cut at ${length}`).not.toEqual([]);
    }
  });

  it("is detected if pages are missing, duplicated or out of order", () => {
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

  it("is detected if its granule positions do not match its samples", () => {
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

describe("checkOggOpus", () => {
  const PACKETS = Array.from({ length: 60 }, (_, index) => Buffer.from([0x78, index, 2, 3]));
  const file = oggOpusFile(PACKETS, new Set([20]));
  const pages = pagesOf(file).map(({ pieces, ...page }) => ({ ...page, packets: pieces }));
  type Page = (typeof pages)[number];
  const [head, tags, first, last] = pages.map(({ offset }) => offset);

  const opusHead = pages[0]?.packets[0] ?? Buffer.alloc(0);

  /** Report on the file with one of its four pages changed: the headers, and two of audio. */
  const reportWith = (index: number, change: (page: Page) => Partial<Page>) =>
    checkOggOpus(Buffer.concat(pages.map((page, at) => buildPage({ ...page, ...(at === index ? change(page) : {}) }))));

  it("gives each packet, its playback position, and how much of the file is intact", () => {
    const { packets, ...report } = checkOggOpus(file);
    expect(report).toEqual({ faults: [], faultCount: 0, durationSamples: 60 * 960, soundBytes: file.length });
    expect(packets).toEqual([
      { opus: Buffer.of(0xe0), positionSamples: -120, durationSamples: 120 },
      ...PACKETS.map((opus, index) => ({ opus, positionSamples: index * 960, durationSamples: 960 })),
    ]);
  });

  it("takes the pre-skip from the header", () => {
    const changed = Buffer.from(opusHead);
    changed.writeUInt16LE(312, 10);
    const { faults, durationSamples, packets } = reportWith(0, () => ({ packets: [changed] }));
    expect(faults).toEqual([]);
    expect(durationSamples).toBe(60 * 960 + 120 - 312);
    expect(packets[1]?.positionSamples).toBe(120 - 312);
  });

  it.each<[string, number, (page: Page) => Partial<Page>, string[]]>([
    ["a page of another number", 3, () => ({ pageSequence: 7 }), [`byte ${last}: page number 7, expected 3`]],
    ["a page of another stream", 2, () => ({ serial: 1 }), [`byte ${first}: the page belongs to another stream`]],
    ["a packet from the page before", 2, () => ({ headerType: 1 }), [`byte ${first}: a packet spans pages`]],
    [
      "two first pages",
      2,
      () => ({ headerType: 2 }),
      [`byte ${first}: the begin-of-stream flag must be on the first page and on no other`],
    ],
    [
      "no first page",
      0,
      () => ({ headerType: 0 }),
      [`byte ${head}: the begin-of-stream flag must be on the first page and on no other`],
    ],
    [
      "an end before the last page",
      2,
      () => ({ headerType: 4 }),
      [`byte ${last}: a page follows the end of the stream`],
    ],
    ["no end", 3, () => ({ headerType: 0 }), [`byte ${file.length}: the file has no end-of-stream page`]],
    ["no header", 0, () => ({ packets: [] }), [`byte ${head}: the first page holds no OpusHead`]],
    [
      "a short header",
      0,
      () => ({ packets: [opusHead.subarray(0, 18)] }),
      [`byte ${head}: the first page holds no OpusHead`],
    ],
    [
      "another header",
      0,
      () => ({ packets: [Buffer.from(opusHead).fill("OpusTags", 0, 8)] }),
      [`byte ${head}: the first page holds no OpusHead`],
    ],
    ["no tags", 1, () => ({ packets: [] }), [`byte ${tags}: the second page holds no OpusTags`]],
    ["other tags", 1, () => ({ packets: [opusHead] }), [`byte ${tags}: the second page holds no OpusTags`]],
    [
      "a header that counts samples",
      0,
      () => ({ granulePosition: 9 }),
      [`byte ${head}: granule position 9, but the packets add up to 0`],
    ],
    [
      "tags that count samples",
      1,
      () => ({ granulePosition: 9 }),
      [`byte ${tags}: granule position 9, but the packets add up to 0`],
    ],
    [
      "a packet that is not Opus, and the samples it should have had",
      2,
      ({ packets }) => ({ packets: packets.with(3, Buffer.of(0x79, 1, 2, 3)) }),
      [
        `byte ${first}: packet 3 is not valid Opus`,
        `byte ${first}: granule position ${120 + 21 * 960}, but the packets add up to ${120 + 20 * 960}`,
        `byte ${last}: granule position ${120 + 60 * 960}, but the packets add up to ${120 + 59 * 960}`,
      ],
    ],
  ])("finds %s", (_, index, change, faults) => expect(reportWith(index, change).faults).toEqual(faults));

  it.each([
    ["that is cut off", file.subarray(0, -1), "the page is cut off"],
    [
      "that is damaged",
      Buffer.concat([file.subarray(0, -1), Buffer.of(0xee)]),
      "the page's checksum does not fit its content",
    ],
    [
      "of another kind",
      Buffer.concat([file.subarray(0, last), Buffer.alloc(100)]),
      'no page begins here: "OggS" is missing',
    ],
  ])("reads up to a page %s", (_, damaged, sentence) => {
    const { faults, soundBytes, packets } = checkOggOpus(damaged);
    expect(faults).toEqual([`byte ${last}: ${sentence}`, `byte ${last}: the file has no end-of-stream page`]);
    expect(soundBytes).toBe(last);
    expect(packets).toHaveLength(22);
  });

  it("reports an empty file as empty", () => {
    expect(checkOggOpus(Buffer.alloc(0))).toEqual({
      faults: ["byte 0: the file has no end-of-stream page"],
      faultCount: 1,
      packets: [],
      durationSamples: 0,
      soundBytes: 0,
    });
  });
});

it("A packet counts as possible fill if it has no content, only empty frames, or comfort silence.", () => {
  const mayBe = ["e0", "fb06", "f8fffe", "780102", "f8fffd"].filter((hex) =>
    mayBeFill({ opus: Buffer.from(hex, "hex"), positionSamples: 0, durationSamples: 960 }),
  );
  expect(mayBe).toEqual(["e0", "fb06", "f8fffe"]);
});
