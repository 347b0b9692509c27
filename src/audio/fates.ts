/**
 * Why a datagram did not become audio in a file, in display order. Each datagram has exactly one fate, so their sum is
 * the number of datagrams that arrived.
 */
export const DROP_FATES = [
  /** Not RTP version 2 with Opus' payload type. */
  "not_rtp",
  /** The transport's authentication tag does not match: forged or damaged. */
  "auth_failed",
  /** An old packet sent again. */
  "replayed",
  /** None of its speaker's end-to-end keys open it. */
  "dave_undecryptable",
  /** It came without end-to-end encryption in an encrypted call. Discord's own clients would not play it either. */
  "dave_plaintext",
  /** Nobody claimed its SSRC in time. */
  "unattributed",
  /** The recorder had already stopped waiting for it. */
  "late",
  "duplicate",
  /** Opus framing that a decoder must refuse (RFC 6716 §3.4). */
  "malformed_opus",
  /** More sound than time has passed, or too many clock changes: no live speaker sends that. */
  "excess",
  /** Silence that is not between words: its file would have no sound. */
  "silence",
  /** The local disk refused its file. */
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
