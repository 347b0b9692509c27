import type { EventSink } from "../../src/recording/ports/event-sink.ts";
import type { JobEvent } from "../../src/session/job-events.ts";

/** Keeps every event, and returns a number of undelivered ones that the test sets. */
export class FakeEventSink implements EventSink {
  readonly events: JobEvent[] = [];
  pending = 0;
  closed = 0;

  async emit(event: JobEvent): Promise<void> {
    this.events.push(event);
  }

  async drain(): Promise<{ pending: number }> {
    return { pending: this.pending };
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}
