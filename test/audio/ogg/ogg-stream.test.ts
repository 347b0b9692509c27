import { describe, expect, it } from "vitest";
import { LEAD_IN_PACKET } from "../../../src/audio/ogg/ogg-opus.ts";
import { OggOpusStream } from "../../../src/audio/ogg/ogg-stream.ts";
import { InputError } from "../../../src/errors.ts";
import { buildPage, oggOpusFile, pagesOf } from "../../support/ogg-pages.ts";

const PACKETS = Array.from({ length: 60 }, (_, index) => Buffer.from([0x78, index, 2, 3]));
const FILE = oggOpusFile(PACKETS, new Set([20]));
const PAGES = pagesOf(FILE).map(({ pieces, ...page }) => ({ ...page, packets: pieces }));

const NO_HEAD = "byte 0: the first page holds no OpusHead";

/** Pushes the file in pieces, and ends it. */
function read(file: Buffer, pieceBytes = file.length) {
  const stream = new OggOpusStream();
  const packets: Buffer[] = [];
  for (let from = 0; from < file.length; from += pieceBytes) {
    packets.push(...stream.push(file.subarray(from, from + pieceBytes)));
  }
  stream.end();
  return { packets, preSkipSamples: stream.preSkipSamples };
}

/** The file with some of its pages changed. */
const rebuilt = (change: (page: (typeof PAGES)[number], index: number) => Partial<(typeof PAGES)[number]>): Buffer =>
  Buffer.concat(PAGES.map((page, index) => buildPage({ ...page, ...change(page, index) })));

describe("OggOpusStream", () => {
  it.each([1, 7, 27, 500, FILE.length])(
    "gives the packets of a file that arrives in pieces of %i bytes",
    (pieceBytes) => {
      expect(read(FILE, pieceBytes)).toEqual({ packets: [LEAD_IN_PACKET, ...PACKETS], preSkipSamples: 120 });
    },
  );

  it("gives a page's packets as soon as the page is complete", () => {
    const stream = new OggOpusStream();
    const ends = PAGES.map(({ offset, bytes }) => offset + bytes);
    const counts = ends.map((end, index) => stream.push(FILE.subarray(ends[index - 1] ?? 0, end)).length);
    expect(counts).toEqual([0, 0, 22, 39]);
  });

  const [audio, next] = [PAGES[2]?.offset ?? 0, PAGES[3]?.offset ?? 0];
  it.each<[string, Buffer, string]>([
    [
      "a damaged byte",
      Buffer.concat([FILE.subarray(0, next - 1), Buffer.of(0xee), FILE.subarray(next)]),
      `byte ${audio}: the page's checksum does not fit its content`,
    ],
    [
      "bytes between pages",
      Buffer.concat([FILE.subarray(0, audio), Buffer.from("no page, but long enough for one")]),
      `byte ${audio}: no page begins here: "OggS" is missing`,
    ],
    [
      "a missing page",
      Buffer.concat([FILE.subarray(0, audio), FILE.subarray(next)]),
      `byte ${audio}: page number 3, expected 2`,
    ],
    [
      "a packet that continues from the page before",
      rebuilt((_, index) => (index === 2 ? { headerType: 1 } : {})),
      `byte ${audio}: a packet spans pages`,
    ],
    ["a first page without a packet", rebuilt((_, index) => (index === 0 ? { packets: [] } : {})), NO_HEAD],
    [
      "a header of another codec",
      rebuilt((page, index) =>
        index === 0 ? { packets: [Buffer.from(page.packets[0] ?? "").fill("Speex   ", 0, 8)] } : {},
      ),
      NO_HEAD,
    ],
    [
      "a header that is too short",
      rebuilt((page, index) => (index === 0 ? { packets: [page.packets[0]?.subarray(0, 18) ?? Buffer.alloc(0)] } : {})),
      NO_HEAD,
    ],
    ["a page that is cut off", FILE.subarray(0, -1), `byte ${next}: the page is cut off`],
    ["no bytes at all", Buffer.alloc(0), "byte 0: the file has no end-of-stream page"],
    ["no last page", FILE.subarray(0, next), `byte ${next}: the file has no end-of-stream page`],
  ])("refuses %s, and says where", (_, file, sentence) => {
    for (const pieceBytes of [1, 100, FILE.length]) {
      expect(() => read(file, pieceBytes)).toThrow(new InputError(sentence));
    }
  });
});
