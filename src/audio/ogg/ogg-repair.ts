import { checkOggOpus, type StoredPacket } from "./ogg-check.ts";
import { readOpusTags } from "./ogg-opus.ts";
import { markEndOfStream, PAGE_END_OF_STREAM, type ParsedPage, parsePage } from "./ogg-page.ts";

/** What has to be done to a file that was cut off, so that it is a whole Ogg Opus stream. */
export interface OggRepair {
  /** Bytes of the file that stay: up to the end of its last whole page. */
  readonly keepBytes: number;
  /** What is to be written at `atByte`: the last page with the end-of-stream flag. Undefined if it is set. */
  readonly lastPage: { readonly atByte: number; readonly page: Buffer } | undefined;
  readonly durationSamples: number;
  readonly packets: readonly StoredPacket[];
  /** The comment header's fields. */
  readonly tags: ReadonlyMap<string, string>;
}

/** Two header pages come before the audio (RFC 7845 §3). */
const HEADER_PAGES = 2;

/**
 * Finds the whole pages at the beginning of a file that a kill or a full disk has cut off.
 *
 * @returns undefined if not one page of audio is whole
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

/** Pages from the first on, as long as they are whole and follow each other. */
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
