import type { JobJournal } from "../job/job-journal.ts";
import type { CallFigures } from "../job/status.ts";

export type ConnectionState = CallFigures["connection"];

export interface RecordingGapsOptions {
  readonly journal: JobJournal;
  /** Session time. */
  readonly nowMs: () => number;
}

/** Notes when nothing was recorded during the call, and why. There is one gap at a time, written when it ends. */
export class RecordingGaps {
  readonly #options: RecordingGapsOptions;
  /** The state of the connection, whether recording is paused or not. */
  #connection: ConnectionState = "live";
  #withheld = false;

  constructor(options: RecordingGapsOptions) {
    this.#options = options;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Whether recording is paused or stopped. */
  get isWithheld(): boolean {
    return this.#withheld;
  }

  /** Whether a session time is inside a past pause. */
  wasPausedAt(atMs: number): boolean {
    const { gaps } = this.#options.journal.record;
    return gaps.some(({ reason, startMs, endMs }) => reason === "paused" && atMs >= startMs && atMs < endMs);
  }

  connectionIs(state: ConnectionState, nowMs: number): void {
    this.#connection = state;
    if (this.isWithheld) return; // a pause is missing anyway
    const { openGap } = this.#options.journal.record;
    if (state === "live") this.end(nowMs);
    // If a connection that could not be heard is then lost, both become one gap of the more serious kind.
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

  /** Does nothing if no gap is open, or if it begins later. */
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
