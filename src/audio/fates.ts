/**
 * What becomes of a datagram. Each has exactly one fate, so that their sum is the number of datagrams that arrived.
 */

/** Why a datagram did not become audio in a file. */
export type DropFate =
  /** Not RTP version 2 with Opus' payload type. */
  | "not_rtp"
  /** The transport's authentication tag does not fit: forged or damaged. */
  | "auth_failed"
  /** An old packet sent again. */
  | "replayed"
  /** No end-to-end key of its speaker opens it. */
  | "dave_undecryptable"
  /** It came without end-to-end encryption in an encrypted call, where Discord's own clients would not play it either. */
  | "dave_plaintext"
  /** Nobody claimed its SSRC in time. */
  | "unattributed"
  /** Its hole had been given up. */
  | "late"
  | "duplicate"
  /** Opus framing that a decoder must refuse (RFC 6716 §3.4). */
  | "malformed_opus"
  /** More sound than time has passed for, or one new clock after the other: no live speaker sends that. */
  | "excess"
  /** Silence that is not between words: a file of it would hold nothing. */
  | "silence"
  /** The local disk refused the file that it belonged to. */
  | "disk_refused"
  /** All padding, as some clients send: no audio in it, and no error. */
  | "padding_only"
  /** Arrived while recording was paused, or before it began. */
  | "not_recording";

/** Fates in the order in which they are shown. */
export const DROP_FATES: readonly DropFate[] = [
  "not_rtp",
  "auth_failed",
  "replayed",
  "dave_undecryptable",
  "dave_plaintext",
  "unattributed",
  "late",
  "duplicate",
  "malformed_opus",
  "excess",
  "silence",
  "disk_refused",
  "padding_only",
  "not_recording",
];

export type FateCounts = Record<DropFate, number>;

export function noDrops(): FateCounts {
  return {
    not_rtp: 0,
    auth_failed: 0,
    replayed: 0,
    dave_undecryptable: 0,
    dave_plaintext: 0,
    unattributed: 0,
    late: 0,
    duplicate: 0,
    malformed_opus: 0,
    excess: 0,
    silence: 0,
    disk_refused: 0,
    padding_only: 0,
    not_recording: 0,
  };
}
