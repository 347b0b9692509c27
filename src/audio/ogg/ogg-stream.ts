import { InputError } from "../../errors.ts";
import { PAGE_FAULTS } from "./ogg-check.ts";
import { PAGE_CONTINUED, PAGE_END_OF_STREAM, type ParsedPage, parsePage } from "./ogg-page.ts";

/** Two header pages come before the audio (RFC 7845 §3). */
const HEADER_PAGES = 2;

/**
 * Extracts the packets from an Ogg Opus file that arrives in pieces, so a long file is never in memory as a whole. Each
 * page's CRC and number are checked.
 */
export class OggOpusStream {
  /** Samples at the start that a player skips (RFC 7845 §4.2); known with the first packets. */
  preSkipSamples = 0;
  #rest: Buffer = Buffer.alloc(0);
  #offset = 0;
  #pages = 0;
  #ended = false;

  /**
   * @returns the packets of the pages that are complete now
   * @throws InputError naming the byte if the file is damaged
   */
  push(bytes: Buffer): Buffer[] {
    const file = Buffer.concat([this.#rest, bytes]);
    const packets: Buffer[] = [];
    let taken = 0;
    while (taken < file.length) {
      const page = parsePage(file, taken);
      if ("fault" in page) {
        if (page.fault === "truncated") break;
        throw this.#damaged(taken, PAGE_FAULTS[page.fault]);
      }
      packets.push(...this.#packetsOf(page));
      taken += page.bytes;
    }
    this.#rest = file.subarray(taken);
    this.#offset += taken;
    return packets;
  }

  /** @throws InputError if the file is incomplete */
  end(): void {
    if (this.#rest.length > 0) throw this.#damaged(0, PAGE_FAULTS.truncated);
    if (!this.#ended) throw this.#damaged(0, "the file has no end-of-stream page");
  }

  #packetsOf(page: ParsedPage): readonly Buffer[] {
    const number = this.#pages;
    this.#pages += 1;
    if (page.pageSequence !== number) {
      throw this.#damaged(page.offset, `page number ${page.pageSequence}, expected ${number}`);
    }
    if (page.open || (page.headerType & PAGE_CONTINUED) !== 0) {
      throw this.#damaged(page.offset, "a packet spans pages");
    }
    this.#ended = (page.headerType & PAGE_END_OF_STREAM) !== 0;
    if (number === 0) this.preSkipSamples = this.#preSkipOf(page);
    return number < HEADER_PAGES ? [] : page.pieces;
  }

  /** RFC 7845 §5.1. */
  #preSkipOf({ offset, pieces: [head] }: ParsedPage): number {
    if (head === undefined || head.length < 19 || head.toString("latin1", 0, 8) !== "OpusHead") {
      throw this.#damaged(offset, "the first page holds no OpusHead");
    }
    return head.readUInt16LE(10);
  }

  #damaged(offset: number, text: string): InputError {
    return new InputError(`byte ${this.#offset + offset}: ${text}`);
  }
}
