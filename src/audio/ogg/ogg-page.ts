/**
 * Ogg pages, RFC 3533 §6.
 */

/** RFC 3533 §6: capture pattern "OggS". */
const CAPTURE_PATTERN = Buffer.from("OggS", "latin1");
/** Header up to and including the number of segments. RFC 3533 §6. */
const PAGE_HEADER_BYTES = 27;
export const MAX_SEGMENTS = 255;
/** Granule position, page number and checksum. RFC 3533 §6, fields 4, 6 and 7. */
const GRANULE_OFFSET = 6;
const SEQUENCE_OFFSET = 18;
const CRC_OFFSET = 22;

/** Header type flags. RFC 3533 §6, field 3. */
export const PAGE_CONTINUED = 0x01;
export const PAGE_BEGIN_OF_STREAM = 0x02;
export const PAGE_END_OF_STREAM = 0x04;

/** The header of a page. */
export interface PageHeader {
  readonly headerType: number;
  readonly granulePosition: number;
  readonly serial: number;
  readonly pageSequence: number;
}

/** The number of segments of a packet. RFC 3533 §5: a multiple of 255 bytes needs a closing 0. */
export function segmentsOf(packetBytes: number): number {
  return Math.floor(packetBytes / 255) + 1;
}

/** Size of the largest header that a page can have. */
const MAX_HEADER_BYTES = PAGE_HEADER_BYTES + MAX_SEGMENTS;
/** Half a second of speech at 64 kbit/s; the buffer grows if needed. */
const USUAL_BODY_BYTES = 4_096;
const NO_BYTES = Buffer.alloc(0);

/**
 * Collects complete packets until they make a page. They are copied at once, after the space for the header, so no
 * reference to the input is kept. The buffer is reused for the next page. A new one for each page would live long
 * enough for V8 to move it to the old generation, and collecting that costs as much as 600 packets.
 */
export class PageBuilder {
  readonly #lacing = Buffer.alloc(MAX_SEGMENTS);
  #segments = 0;
  #bytes = NO_BYTES;
  #end = MAX_HEADER_BYTES;

  get isEmpty(): boolean {
    return this.#segments === 0;
  }

  /** Whether the page has enough segments for one more packet of this size. */
  hasRoomFor(packetBytes: number): boolean {
    return this.#segments + segmentsOf(packetBytes) <= MAX_SEGMENTS;
  }

  /** @throws RangeError if the packet does not fit */
  add(packet: Buffer): void {
    if (!this.hasRoomFor(packet.length)) {
      throw new RangeError(
        `an Ogg page holds ${MAX_SEGMENTS} segments, not ${this.#segments + segmentsOf(packet.length)}`,
      );
    }
    let rest = packet.length;
    for (; rest >= 255; rest -= 255) this.#lace(255);
    this.#lace(rest);
    this.#makeRoom(this.#end + packet.length);
    this.#bytes.set(packet, this.#end);
    this.#end += packet.length;
  }

  /** Returns a copy of the page, and empties the builder. */
  build({ headerType, granulePosition, serial, pageSequence }: PageHeader): Buffer {
    const start = MAX_HEADER_BYTES - this.#segments - PAGE_HEADER_BYTES;
    // Do not use Node's buffer pool: a speaker's last page before a pause would keep a slab with others' pages in
    // memory.
    const page = Buffer.allocUnsafeSlow(this.#end - start);
    page.set(this.#bytes.subarray(start, this.#end));
    page.set(CAPTURE_PATTERN, 0);
    page.writeUInt8(0, 4); // stream structure version
    page.writeUInt8(headerType, 5);
    page.writeBigInt64LE(BigInt(granulePosition), GRANULE_OFFSET);
    page.writeUInt32LE(serial, 14);
    page.writeUInt32LE(pageSequence, SEQUENCE_OFFSET);
    page.writeUInt8(this.#segments, 26);
    page.set(this.#lacing.subarray(0, this.#segments), PAGE_HEADER_BYTES);
    page.writeUInt32LE(oggCrc(page), CRC_OFFSET);
    this.clear();
    return page;
  }

  /** Discards the collected packets. */
  clear(): void {
    this.#segments = 0;
    this.#end = MAX_HEADER_BYTES;
  }

  #lace(segmentBytes: number): void {
    this.#lacing[this.#segments] = segmentBytes;
    this.#segments += 1;
  }

  #makeRoom(bytes: number): void {
    const old = this.#bytes;
    if (bytes <= old.length) return;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * old.length, MAX_HEADER_BYTES + USUAL_BODY_BYTES));
    this.#bytes.set(old.subarray(0, this.#end));
  }
}

/**
 * A repeated page. Each copy has the next number, and a granule position `samplesEach` higher. This makes hours of
 * silence, a few pages at a time, without handling each packet.
 */
export class PageRun {
  readonly #page: Buffer;
  readonly #samplesEach: number;
  #left: number;

  /** @param page the first one */
  constructor(page: Buffer, count: number, samplesEach: number) {
    this.#page = Buffer.from(page);
    this.#samplesEach = samplesEach;
    this.#left = count;
  }

  /** The remaining pages. */
  get left(): number {
    return this.#left;
  }

  /** Returns at most this many of the next pages. */
  take(most: number): Buffer {
    const count = Math.min(most, this.#left);
    this.#left -= count;
    const page = this.#page;
    const pages = Buffer.allocUnsafeSlow(page.length * count);
    for (let start = 0; start < pages.length; start += page.length) {
      pages.set(page, start);
      pages.writeUInt32LE(oggCrc(page), start + CRC_OFFSET);
      addUInt32LE(page, SEQUENCE_OFFSET, 1);
      // The upper half of the 64 bits changes about once a day.
      if (addUInt32LE(page, GRANULE_OFFSET, this.#samplesEach)) addUInt32LE(page, GRANULE_OFFSET + 4, 1);
    }
    return pages;
  }
}

/** @returns whether there was a carry */
function addUInt32LE(bytes: Buffer, offset: number, summand: number): boolean {
  const sum = bytes.readUInt32LE(offset) + summand;
  bytes.writeUInt32LE(sum >>> 0, offset);
  return sum > 0xffff_ffff;
}

/** A copy of a page that ends the logical stream. RFC 3533 §6, header type flag 0x04. */
export function markEndOfStream(page: Buffer): Buffer {
  const last = Buffer.from(page);
  last.writeUInt8(last.readUInt8(5) | PAGE_END_OF_STREAM, 5);
  last.writeUInt32LE(oggCrc(last), CRC_OFFSET);
  return last;
}

/** A page as read: its place in the file, and the first fault found in it. */
export interface ParsedPage extends PageHeader {
  readonly offset: number;
  readonly bytes: number;
  /** Packet pieces as divided by the lacing; the last one is `open` if it continues on the next page. */
  readonly pieces: readonly Buffer[];
  readonly open: boolean;
}

export interface PageFault {
  /** Byte offset in the file. */
  readonly offset: number;
  readonly fault: "truncated" | "capture_pattern" | "version" | "crc";
}

/** Reads the page that begins at `offset`. Never throws. */
export function parsePage(file: Buffer, offset: number): ParsedPage | PageFault {
  if (file.length - offset < PAGE_HEADER_BYTES) return { offset, fault: "truncated" };
  if (file.compare(CAPTURE_PATTERN, 0, 4, offset, offset + 4) !== 0) return { offset, fault: "capture_pattern" };
  if (file.readUInt8(offset + 4) !== 0) return { offset, fault: "version" };
  const segments = file.readUInt8(offset + 26);
  const bodyOffset = offset + PAGE_HEADER_BYTES + segments;
  const lacing = file.subarray(offset + PAGE_HEADER_BYTES, bodyOffset);
  let end = bodyOffset;
  for (const length of lacing) end += length;
  if (end > file.length) return { offset, fault: "truncated" };

  const page = file.subarray(offset, end);
  if (oggCrc(page) !== page.readUInt32LE(CRC_OFFSET)) return { offset, fault: "crc" };
  return {
    offset,
    bytes: end - offset,
    headerType: page.readUInt8(5),
    granulePosition: Number(page.readBigInt64LE(GRANULE_OFFSET)),
    serial: page.readUInt32LE(14),
    pageSequence: page.readUInt32LE(SEQUENCE_OFFSET),
    ...cutByLacing(file, bodyOffset, lacing),
  };
}

function cutByLacing(file: Buffer, bodyOffset: number, lacing: Buffer): { pieces: Buffer[]; open: boolean } {
  const pieces: Buffer[] = [];
  let start = bodyOffset;
  let end = bodyOffset;
  let open = false;
  for (const length of lacing) {
    end += length;
    open = length === 255;
    if (!open) {
      pieces.push(file.subarray(start, end));
      start = end;
    }
  }
  if (open) pieces.push(file.subarray(start, end));
  return { pieces, open };
}

/** RFC 3533 §6, field 7: generator polynomial 0x04c11db7, initial value 0, no reflection, CRC field treated as 0. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});
const NO_CRC = Buffer.alloc(4);

/** Checksum of a whole page. The value in its checksum field is ignored. */
export function oggCrc(page: Buffer): number {
  const head = continueCrc(0, page, 0, CRC_OFFSET);
  const field = continueCrc(head, NO_CRC, 0, NO_CRC.length);
  return continueCrc(field, page, CRC_OFFSET + NO_CRC.length, page.length) >>> 0;
}

function continueCrc(before: number, bytes: Buffer, start: number, end: number): number {
  let crc = before;
  for (let index = start; index < end; index += 1) {
    crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ (bytes[index] ?? 0)] ?? 0);
  }
  return crc;
}
