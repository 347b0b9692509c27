import type { JobEvent } from "../../session/job-events.ts";

/** Delivers a job's events to each endpoint that is set, at least once each and in order. */
export interface EventSink {
  /**
   * Accepts an event. It is on disk when this resolves, and is sent in the background. If a job has an event only once
   * (`onceKeyOf`), a second one is ignored, even after a restart. If the disk refuses the event, that is logged, and
   * the event is sent anyway. Never throws.
   */
  emit(event: JobEvent): Promise<void>;
  /**
   * Sends all waiting events. Resolves when all are accepted, or when each destination has used up its attempts.
   * `pending` counts the events that are not accepted everywhere. It includes those of an earlier run whose address is
   * no longer set, but not those that were given up: they are kept elsewhere.
   */
  drain(): Promise<{ readonly pending: number }>;
  /** Stops sending; waiting events and later ones are kept unsent. Idempotent. */
  close(): Promise<void>;
}
