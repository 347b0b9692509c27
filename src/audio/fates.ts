/**
 * Why a datagram did not become audio in a file, in the order in which the reasons are shown. Each datagram has exactly
 * one fate, so that their sum is the number of datagrams that arrived.
 */
export const DROP_FATES = [
  /** Not RTP version 2 with Opus' payload type. */
  "not_rtp",
  /** The transport's authentication tag does not fit: forged or damaged. */
  "auth_failed",
  /** An old packet sent again. */
  "replayed",
  /** No end-to-end key of its speaker opens it. */
  "dave_undecryptable",
  /** It came without end-to-end encryption in an encrypted call. Discord's own clients would not play it either. */
  "dave_plaintext",
  /** Nobody claimed its SSRC in time. */
  "unattributed",
  /** Its hole had been given up. */
  "late",
  "duplicate",
  /** Opus framing that a decoder must refuse (RFC 6716 §3.4). */
  "malformed_opus",
  /** More sound than time has passed for, or one new clock after the other: no live speaker sends that. */
  "excess",
  /** Silence that is not between words: a file of it would hold nothing. */
  "silence",
  /** The local disk refused the file that it belonged to. */
  "disk_refused",
  /** All padding, as some clients send: no audio in it, and no error. */
  "padding_only",
  /** Arrived while recording was paused, or before it began. */
  "not_recording",
] as const;

export type DropFate = (typeof DROP_FATES)[number];

export type FateCounts = Record<DropFate, number>;

export function noDrops(): FateCounts {
  return fateRecord(0);
}

/** One value for each fate. */
export function fateRecord<Value>(value: Value): Record<DropFate, Value> {
  return Object.fromEntries(DROP_FATES.map((fate) => [fate, value])) as Record<DropFate, Value>;
}
