import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { buildRtpHeader } from "../../src/audio/rtp.ts";
import type { DaveState, DaveySession } from "../../src/discord/dave/open-frame.ts";

/** The transport's key, in AES-256-GCM. */
export const TRANSPORT_KEY = randomBytes(32);
/** The end of an end-to-end encrypted frame: tag, nonce in three bytes of ULEB128, size, marker. */
export const SUPPLEMENT = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x80, 0, 14, 0xfa, 0xfa]);
const TAG_BYTES = 8;
const NONCE_FROM_END = 6;
/** Size and marker. */
const END = SUPPLEMENT.subarray(-3);

let transportNonce = 0;

/** A packet of 20 ms of speech. */
export const speech = (byte: number) => Buffer.from([0x78, byte, 1, 2, 3]);

/** A datagram as Discord sends it; a payload that is encrypted end to end gets the nonce that fits its sequence number. */
export function datagram(ssrc: number, sequence: number, payload: Buffer, firstByte = 0x80): Buffer {
  const header = buildRtpHeader({ payloadType: 120, sequence, rtpTimestamp: sequence * 960, ssrc });
  header[0] = firstByte;
  transportNonce += 1;
  const suffix = Buffer.alloc(4);
  suffix.writeUInt32BE(transportNonce);
  const cipher = createCipheriv("aes-256-gcm", TRANSPORT_KEY, Buffer.concat([suffix, Buffer.alloc(8)]));
  cipher.setAAD(header);
  return Buffer.concat([
    header,
    cipher.update(withNonce(payload, sequence)),
    cipher.final(),
    cipher.getAuthTag(),
    suffix,
  ]);
}

/** Replaces davey: what a user "encrypts" names them, and only their key opens it. */
export function sealed(userId: string, opus: Buffer): Buffer {
  const tag = createHash("sha256").update(userId).update(opus).digest().subarray(0, TAG_BYTES);
  return Buffer.concat([Buffer.from(userId), opus, tag, SUPPLEMENT.subarray(TAG_BYTES)]);
}

/** The nonce of a frame. Here it follows the sequence numbers, which begin shortly before they wrap. */
function withNonce(payload: Buffer, sequence: number): Buffer {
  if (payload.subarray(-END.length).equals(END)) {
    const nonce = ((sequence - 60_000) & 0xffff) + 1;
    payload.set([0x80 | (nonce & 0x7f), 0x80 | ((nonce >> 7) & 0x7f), nonce >> 14], payload.length - NONCE_FROM_END);
  }
  return payload;
}

/** A fake davey session. It opens frames of users whose keys it has. Ids have 18 digits. */
export class FakeSession implements DaveySession {
  ready = true;
  epoch: bigint | null = 1n;
  readonly keysOf: Set<string>;
  /** How often a key was tried. */
  tries = 0;
  readonly #members: readonly string[];

  constructor(members: readonly string[]) {
    this.#members = members;
    this.keysOf = new Set(members);
  }

  getUserIds(): string[] {
    return [...this.#members];
  }

  decrypt(userId: string, mediaType: number, packet: Buffer): Buffer {
    this.tries += 1;
    const opens = mediaType === 0 && this.keysOf.has(userId) && packet.toString("latin1", 0, 18) === userId;
    if (!opens) throw new Error("DecryptionFailed");
    return packet.subarray(18, -SUPPLEMENT.length);
  }
}

interface FakeDave extends DaveState {
  protocolVersion: number;
  readonly session: FakeSession;
  former: readonly DaveySession[];
}

/** The end-to-end state of a call with the keys of all members. */
export function fakeDave(members: readonly string[]): FakeDave {
  return { protocolVersion: 1, session: new FakeSession(members), former: [] };
}
