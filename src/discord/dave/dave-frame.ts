/**
 * How a frame says that it is encrypted end to end (DAVE protocol, "Payload format"): the media, some of it in the clear;
 * an authentication tag of 8 bytes; a nonce and the ranges that are in the clear, in ULEB128; the size of all that
 * follows the media, in one byte; the magic marker 0xFAFA.
 */

const TAG_BYTES = 8;
const SIZE_BYTES = 1;
const MARKER_BYTES = 2;
const MIN_SUPPLEMENT_BYTES = TAG_BYTES + SIZE_BYTES + MARKER_BYTES;
const MARKER = 0xfafa;
const NONCE_MODULUS = 2 ** 32;
/** A ULEB128 number of 64 bits: nine bytes of 7 bits, and one bit in the tenth. */
const MAX_ULEB_BYTES = 10;

export interface DaveFrame {
  /** Counts the sender's frames under one key, in 32 bits, from 1. */
  readonly nonce: number;
  readonly mediaBytes: number;
}

/**
 * What the bytes say of themselves as a frame that is encrypted end to end, or undefined when they are none. Discord's own
 * library checks all of this, not only the marker: 1 in 65,536 plain frames ends in the marker too.
 */
export function readDaveFrame(frame: Buffer): DaveFrame | undefined {
  const sizeAt = frame.length - MARKER_BYTES - SIZE_BYTES;
  if (frame.length < MIN_SUPPLEMENT_BYTES || frame.readUInt16BE(frame.length - MARKER_BYTES) !== MARKER)
    return undefined;
  const supplementBytes = frame.readUInt8(sizeAt);
  if (supplementBytes < MIN_SUPPLEMENT_BYTES || supplementBytes > frame.length) return undefined;
  const nonce = readUleb(frame, frame.length - supplementBytes + TAG_BYTES, sizeAt);
  if (nonce === undefined || !areRanges(frame, nonce.next, sizeAt)) return undefined;
  return { nonce: nonce.value % NONCE_MODULUS, mediaBytes: frame.length - supplementBytes };
}

export function isDaveFrame(frame: Buffer): boolean {
  return readDaveFrame(frame) !== undefined;
}

/** Pairs of offset and size up to `end`, in order, without overlap, and inside the frame. */
function areRanges(frame: Buffer, start: number, end: number): boolean {
  let previousEnd = 0;
  for (let at = start; at < end; ) {
    const offset = readUleb(frame, at, end);
    const size = offset && readUleb(frame, offset.next, end);
    if (offset === undefined || size === undefined || offset.value < previousEnd) return false;
    previousEnd = offset.value + size.value;
    if (previousEnd > frame.length) return false;
    at = size.next;
  }
  return true;
}

/** Beyond 2^53 the value is rounded, which is far beyond the length of any frame. */
function readUleb(bytes: Buffer, start: number, end: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let index = 0; start + index < end; index += 1) {
    const byte = bytes.readUInt8(start + index);
    if (index === MAX_ULEB_BYTES - 1 && byte > 1) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return { value, next: start + index + 1 };
  }
  return undefined;
}
