import type { EncryptionState } from "../../session/shapes.ts";
import type { JobJournal } from "../job/job-journal.ts";
import type { Clock } from "../ports/clock.ts";
import type { SpeakerTracks } from "../tracks/speaker-tracks.ts";
import type { DatagramCounts, SpeakerCounts } from "./datagram-counts.ts";

/** How often the counters are written to the journal. A kill loses the counts since the last time. */
const COUNTS_EVERY_MS = 10_000;
/** How often the journal's first lines are written again, because a loss of power may take them. */
const BEGINNING_EVERY_MS = 60_000;

export interface CountNotesOptions {
  readonly clock: Pick<Clock, "nowMs">;
  /** Milliseconds since the recording began. */
  readonly nowMs: () => number;
  readonly journal: JobJournal;
  readonly encryption: () => EncryptionState;
  readonly datagrams: DatagramCounts;
  readonly tracks: Pick<SpeakerTracks, "talkSamples">;
}

/** Writes a call's counters to the journal, where a recovery finds them after a kill. */
export class CountNotes {
  readonly #options: CountNotesOptions;
  /** Each speaker's counters when they were last written. */
  readonly #noted = new Map<string, string>();
  #notedEncryption: EncryptionState | undefined;
  #countsDueMs: number;
  #beginningDueMs: number;

  constructor(options: CountNotesOptions) {
    this.#options = options;
    this.#countsDueMs = options.clock.nowMs() + COUNTS_EVERY_MS;
    this.#beginningDueMs = options.clock.nowMs() + BEGINNING_EVERY_MS;
  }

  /** Call at least once a second. */
  tick(): void {
    if (this.#options.clock.nowMs() >= this.#countsDueMs || this.#encryptionChanged()) this.note();
  }

  /** Writes the counters of each speaker whose counters have changed. */
  note(): void {
    const { clock, journal, encryption, datagrams, tracks } = this.#options;
    const speakers: Record<string, { datagrams: SpeakerCounts; talkSamples: number }> = {};
    for (const [userId, counts] of datagrams.bySpeaker()) {
      const talkSamples = tracks.talkSamples(userId);
      // A packet may be written long after it was counted, or never.
      const figures = `${counts.received} ${counts.written} ${talkSamples}`;
      if (this.#noted.get(userId) === figures) continue;
      this.#noted.set(userId, figures);
      speakers[userId] = { datagrams: counts, talkSamples };
    }
    const nowMs = clock.nowMs();
    this.#countsDueMs = nowMs + COUNTS_EVERY_MS;
    if (nowMs >= this.#beginningDueMs) {
      this.#beginningDueMs = nowMs + BEGINNING_EVERY_MS;
      journal.repeatBeginning();
    }
    this.#notedEncryption = encryption();
    const e2ee = this.#notedEncryption;
    journal.note({ type: "counts", atMs: this.#options.nowMs(), datagrams: datagrams.all(), speakers, e2ee });
  }

  /** Writes every speaker's counters, changed or not. */
  noteAll(): void {
    this.#noted.clear();
    this.note();
  }

  /** A recovery must know if the call was encrypted, even after a kill in its first seconds. */
  #encryptionChanged(): boolean {
    const { daveProtocolVersion, epochs } = this.#options.encryption();
    const noted = this.#notedEncryption;
    return noted?.daveProtocolVersion !== daveProtocolVersion || noted.epochs !== epochs;
  }
}
