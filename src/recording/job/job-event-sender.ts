import {
  type EventJob,
  jobFailed,
  jobFinalized,
  jobStatusChanged,
  recordedMsOf,
  usageRecorded,
} from "../../session/build-job-events.ts";
import type { JobEvent } from "../../session/job-events.ts";
import type { Manifest } from "../../session/manifest.ts";
import type { JobState } from "../../session/state.ts";
import type { EventSink } from "../ports/event-sink.ts";

/** A job that is over. */
export interface JobOutcome {
  readonly state: JobState;
  /** Undefined if nothing was recorded. */
  readonly storedRecording: { readonly manifest: Manifest; readonly manifestUri: string } | undefined;
}

/** Decides which events a job sends, and in which order. */
export class JobEventSender {
  readonly #eventSink: EventSink;
  readonly #job: EventJob;

  constructor(eventSink: EventSink, job: EventJob) {
    this.#eventSink = eventSink;
    this.#job = job;
  }

  get job(): EventJob {
    return this.#job;
  }

  moved(previous: JobState, next: JobState): void {
    this.send(jobStatusChanged(this.#job, previous, next));
  }

  /** Sends an event after all earlier ones. */
  send(event: JobEvent): void {
    void this.#eventSink.emit(event);
  }

  /**
   * Sends the final events, and waits until all are delivered or given up.
   *
   * @returns whether everything was accepted
   */
  async finish({ state, storedRecording }: JobOutcome): Promise<boolean> {
    const recordedMs = storedRecording === undefined ? 0 : recordedMsOf(storedRecording.manifest);
    const failureCode = state.status === "failed" ? state.failureCode : null;
    if (state.status === "failed") {
      const { failureCode: code, detail } = state;
      const manifestUri = storedRecording?.manifestUri;
      await this.#eventSink.emit(jobFailed(this.#job, { failureCode: code, detail, recordedMs, manifestUri }));
    }
    if (storedRecording !== undefined) {
      await this.#eventSink.emit(usageRecorded(this.#job, recordedMs, failureCode));
      await this.#eventSink.emit(jobFinalized(this.#job, { ...storedRecording, recordedMs }));
    }
    const { pending } = await this.#eventSink.drain();
    await this.#eventSink.close();
    return pending === 0;
  }

  /** Stops sending; undelivered events stay on disk. Idempotent. */
  close(): Promise<void> {
    return this.#eventSink.close();
  }
}
