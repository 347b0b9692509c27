import { isSilencePacket, parseOpusPacket } from "../opus-packet.ts";
import { PRE_SKIP_SAMPLES } from "./ogg-opus.ts";
import { PAGE_BEGIN_OF_STREAM, PAGE_CONTINUED, PAGE_END_OF_STREAM, type ParsedPage, parsePage } from "./ogg-page.ts";

/** An Opus packet that was read from a file. */
export interface OggPacket {
  readonly opus: Buffer;
  /** The playback position of its first sample; negative for the lead-in that pre-skip cuts off. */
  readonly positionSamples: number;
  readonly durationSamples: number;
}

/** Fill is a packet without content, of empty frames, or comfort silence; such packets may also have been received. */
export function mayBeFill({ opus }: OggPacket): boolean {
  return opus.length <= 2 || isSilencePacket(opus);
}

export interface OggOpusCheckResult {
  /**
   * One sentence for each of the first 100 faults, with its byte offset; empty if the file is valid output of this
   * writer.
   */
  readonly faults: readonly string[];
  readonly faultCount: number;
  readonly packets: readonly OggPacket[];
  /** Samples that a player plays. */
  readonly durationSamples: number;
  /** Bytes up to the end of the last intact page. */
  readonly soundBytes: number;
}

export const PAGE_FAULTS = {
  truncated: "the page is cut off",
  capture_pattern: 'no page begins here: "OggS" is missing',
  version: "the page is of another version than 0",
  crc: "the page's checksum does not fit its content",
};

/**
 * Reads an Ogg Opus file from the first byte to the last and checks the requirements of RFC 3533 and RFC 7845 for one
 * stream: intact pages in sequence, headers, consecutive packets, granule positions that count exactly the samples of
 * the packets, end of stream. Never throws.
 *
 * @param endTrimming whether the last page may end a stream within its packets (RFC 7845 §4.4). Encoders of whole files
 *   do that; this writer does not
 */
export function checkOggOpus(file: Buffer, { endTrimming = false } = {}): OggOpusCheckResult {
  const check = new StreamCheck(endTrimming);
  let offset = 0;
  while (offset < file.length) {
    const page = parsePage(file, offset);
    if ("fault" in page) {
      check.fault(page.offset, PAGE_FAULTS[page.fault]);
      break;
    }
    check.page(page);
    offset = page.offset + page.bytes;
  }
  return check.finish(offset);
}

/** A file of millions of small pages could have a fault in each. */
const MAX_FAULTS_KEPT = 100;

class StreamCheck {
  readonly #endTrimming: boolean;
  readonly #faults: string[] = [];
  #faultCount = 0;
  readonly #packets: OggPacket[] = [];
  #pages = 0;
  #serial = 0;
  #granulePosition = 0;
  #preSkipSamples = PRE_SKIP_SAMPLES;
  #ended = false;

  constructor(endTrimming: boolean) {
    this.#endTrimming = endTrimming;
  }

  fault(offset: number, text: string): void {
    this.#faultCount += 1;
    if (this.#faults.length < MAX_FAULTS_KEPT) this.#faults.push(`byte ${offset}: ${text}`);
  }

  page(page: ParsedPage): void {
    if (this.#ended) this.fault(page.offset, "a page follows the end of the stream");
    if (page.pageSequence !== this.#pages) {
      this.fault(page.offset, `page number ${page.pageSequence}, expected ${this.#pages}`);
    }
    if (this.#pages === 0) this.#serial = page.serial;
    else if (page.serial !== this.#serial) this.fault(page.offset, "the page belongs to another stream");
    if (page.open || (page.headerType & PAGE_CONTINUED) !== 0) this.fault(page.offset, "a packet spans pages");
    const begins = (page.headerType & PAGE_BEGIN_OF_STREAM) !== 0;
    if (begins !== (this.#pages === 0))
      this.fault(page.offset, "the begin-of-stream flag must be on the first page and on no other");
    this.#ended = (page.headerType & PAGE_END_OF_STREAM) !== 0;

    if (this.#pages === 0) this.#head(page);
    else if (this.#pages === 1) this.#tags(page);
    else this.#audio(page);
    this.#pages += 1;
  }

  finish(soundBytes: number): OggOpusCheckResult {
    if (!this.#ended) this.fault(soundBytes, "the file has no end-of-stream page");
    const durationSamples = Math.max(0, this.#granulePosition - this.#preSkipSamples);
    return {
      faults: this.#faults,
      faultCount: this.#faultCount,
      packets: this.#packets,
      durationSamples,
      soundBytes,
    };
  }

  /** RFC 7845 §5.1. */
  #head(page: ParsedPage): void {
    const head = page.pieces[0];
    if (head === undefined || head.length < 19 || head.toString("latin1", 0, 8) !== "OpusHead") {
      this.fault(page.offset, "the first page holds no OpusHead");
      return;
    }
    this.#preSkipSamples = head.readUInt16LE(10);
    this.#granule(page, 0);
  }

  /** RFC 7845 §5.2. */
  #tags(page: ParsedPage): void {
    if (page.pieces[0]?.toString("latin1", 0, 8) !== "OpusTags")
      this.fault(page.offset, "the second page holds no OpusTags");
    this.#granule(page, 0);
  }

  #audio(page: ParsedPage): void {
    let samples = 0;
    for (const opus of page.pieces) {
      const info = parseOpusPacket(opus);
      if (info === undefined) {
        this.fault(page.offset, `packet ${this.#packets.length} is not valid Opus`);
        continue;
      }
      const positionSamples = this.#granulePosition + samples - this.#preSkipSamples;
      this.#packets.push({ opus, positionSamples, durationSamples: info.durationSamples });
      samples += info.durationSamples;
    }
    this.#granule(page, samples);
  }

  /** RFC 7845 §4: the samples in all packets that end on this page or before. */
  #granule(page: ParsedPage, samples: number): void {
    const before = this.#granulePosition;
    const expected = before + samples;
    const { granulePosition } = page;
    const isTrimmed = this.#endTrimming && this.#ended && granulePosition >= before && granulePosition < expected;
    if (granulePosition !== expected && !isTrimmed) {
      this.fault(page.offset, `granule position ${granulePosition}, but the packets add up to ${expected}`);
    }
    this.#granulePosition = isTrimmed ? granulePosition : expected;
  }
}
