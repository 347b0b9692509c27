/**
 * The format of an end-to-end encrypted frame (DAVE protocol, "Payload format"): the media, partly unencrypted; an
 * authentication tag of 8 bytes; a nonce and the unencrypted ranges, in ULEB128; the size of everything after the
 * media, in one byte; the magic marker 0xFAFA.
 */

const TAG_BYTES = 8;
const SIZE_BYTES = 1;
const MARKER_BYTES = 2;
/** Twice. */
const MARKER_BYTE = 0xfa;
const NONE = -1;
const NONCE_MODULUS = 2 ** 32;
/** A ULEB128 number of 64 bits: nine bytes of 7 bits, and one bit in the tenth. */
const MAX_ULEB_BYTES = 10;

export interface DaveFrame {
  /** Counts the sender's frames under one key, in 32 bits, from 1. */
  readonly nonce: number;
  readonly mediaBytes: number;
  /** The first four bytes of the authentication tag: another frame has another one. */
  readonly tagStart: number;
}

/**
 * Parses an end-to-end encrypted frame; undefined if it is not one. Like Discord's own library, this checks everything
 * and not only the marker, because 1 in 65,536 plain frames ends in the marker too.
 */
export function readDaveFrame(frame: Buffer): DaveFrame | undefined {
  const nonce = readNonce(frame);
  if (nonce === NONE) return undefined;
  const mediaBytes = frame.length - (frame[frame.length - MARKER_BYTES - 1] ?? 0);
  return { nonce: nonce % NONCE_MODULUS, mediaBytes, tagStart: frame.readUInt32LE(mediaBytes) };
}

/** This runs several times for each packet, so it allocates no objects. */
export function isDaveFrame(frame: Buffer): boolean {
  return readNonce(frame) !== NONE;
}

/** @returns the nonce, or `NONE` if the frame is not encrypted */
function readNonce(frame: Buffer): number {
  const { length } = frame;
  if (frame[length - 2] !== MARKER_BYTE || frame[length - 1] !== MARKER_BYTE) return NONE;
  const sizeAt = length - MARKER_BYTES - SIZE_BYTES;
  const supplementBytes = frame[sizeAt] ?? 0;
  if (supplementBytes > length) return NONE;
  // If there is no room for the tag, the nonce would begin behind its end.
  const nonce = readUleb(frame, length - supplementBytes + TAG_BYTES, sizeAt);
  return nonce === NONE || !areRanges(frame, next, sizeAt) ? NONE : nonce;
}

/** Pairs of offset and size up to `end`, in order, without overlap, and inside the frame. */
function areRanges(frame: Buffer, start: number, end: number): boolean {
  let previousEnd = 0;
  for (let at = start; at < end; at = next) {
    const offset = readUleb(frame, at, end);
    if (offset < previousEnd) return false; // also if it does not end
    const size = readUleb(frame, next, end);
    if (size === NONE) return false;
    previousEnd = offset + size;
    if (previousEnd > frame.length) return false;
  }
  return true;
}

/** The end of the number that `readUleb` read last. */
let next = 0;

/** Beyond 2^53 the value is rounded, which is far beyond the length of any frame. @returns `NONE` if it does not end */
function readUleb(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  let scale = 1;
  for (let index = 0; start + index < end; index += 1) {
    const byte = bytes[start + index] ?? 0;
    if (index === MAX_ULEB_BYTES - 1 && byte > 1) return NONE;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if ((byte & 0x80) === 0) {
      next = start + index + 1;
      return value;
    }
  }
  return NONE;
}
