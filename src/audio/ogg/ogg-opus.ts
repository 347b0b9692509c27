import { cutToBytes } from "../../text/safe-text.ts";
import { MIN_FRAME_SAMPLES, SAMPLES_PER_SECOND } from "../opus-packet.ts";
import {
  MAX_SEGMENTS,
  markEndOfStream,
  PAGE_BEGIN_OF_STREAM,
  PAGE_END_OF_STREAM,
  PageBuilder,
  PageRun,
  segmentsOf,
} from "./ogg-page.ts";

/**
 * Ogg Opus streams, RFC 7845.
 */

/**
 * Most audio that a page holds. A caller that has a clock flushes pages sooner. A kill loses the page that is not flushed
 * yet, so this is also the most that a kill can lose.
 */
const PAGE_SAMPLES = SAMPLES_PER_SECOND;
/** Shorter silence is written at once. */
const FEWEST_PAGES_OF_A_RUN = 60;

/**
 * A player skips the pre-skip at the start (RFC 7845 §4.2), which is meant for an encoder's look-ahead. A recording
 * begins mid-stream and has no look-ahead. The usual 312 would lose the first 6.5 ms of speech, and 0 makes opusinfo
 * refuse the file. So a stream begins with one empty packet of the shortest frame, and the pre-skip covers exactly
 * that.
 */
export const PRE_SKIP_SAMPLES = MIN_FRAME_SAMPLES;
/** Only a TOC byte, which means a 2.5 ms full-band CELT frame that was not sent. RFC 6716 §3.1, §3.2.1. */
export const LEAD_IN_PACKET: Buffer = Buffer.of(0xe0);

/** RFC 7845 §5.1: identification header. */
function opusHead(): Buffer {
  const head = Buffer.alloc(19);
  head.write("OpusHead", 0, "latin1");
  head.writeUInt8(1, 8); // version
  // Discord negotiates two channels; a mono packet decodes to both alike.
  head.writeUInt8(2, 9);
  head.writeUInt16LE(PRE_SKIP_SAMPLES, 10);
  head.writeUInt32LE(SAMPLES_PER_SECOND, 12); // input sample rate, for information only
  // Output gain and channel mapping family are 0: no gain, mono or stereo.
  return head;
}

/**
 * The limit for one value. With the dozen fields of a part, the header fits on one page, whatever people's names are.
 */
const MAX_TAG_BYTES = 1_024;

/**
 * RFC 7845 §5.2: comment header. Field names are ASCII without "="; values are UTF-8, cut to 1,024 bytes.
 */
function opusTags(vendor: string, fields: Readonly<Record<string, string>>): Buffer {
  const comments = Object.entries(fields).map(([name, value]) =>
    lengthPrefixed(`${name}=${cutToBytes(value, MAX_TAG_BYTES)}`),
  );
  const count = Buffer.alloc(4);
  count.writeUInt32LE(comments.length);
  return Buffer.concat([Buffer.from("OpusTags", "latin1"), lengthPrefixed(vendor), count, ...comments]);
}

/**
 * Reads the fields of a comment header (RFC 7845 §5.2). If a name repeats, the last field counts. Truncated fields are
 * left out, and other data has no fields. Never throws.
 */
export function readOpusTags(header: Buffer | undefined): Map<string, string> {
  const fields = new Map<string, string>();
  if (header?.toString("latin1", 0, 8) !== "OpusTags") return fields;
  let offset = 8;
  const text = (): string | undefined => {
    if (offset + 4 > header.length) return undefined;
    const start = offset + 4;
    const end = start + header.readUInt32LE(offset);
    offset = end;
    return end > header.length ? undefined : header.toString("utf8", start, end);
  };
  text(); // the vendor comes first
  offset += 4; // the number of comments: the header's end bounds them too
  for (let comment = text(); comment !== undefined; comment = text()) {
    const equals = comment.indexOf("=");
    if (equals > 0) fields.set(comment.slice(0, equals), comment.slice(equals + 1));
  }
  return fields;
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export interface OggOpusOptions {
  /** Distinguishes logical streams; any 32-bit number. RFC 3533 §6, field 5. */
  readonly serial: number;
  readonly vendor: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The page that ends a stream. */
export interface FinalPage {
  readonly page: Buffer;
  /** Whether it replaces the last returned page, which has the same size. Otherwise it follows that page. */
  readonly replacesLast: boolean;
}

interface WholePages {
  readonly packet: Buffer;
  readonly durationSamples: number;
  readonly perPage: number;
  readonly wholePages: number;
}

/**
 * Turns packets into the pages of one logical stream. Pure; the caller writes the pages to a file.
 *
 * The granule position of a page is the number of samples in all packets that end on it or before (RFC 7845 §4).
 */
export class OggOpusWriter {
  readonly #options: OggOpusOptions;
  readonly #pending = new PageBuilder();
  #pendingSamples = 0;
  #pageSequence = 0;
  #granulePosition = 0;
  #lastPage: Buffer | undefined;

  constructor(options: OggOpusOptions) {
    this.#options = options;
  }

  /** Samples that a player plays so far, including those not on a page yet. */
  get samples(): number {
    return this.#granulePosition + this.#pendingSamples - PRE_SKIP_SAMPLES;
  }

  /** Whether packets wait for a page. */
  get pending(): boolean {
    return !this.#pending.isEmpty;
  }

  /** The two header pages; each header has a page of its own (RFC 7845 §3). */
  begin(): Buffer {
    const { vendor, tags } = this.#options;
    this.#pending.add(opusHead());
    const head = this.#page(PAGE_BEGIN_OF_STREAM);
    this.#pending.add(opusTags(vendor, tags));
    const comments = this.#page(0);
    this.#enqueue(LEAD_IN_PACKET, PRE_SKIP_SAMPLES);
    return Buffer.concat([head, comments]);
  }

  /**
   * Adds a packet, which is copied.
   *
   * @returns the page that was full before it, if any
   */
  add(packet: Buffer, durationSamples: number): Buffer | undefined {
    const isFull = this.#pendingSamples + durationSamples > PAGE_SAMPLES || !this.#pending.hasRoomFor(packet.length);
    const page = isFull ? this.flush() : undefined;
    this.#enqueue(packet, durationSamples);
    return page;
  }

  /**
   * Adds a packet several times. The pages of a long run are made on demand, because making hours of silence at once
   * would block other work.
   *
   * @returns the data for the file, in order; the last piece is one page
   */
  addRun(packet: Buffer, durationSamples: number, count: number): (Buffer | PageRun)[] {
    const pieces: (Buffer | PageRun)[] = [];
    const perPage = Math.floor(Math.min(PAGE_SAMPLES / durationSamples, MAX_SEGMENTS / segmentsOf(packet.length)));
    const wholePages = Math.floor(count / perPage);
    if (wholePages >= FEWEST_PAGES_OF_A_RUN) {
      pieces.push(...optional(this.flush()), ...this.#wholePages({ packet, durationSamples, perPage, wholePages }));
    }
    const single = pieces.length === 0 ? count : count - wholePages * perPage;
    for (let index = 0; index < single; index += 1) pieces.push(...optional(this.add(packet, durationSamples)));
    return pieces;
  }

  /** Puts the waiting packets on a page; undefined if there are none. */
  flush(): Buffer | undefined {
    return this.pending ? this.#audioPage(0) : undefined;
  }

  /**
   * Takes back the packets that wait for a page, except the lead-in.
   *
   * @returns how many samples they had
   */
  takeBackUnwritten(): number {
    const before = this.samples;
    const isFirstPage = this.#lastPage === undefined;
    this.#forgetPending();
    if (isFirstPage) this.#enqueue(LEAD_IN_PACKET, PRE_SKIP_SAMPLES);
    return before - this.samples;
  }

  /**
   * Ends the stream. If no packet waits, it returns the last page again with the end-of-stream flag. A page without
   * packets would be legal (RFC 3533 §6), but opusinfo refuses it.
   *
   * @throws Error if the stream has not begun
   */
  end(): FinalPage {
    if (this.pending) return { page: this.#audioPage(PAGE_END_OF_STREAM), replacesLast: false };
    if (this.#lastPage === undefined) throw new Error("the Ogg stream has not begun");
    return { page: markEndOfStream(this.#lastPage), replacesLast: true };
  }

  /** @returns all pages except the last, and the last, which may be replaced */
  #wholePages({ packet, durationSamples, perPage, wholePages }: WholePages): [PageRun, Buffer] {
    const addPage = (): Buffer => {
      for (let index = 0; index < perPage; index += 1) this.#enqueue(packet, durationSamples);
      return this.#audioPage(0);
    };
    const samplesEach = perPage * durationSamples;
    const run = new PageRun(addPage(), wholePages - 1, samplesEach);
    this.#granulePosition += (wholePages - 2) * samplesEach;
    this.#pageSequence += wholePages - 2;
    return [run, addPage()];
  }

  #enqueue(packet: Buffer, durationSamples: number): void {
    this.#pending.add(packet);
    this.#pendingSamples += durationSamples;
  }

  #audioPage(headerType: number): Buffer {
    this.#granulePosition += this.#pendingSamples;
    this.#pendingSamples = 0;
    this.#lastPage = this.#page(headerType);
    return this.#lastPage;
  }

  #forgetPending(): void {
    this.#pending.clear();
    this.#pendingSamples = 0;
  }

  #page(headerType: number): Buffer {
    const page = this.#pending.build({
      headerType,
      granulePosition: this.#granulePosition,
      serial: this.#options.serial,
      pageSequence: this.#pageSequence,
    });
    this.#pageSequence += 1;
    return page;
  }
}

function optional(page: Buffer | undefined): Buffer[] {
  return page === undefined ? [] : [page];
}
