import { checkOggOpus, type OggPacket } from "./ogg-check.ts";
import { readOpusTags } from "./ogg-opus.ts";
import { markEndOfStream, PAGE_END_OF_STREAM, type ParsedPage, parsePage } from "./ogg-page.ts";

/** The changes that turn a truncated file into a complete Ogg Opus stream. */
export interface OggRepair {
  /** Bytes of the file to keep: up to the end of its last intact page. */
  readonly keepBytes: number;
  /** The data to write at `atByte`: the last page with the end-of-stream flag. Undefined if the flag is set. */
  readonly lastPage: { readonly atByte: number; readonly page: Buffer } | undefined;
  readonly durationSamples: number;
  readonly packets: readonly OggPacket[];
  /** The comment header's fields. */
  readonly tags: ReadonlyMap<string, string>;
}

/** Two header pages come before the audio (RFC 7845 §3). */
const HEADER_PAGES = 2;

/**
 * Finds the intact pages at the beginning of a file that a kill or a full disk has cut off.
 *
 * @returns undefined if no page of audio is intact
 */
export function planOggRepair(file: Buffer): OggRepair | undefined {
  const pages = wholePages(file);
  const last = pages.at(-1);
  if (last === undefined || pages.length <= HEADER_PAGES) return undefined;
  const keepBytes = last.offset + last.bytes;
  const ended = (last.headerType & PAGE_END_OF_STREAM) !== 0;
  const { durationSamples, packets } = checkOggOpus(file.subarray(0, keepBytes));
  return {
    keepBytes,
    lastPage: ended ? undefined : { atByte: last.offset, page: markEndOfStream(file.subarray(last.offset, keepBytes)) },
    durationSamples,
    packets,
    tags: readOpusTags(pages[1]?.pieces[0]),
  };
}

/** The pages from the first one, as long as they are intact and consecutive. */
function wholePages(file: Buffer): ParsedPage[] {
  const pages: ParsedPage[] = [];
  for (let offset = 0; offset < file.length; ) {
    const page = parsePage(file, offset);
    if ("fault" in page || page.open || page.pageSequence !== pages.length) break;
    pages.push(page);
    offset += page.bytes;
  }
  return pages;
}
