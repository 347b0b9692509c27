/**
 * RTP fixed header, RFC 3550 §5.1, divided as in Discord's `*_rtpsize` transport encryption. The fixed header, the CSRC
 * list and the 4-byte head of the header extension are unencrypted (and are the AEAD's associated data). The
 * extension's body is the first part of the encrypted payload.
 */

/** RFC 3550 §5.1: "The version defined by this specification is two (2)." */
export const RTP_VERSION = 2;
/** Fixed header, without CSRC list and extension. RFC 3550 §5.1. */
export const RTP_FIXED_HEADER_BYTES = 12;
/** Discord's payload type for Opus. */
export const RTP_PAYLOAD_TYPE_OPUS = 120;

export interface RtpHeader {
  /** RFC 3550 §5.1 P: the payload's last octet counts padding octets, including itself. */
  readonly padding: boolean;
  readonly extension: boolean;
  readonly marker: boolean;
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, in units of 1/48000 s for Opus (RFC 7587 §4.1). */
  readonly rtpTimestamp: number;
  readonly ssrc: number;
  /** Unencrypted bytes: 12 + 4 × CSRC count + 4 if there is an extension. */
  readonly clearBytes: number;
  /** Bytes of the extension's body, which follows the unencrypted bytes; 0 without an extension. */
  readonly extensionBodyBytes: number;
}

/** Reads a datagram's RTP header; returns undefined if the bytes are not RTP version 2. Never throws. */
export function parseRtpHeader(datagram: Buffer): RtpHeader | undefined {
  if (datagram.length < RTP_FIXED_HEADER_BYTES) return undefined;
  const first = datagram.readUInt8(0);
  if (first >> 6 !== RTP_VERSION) return undefined;
  const second = datagram.readUInt8(1);
  // RFC 5761 §4: payload types 64-95 (RTCP packet types 192-223 without the marker bit) are RTCP.
  const payloadType = second & 0x7f;
  if (payloadType >= 64 && payloadType <= 95) return undefined;

  const extension = (first & 0x10) !== 0;
  const extensionHeadOffset = RTP_FIXED_HEADER_BYTES + 4 * (first & 0x0f);
  const clearBytes = extensionHeadOffset + (extension ? 4 : 0);
  if (datagram.length < clearBytes) return undefined;
  return {
    padding: (first & 0x20) !== 0,
    extension,
    marker: (second & 0x80) !== 0,
    payloadType,
    sequence: datagram.readUInt16BE(2),
    rtpTimestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    clearBytes,
    // RFC 3550 §5.3.1: the length counts 32-bit words after the 4-byte head.
    extensionBodyBytes: extension ? 4 * datagram.readUInt16BE(extensionHeadOffset + 2) : 0,
  };
}

/**
 * Removes the header extension's body and the padding from a decrypted payload.
 *
 * @returns the media payload (0 bytes if the packet was all padding), or undefined if the lengths
 *   in the packet contradict its size.
 */
export function stripExtensionAndPadding(header: RtpHeader, plaintext: Buffer): Buffer | undefined {
  let end = plaintext.length;
  if (header.padding) {
    const paddingBytes = plaintext[end - 1];
    // RFC 3550 §5.1: the count includes itself, so 0 is not a legal value.
    if (paddingBytes === undefined || paddingBytes === 0) return undefined;
    end -= paddingBytes;
  }
  if (header.extensionBodyBytes > end) return undefined;
  if (end - header.extensionBodyBytes === plaintext.length) return plaintext;
  return plaintext.subarray(header.extensionBodyBytes, end);
}

export interface RtpFields {
  readonly payloadType: number;
  readonly sequence: number;
  readonly rtpTimestamp: number;
  readonly ssrc: number;
  readonly marker?: boolean;
}

/** A 12-byte fixed header without CSRC, extension and padding; fields are taken modulo their width. */
export function buildRtpHeader(fields: RtpFields): Buffer {
  const header = Buffer.alloc(RTP_FIXED_HEADER_BYTES);
  header.writeUInt8(RTP_VERSION << 6, 0);
  header.writeUInt8((fields.marker ? 0x80 : 0) | (fields.payloadType & 0x7f), 1);
  header.writeUInt16BE(fields.sequence & 0xffff, 2);
  header.writeUInt32BE(fields.rtpTimestamp >>> 0, 4);
  header.writeUInt32BE(fields.ssrc >>> 0, 8);
  return header;
}
