import type { JobEvent } from "../../session/job-events.ts";

/** Tells a job's events to those who want to know, at least once each and in order. */
export interface Reporter {
  /**
   * Takes an event: it is on disk when this resolves, and is sent in the background. An event that a job has once
   * (`onceKeyOf`) is taken once; a second one is ignored, also after a restart. If the disk refuses it, that is
   * logged, and it is sent all the same. Never throws.
   */
  emit(event: JobEvent): Promise<void>;
  /**
   * Sends what waits; resolves when all is accepted, or each destination has used up its tries. `pending` counts the
   * events that are not accepted everywhere, those of an earlier run for an address that is not set any more included.
   * What is given up for good, because the receiver is gone or days have passed, is kept elsewhere and not among them.
   */
  drain(): Promise<{ readonly pending: number }>;
  /** Stops sending; what waits is kept, and what is emitted from now on is kept unsent. Idempotent. */
  close(): Promise<void>;
}
