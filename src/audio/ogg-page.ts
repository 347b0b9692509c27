/**
 * Ogg pages, RFC 3533 §6.
 */

/** RFC 3533 §6: capture pattern "OggS". */
const CAPTURE_PATTERN = Buffer.from("OggS", "latin1");
/** Header up to and including the number of segments. RFC 3533 §6. */
export const PAGE_HEADER_BYTES = 27;
export const MAX_SEGMENTS = 255;
/** Checksum field. RFC 3533 §6, field 7. */
const CRC_OFFSET = 22;

/** Header type flags. RFC 3533 §6, field 3. */
export const PAGE_CONTINUED = 0x01;
export const PAGE_BEGIN_OF_STREAM = 0x02;
export const PAGE_END_OF_STREAM = 0x04;

export interface OggPage {
  readonly headerType: number;
  readonly granulePosition: number;
  readonly serial: number;
  readonly pageSequence: number;
  /** The packets that end on this page; none continues on the next one. */
  readonly packets: readonly Buffer[];
}

/** Segments that the lacing of a packet takes. RFC 3533 §5: a multiple of 255 bytes needs a closing 0. */
export function segmentsOf(packetBytes: number): number {
  return Math.floor(packetBytes / 255) + 1;
}

/**
 * One page that holds whole packets.
 *
 * @throws RangeError where the packets need more than 255 segments
 */
export function buildPage(page: OggPage): Buffer {
  const lacing: number[] = [];
  let bodyBytes = 0;
  for (const packet of page.packets) {
    for (let rest = packet.length; rest >= 255; rest -= 255) lacing.push(255);
    lacing.push(packet.length % 255);
    bodyBytes += packet.length;
  }
  if (lacing.length > MAX_SEGMENTS) throw new RangeError(`an Ogg page holds 255 segments, not ${lacing.length}`);

  const bytes = Buffer.allocUnsafe(PAGE_HEADER_BYTES + lacing.length + bodyBytes);
  CAPTURE_PATTERN.copy(bytes, 0);
  bytes.writeUInt8(0, 4); // stream structure version
  bytes.writeUInt8(page.headerType, 5);
  bytes.writeBigInt64LE(BigInt(page.granulePosition), 6);
  bytes.writeUInt32LE(page.serial, 14);
  bytes.writeUInt32LE(page.pageSequence, 18);
  bytes.writeUInt32LE(0, CRC_OFFSET);
  bytes.writeUInt8(lacing.length, 26);
  let offset = PAGE_HEADER_BYTES;
  for (const length of lacing) {
    bytes[offset] = length;
    offset += 1;
  }
  for (const packet of page.packets) offset += packet.copy(bytes, offset);
  bytes.writeUInt32LE(oggCrc(bytes), CRC_OFFSET);
  return bytes;
}

/** A copy of a page that ends the logical stream. RFC 3533 §6, header type flag 0x04. */
export function markEndOfStream(page: Buffer): Buffer {
  const last = Buffer.from(page);
  last.writeUInt8(last.readUInt8(5) | PAGE_END_OF_STREAM, 5);
  last.writeUInt32LE(oggCrc(last), CRC_OFFSET);
  return last;
}

/** A page as read: its place in the file, and the first fault found in it. */
export interface ParsedPage extends Omit<OggPage, "packets"> {
  readonly offset: number;
  readonly bytes: number;
  /** Pieces of packets as the lacing cuts them; the last one is `open` where it goes on in the next page. */
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
  if (bodyOffset > file.length) return { offset, fault: "truncated" };
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
    granulePosition: Number(page.readBigInt64LE(6)),
    serial: page.readUInt32LE(14),
    pageSequence: page.readUInt32LE(18),
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

/** RFC 3533 §6, field 7: generator polynomial 0x04c11db7, initial value 0, no reflection, CRC field taken as 0. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** Checksum of a whole page, whatever stands in its checksum field. */
export function oggCrc(page: Buffer): number {
  let crc = 0;
  for (let index = 0; index < page.length; index += 1) {
    const inChecksum = index >= CRC_OFFSET && index < CRC_OFFSET + 4;
    const byte = inChecksum ? 0 : (page[index] ?? 0);
    crc = ((crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  }
  return crc;
}
