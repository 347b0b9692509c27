import { OggOpusWriter } from "../../src/audio/ogg/ogg-opus.ts";
import { PageBuilder, type PageHeader, type ParsedPage, parsePage } from "../../src/audio/ogg/ogg-page.ts";

/** One page that holds whole packets. */
export function buildPage({ packets, ...header }: PageHeader & { readonly packets: readonly Buffer[] }): Buffer {
  const builder = new PageBuilder();
  for (const packet of packets) builder.add(packet);
  return builder.build(header);
}

/** The pages of a whole file. */
export function pagesOf(file: Buffer): ParsedPage[] {
  const pages: ParsedPage[] = [];
  for (let offset = 0; offset < file.length; ) {
    const page = parsePage(file, offset);
    if ("fault" in page) throw new Error(`${page.fault} at ${offset}`);
    pages.push(page);
    offset += page.bytes;
  }
  return pages;
}

/** A whole file of 20 ms packets; after those in `flushAfter` a page ends early. */
export function oggOpusFile(packets: readonly Buffer[], flushAfter: ReadonlySet<number> = new Set()): Buffer {
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
