import type { EventSink } from "../../src/recording/ports/event-sink.ts";
import type { JobEvent } from "../../src/session/job-events.ts";

/** Takes every event, and says how many nobody has accepted. */
export class FakeEventSink implements EventSink {
  readonly notices: JobEvent[] = [];
  pending = 0;
  closed = 0;

  async emit(event: JobEvent): Promise<void> {
    this.notices.push(event);
  }

  async drain(): Promise<{ pending: number }> {
    return { pending: this.pending };
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}
