import { frameSamplesOfToc, parseOpusPacket } from "../../src/audio/opus-packet.ts";

/** An Opus packet and its place in its file's audio, as a decoder counts it. */
export interface PlacedPacket {
  readonly opus: Buffer;
  /** Samples of 48 kHz before it, in all packets of the file before it, less the pre-skip. */
  readonly placeSamples: number;
}

/** RFC 3533 §6: header up to and including the number of segments. */
const PAGE_HEADER_BYTES = 27;
const FIRST_AUDIO_PAGE = 2;

/**
 * The packets of an Ogg Opus file (RFC 3533, RFC 7845), whoever wrote it. A reader apart from the product's own, so
 * that no misunderstanding can cancel itself out; it looks at no checksum, because the recipe writes none.
 *
 * @throws Error if the file is not made of whole pages with whole packets
 */
export function readOggPackets(file: Buffer): PlacedPacket[] {
  const packets: PlacedPacket[] = [];
  let placeSamples = 0;
  let page = 0;
  for (let offset = 0; offset < file.length; page += 1) {
    const { pieces, nextOffset } = readPage(file, offset);
    offset = nextOffset;
    if (page === 0) placeSamples = -(pieces[0]?.readUInt16LE(10) ?? 0); // RFC 7845 §5.1: pre-skip
    if (page < FIRST_AUDIO_PAGE) continue;
    for (const opus of pieces) {
      packets.push({ opus, placeSamples });
      placeSamples += durationOf(opus);
    }
  }
  return packets;
}

/** Its decoded duration; noise that is not Opus counts as one frame of the size in its TOC byte. */
function durationOf(opus: Buffer): number {
  return parseOpusPacket(opus)?.durationSamples ?? frameSamplesOfToc(opus[0] ?? 0);
}

function readPage(file: Buffer, offset: number): { pieces: Buffer[]; nextOffset: number } {
  if (file.toString("latin1", offset, offset + 4) !== "OggS") throw new Error(`no Ogg page at byte ${offset}`);
  const bodyOffset = offset + PAGE_HEADER_BYTES + file.readUInt8(offset + PAGE_HEADER_BYTES - 1);
  const pieces: Buffer[] = [];
  let start = bodyOffset;
  let end = bodyOffset;
  for (const length of file.subarray(offset + PAGE_HEADER_BYTES, bodyOffset)) {
    end += length;
    if (length === 255) continue;
    pieces.push(file.subarray(start, end));
    start = end;
  }
  if (end > file.length || start !== end) throw new Error(`the Ogg page at byte ${offset} is not whole`);
  return { pieces, nextOffset: end };
}
