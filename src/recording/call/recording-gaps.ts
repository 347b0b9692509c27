import type { JobJournal } from "../job/job-journal.ts";
import type { CallFigures } from "../job/status.ts";

export type ConnectionState = CallFigures["connection"];

export interface RecordingGapsOptions {
  readonly journal: JobJournal;
  /** Session time. */
  readonly nowMs: () => number;
}

/** When nothing was recorded although the call went on, and why: one gap at a time, written down as it ends. */
export class RecordingGaps {
  readonly #options: RecordingGapsOptions;
  /** How the connection is, whatever is recorded of it. */
  #connection: ConnectionState = "live";
  #withheld = false;

  constructor(options: RecordingGapsOptions) {
    this.#options = options;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Whether nothing is recorded now although it could be. */
  get isWithheld(): boolean {
    return this.#withheld;
  }

  /** Whether a session time lies in a pause that is over. */
  wasPausedAt(atMs: number): boolean {
    const { gaps } = this.#options.journal.record;
    return gaps.some(({ reason, startMs, endMs }) => reason === "paused" && atMs >= startMs && atMs < endMs);
  }

  connectionIs(state: ConnectionState, nowMs: number): void {
    this.#connection = state;
    if (this.isWithheld) return; // what is withheld is missing anyway
    const { openGap } = this.#options.journal.record;
    if (state === "live") this.end(nowMs);
    // A connection that is lost while nothing could be heard makes it one gap, of the graver kind.
    else if (openGap === undefined || state === "reconnecting")
      this.#begin(gapReasonOf(state), openGap?.startMs ?? nowMs);
  }

  withhold(reason: "paused" | "stopped"): void {
    this.#withheld = true;
    this.end();
    this.#begin(reason);
  }

  resume(): void {
    this.#withheld = false;
    this.end();
    if (this.#connection !== "live") this.#begin(gapReasonOf(this.#connection));
  }

  /** Nothing if there is none, or it begins after that. */
  end(endMs = this.#options.nowMs()): void {
    const { journal } = this.#options;
    const openGap = journal.record.openGap;
    if (openGap === undefined || openGap.startMs > endMs) return;
    journal.event({ type: "gap", atMs: openGap.startMs, endMs, reason: openGap.reason });
  }

  #begin(reason: "reconnect" | "unheard" | "paused" | "stopped", atMs = this.#options.nowMs()): void {
    this.#options.journal.note({ type: "away", atMs, reason });
  }
}

function gapReasonOf(state: Exclude<ConnectionState, "live">): "reconnect" | "unheard" {
  return state === "reconnecting" ? "reconnect" : "unheard";
}
