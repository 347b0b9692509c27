import type { EncryptionState } from "../../session/shapes.ts";
import type { JobJournal } from "../job/job-journal.ts";
import type { Clock } from "../ports/clock.ts";
import type { SpeakerTracks } from "../tracks/speaker-tracks.ts";
import type { DatagramCounts, SpeakerCounts } from "./datagram-counts.ts";

/** The counters are noted in the journal so often: what a kill may cost of them. */
const COUNTS_EVERY_MS = 10_000;
/** The journal's first lines are written again so often: they may be lost with the power. */
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

/** Notes a call's counters in the journal, so that a recovery has them after a kill. */
export class CountNotes {
  readonly #options: CountNotesOptions;
  /** Figures of each speaker when they were noted last. */
  readonly #noted = new Map<string, string>();
  #notedEncryption: EncryptionState | undefined;
  #countsDueMs: number;
  #beginningDueMs: number;

  constructor(options: CountNotesOptions) {
    this.#options = options;
    this.#countsDueMs = options.clock.nowMs() + COUNTS_EVERY_MS;
    this.#beginningDueMs = options.clock.nowMs() + BEGINNING_EVERY_MS;
  }

  /** To be called a few times a second. */
  tick(): void {
    if (this.#options.clock.nowMs() >= this.#countsDueMs || this.#encryptionChanged()) this.note();
  }

  /** Notes the counters of each speaker whose counters have changed. */
  note(): void {
    const { clock, journal, encryption, datagrams, tracks } = this.#options;
    const speakers: Record<string, { datagrams: SpeakerCounts; talkSamples: number }> = {};
    for (const [userId, counts] of datagrams.bySpeaker()) {
      const talkSamples = tracks.talkSamples(userId);
      // A packet may be written long after it was counted, or not at all.
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

  /** Notes every speaker's counters, changed or not. */
  noteAll(): void {
    this.#noted.clear();
    this.note();
  }

  /** Whether a call is encrypted must be known of one that is killed in its first seconds too. */
  #encryptionChanged(): boolean {
    const { daveProtocolVersion, epochs } = this.#options.encryption();
    const noted = this.#notedEncryption;
    return noted?.daveProtocolVersion !== daveProtocolVersion || noted.epochs !== epochs;
  }
}
