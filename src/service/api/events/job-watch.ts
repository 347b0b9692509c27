import { setTimeout as sleep } from "node:timers/promises";
import { isOver, type JobRow } from "../../domain/job-row.ts";
import type { StoredEvent } from "../../ports/jobs.ts";
import type { SessionEvents } from "../../ports/recordings.ts";
import type { Store } from "../../ports/store.ts";
import { isoTime } from "../jobs/job-answer.ts";
import type { LiveViews } from "../jobs/live-views.ts";
import type { EventStream } from "./event-stream.ts";
import { sessionLines } from "./session-lines.ts";

/** The most events to read from the database at once for one client. */
const PAGE = 100;
/** Much longer than any line. */
const CHUNK_BYTES = 256 * 1024;
/** How often the key, the worker's view and its session events are looked at. */
const LOOK_MS = 1_000;

export interface JobWatchOptions {
  readonly store: Pick<Store, "job" | "key" | "eventsAfter" | "onJobChange">;
  readonly sessionEvents: SessionEvents;
  readonly views: LiveViews;
  readonly keyId: string;
  readonly jobId: string;
  readonly stream: EventStream;
}

/**
 * Writes what happens to a job to one reader, from the start or from where the reader stopped, until the job is over, the
 * reader is gone or its key is revoked.
 *
 * Ids of events are `SEQ.POSITION`: the number of the last job event, and the position in `events.jsonl` up to which
 * session events were written.
 */
export class JobWatch {
  readonly #options: JobWatchOptions;
  #seq: number;
  #position: number;
  #shown = "";
  #change = Promise.withResolvers<void>();

  constructor(options: JobWatchOptions, lastEventId = "0") {
    this.#options = options;
    const [seq, position = 0] = lastEventId.split(".").map(Number);
    this.#seq = seq ?? 0;
    this.#position = position;
  }

  async run(): Promise<void> {
    const { store, jobId, stream } = this.#options;
    const unsubscribe = store.onJobChange((changed) => {
      if (changed === jobId) this.#change.resolve();
    });
    stream.signal.addEventListener("abort", () => this.#change.resolve(), { once: true });
    try {
      while (await this.#look()) await Promise.race([this.#change.promise, sleep(LOOK_MS, undefined, { ref: false })]);
    } finally {
      unsubscribe();
    }
  }

  /** @returns whether more may follow */
  async #look(): Promise<boolean> {
    const { store, keyId, jobId, stream } = this.#options;
    this.#change = Promise.withResolvers<void>();
    const key = await store.key(keyId);
    // The job is read before its events, so if it is over, all its events are there.
    const job = await store.job(jobId);
    if (job === undefined || key?.revokedAt !== null) return false;
    await this.#writeJobEvents(job);
    await this.#writeSessionEvents(job);
    if (stream.signal.aborted || (isOver(job.status) && job.claimedAt === null)) return false;
    await this.#writeView(job);
    return !stream.signal.aborted;
  }

  async #writeJobEvents(job: JobRow): Promise<void> {
    const { store, stream } = this.#options;
    for (;;) {
      const events = await store.eventsAfter(job.id, this.#seq, PAGE);
      for (const event of events) {
        const data = dataOf(event);
        // So that the call's events come before its end.
        if (isEnding(data.data)) await this.#writeSessionEvents(job);
        this.#seq = event.seq;
        if (!(await stream.write({ id: this.#id, name: event.type, data: JSON.stringify(data) }))) return;
      }
      if (events.length < PAGE) return;
    }
  }

  async #writeSessionEvents(job: JobRow): Promise<void> {
    const { sessionEvents, stream } = this.#options;
    for (;;) {
      const first = this.#position;
      const bytes = await sessionEvents.read(job, first, CHUNK_BYTES);
      const { lines, next } = sessionLines(bytes, first);
      for (const line of lines) {
        this.#position = line.next;
        if (!(await stream.write({ id: this.#id, name: line.type, data: line.text }))) return;
      }
      this.#position = next;
      if (bytes.length < CHUNK_BYTES || next === first) return;
    }
  }

  async #writeView(job: JobRow): Promise<void> {
    const { views, stream } = this.#options;
    const { live } = await views.of(job);
    if (live === null) return;
    // Countdowns change all the time, so they do not count as a change.
    const compared = JSON.stringify({ ...live, autoLeave: null, elapsedSeconds: null });
    if (compared === this.#shown) return;
    this.#shown = compared;
    await stream.write({ name: "job.live", data: JSON.stringify(live) });
  }

  get #id(): string {
    return `${this.#seq}.${this.#position}`;
  }
}

/** The envelope that webhooks get. */
function dataOf({ eventId, type, emittedAt, dataJson }: StoredEvent) {
  const data: Readonly<Record<string, unknown>> = JSON.parse(dataJson);
  return { deliveryId: eventId, event: type, emittedAt: isoTime(emittedAt), version: 2, data };
}

const ENDINGS: ReadonlySet<unknown> = new Set(["finalizing", "completed", "failed", "cancelled"]);

function isEnding({ status }: Readonly<Record<string, unknown>>): boolean {
  return ENDINGS.has(status);
}
