import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../../audio/rtp.ts";
import { noise, pick } from "../seeded.ts";

/** The datagrams that a forger without keys can send. */
export const FORGERIES = ["random_payload", "truncated", "oversized", "not_rtp", "wrong_source"] as const;
export type Forgery = (typeof FORGERIES)[number];

export interface ForgedDatagram {
  readonly kind: Forgery;
  readonly datagram: Buffer;
}

/** The size of a speaker's packets: header, about 100 bytes of Opus and DAVE, tag, nonce. */
const USUAL_BYTES = 160;
/** More than fits an Ethernet frame, and more than an Opus packet of one frame can have (RFC 6716 §3.4 [R2]). */
const OVERSIZED_BYTES = 2_048;
/** Datagrams of up to 8 bytes are keep-alives, not voice. */
const KEEP_ALIVE_BYTES = 8;
/** Up to header, tag and nonce with a byte missing: never enough for a packet. */
const LONGEST_TRUNCATED_BYTES = 31;

/** The forged datagram of an index: the kinds take turns, each with the SSRC of one of the speakers. */
export function forge(seed: number, index: number, ssrcs: readonly number[]): ForgedDatagram {
  const kind = FORGERIES[index % FORGERIES.length] ?? "not_rtp";
  const ssrc = ssrcs[pick(ssrcs.length, seed, "forged ssrc", index)] ?? 0;
  return { kind, datagram: forgeKind(kind, ssrc, seed, index) };
}

function forgeKind(kind: Forgery, ssrc: number, seed: number, index: number): Buffer {
  switch (kind) {
    case "random_payload":
    case "wrong_source":
      return forgePacket(ssrc, USUAL_BYTES, seed, index);
    case "oversized":
      return forgePacket(ssrc, OVERSIZED_BYTES, seed, index);
    case "truncated": {
      const bytes =
        pick(LONGEST_TRUNCATED_BYTES - KEEP_ALIVE_BYTES, seed, "forged length", index) + KEEP_ALIVE_BYTES + 1;
      return forgePacket(ssrc, USUAL_BYTES, seed, index).subarray(0, bytes);
    }
    case "not_rtp": {
      const bytes = noise(USUAL_BYTES, seed, "forged", index);
      bytes[0] = (bytes[0] ?? 0) & 0x3f; // RTP version 0 (RFC 3550 §5.1)
      return bytes;
    }
  }
}

/** A header like the speaker's, followed by noise. */
function forgePacket(ssrc: number, bytes: number, seed: number, index: number): Buffer {
  const header = buildRtpHeader({
    payloadType: RTP_PAYLOAD_TYPE_OPUS,
    sequence: pick(2 ** 16, seed, "forged sequence", index),
    rtpTimestamp: pick(2 ** 32, seed, "forged timestamp", index),
    ssrc,
  });
  return Buffer.concat([header, noise(bytes - header.length, seed, "forged", index)]);
}
