import { join } from "node:path";
import type { Log } from "../log.ts";
import type { Clock } from "../recording/ports/clock.ts";
import type { EventSink } from "../recording/ports/event-sink.ts";
import { type JobEvent, onceKeyOf } from "../session/job-events.ts";
import { OUTBOX_FILE } from "../session/job-files.ts";
import { deliveryIdOf } from "./delivery-id.ts";
import { DeliveryQueue, isTooOld } from "./delivery-queue.ts";
import type { Destination, DestinationKind } from "./destination.ts";
import { kindsOf, Outbox } from "./outbox.ts";
import type { OutboxEvent } from "./outbox-lines.ts";
import { keepUndelivered } from "./undelivered.ts";

export interface OutboxSinkOptions {
  /** The job's folder in the spool. */
  readonly directory: string;
  /** Events of other jobs are not sent. */
  readonly jobId: string;
  /** At most one of each kind. If there are none, events are accepted and nothing is written. */
  readonly destinations: readonly Destination[];
  readonly clock: Pick<Clock, "wallTime">;
  readonly log: Log;
  /** Names the software to receivers. */
  readonly userAgent: string;
  /** Time limit for one exchange; 10 s by default, as documented for receivers. */
  readonly timeoutMs?: number;
  /** The pause before the second attempt; 1 s by default. */
  readonly firstPauseMs?: number;
  /** After failed attempts, the next ones for the ingest endpoint begin after so long; 10 s by default. */
  readonly ingestAgainMs?: number;
  /** Called when the ingest endpoint answers that this worker is no longer wanted (410). */
  readonly onReplaced?: () => void;
}

/** A file in the spool next to the job's folder; no job's name contains a tilde. */
const UNDELIVERED_SUFFIX = "~undelivered.jsonl";

const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
/**
 * The service may not run for minutes while a call continues without an event. It takes a worker that has not reported for
 * one that cannot start.
 */
const INGEST_AGAIN_MS = 10_000;

/** Opens a job's outbox, and starts to send the events that an earlier run left. */
export async function openEventSink(options: OutboxSinkOptions): Promise<EventSink> {
  const outbox = await Outbox.open(join(options.directory, OUTBOX_FILE), options.jobId, options.log);
  return new OutboxSink(outbox, options);
}

class OutboxSink implements EventSink {
  readonly #outbox: Outbox;
  readonly #clock: Pick<Clock, "wallTime">;
  readonly #log: Log;
  readonly #jobId: string;
  readonly #onReplaced: () => void;
  /** The job's folder in the spool. */
  readonly #directory: string;
  readonly #queues: readonly DeliveryQueue[];
  /** Once-only events that were emitted, in this run or an earlier one. */
  readonly #taken: Set<string>;
  /** Events of an earlier run for an address that is not set now. */
  readonly #stranded: { readonly event: OutboxEvent; readonly kind: DestinationKind }[] = [];
  /** Events that are being written to the disk, so no queue has them yet. */
  readonly #emitting = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(outbox: Outbox, options: OutboxSinkOptions) {
    const { clock, log, userAgent, timeoutMs = TIMEOUT_MS, firstPauseMs = FIRST_PAUSE_MS } = options;
    const { ingestAgainMs = INGEST_AGAIN_MS } = options;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#log = log;
    this.#jobId = options.jobId;
    this.#onReplaced = options.onReplaced ?? (() => undefined);
    this.#directory = options.directory;
    this.#taken = new Set(outbox.events.flatMap(({ data }) => onceKeyOf(data) ?? []));
    this.#queues = options.destinations.map(
      (destination) =>
        new DeliveryQueue(
          destination,
          {
            accepted: (event) => this.#accepted(event, destination.kind),
            givenUp: async (event, reason, isGone) => {
              await this.#givenUp(event, destination.kind, reason);
              if (isGone && destination.kind === "ingest") this.#onReplaced();
            },
          },
          {
            ...{ clock, log, userAgent, timeoutMs, firstPauseMs },
            againMs: destination.kind === "ingest" ? ingestAgainMs : undefined,
          },
        ),
    );
    this.#restore(log);
  }

  async emit(data: JobEvent): Promise<void> {
    if (this.#queues.length === 0) return;
    const onceKey = onceKeyOf(data);
    if (onceKey !== undefined) {
      if (this.#taken.has(onceKey)) return;
      this.#taken.add(onceKey);
    }
    const event: OutboxEvent = {
      type: "event",
      // The id is the same after a crash. The number distinguishes equal events, because the outbox never forgets one.
      deliveryId: deliveryIdOf(this.#jobId, onceKey ?? `${this.#outbox.events.length} ${JSON.stringify(data)}`),
      emittedAt: this.#clock.wallTime().toISOString(),
      to: Object.fromEntries(this.#queues.map(({ destination }) => [destination.kind, destination.fingerprint])),
      data,
    };
    const written = this.#write(event);
    this.#emitting.add(written);
    await written.finally(() => this.#emitting.delete(written));
  }

  async #write(event: OutboxEvent): Promise<void> {
    await this.#outbox.add(event);
    if (this.#closed !== undefined) return;
    for (const queue of this.#queues) queue.push(event);
  }

  async drain(): Promise<{ readonly pending: number }> {
    await Promise.all(this.#emitting);
    await Promise.all(this.#queues.map((queue) => queue.resume()));
    await this.#giveUpStranded();
    const { pending, undelivered } = this.#outbox;
    if (pending > 0 || undelivered.length === 0) return { pending };
    const file = `${this.#directory}${UNDELIVERED_SUFFIX}`;
    try {
      await keepUndelivered(file, undelivered);
    } catch (error) {
      this.#log.error({ err: error, file }, "undelivered events could not be kept; they stay in the outbox");
      return { pending: undelivered.length };
    }
    this.#log.warn(
      { file, events: undelivered.length },
      `nobody accepts these events any more; they are kept in ${file}`,
    );
    return { pending };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close()));
    await this.#outbox.settled();
  }

  async #accepted({ deliveryId }: OutboxEvent, by: DestinationKind): Promise<void> {
    await this.#outbox.add({ type: "accepted", deliveryId, by, at: this.#clock.wallTime().toISOString() });
  }

  async #givenUp({ deliveryId }: OutboxEvent, by: DestinationKind, reason: string): Promise<void> {
    await this.#outbox.add({ type: "given_up", deliveryId, by, at: this.#clock.wallTime().toISOString(), reason });
  }

  /** An address that has not been set for days is unlikely to be set again. */
  async #giveUpStranded(): Promise<void> {
    for (const { event, kind } of this.#stranded.splice(0)) {
      if (!isTooOld(event, this.#clock.wallTime())) continue;
      await this.#givenUp(event, kind, `it was meant for another ${kind} address than the one that is set`);
    }
  }

  /** Queues the events of an earlier run, each only for the address that it was meant for. */
  #restore(log: Log): void {
    for (const event of this.#outbox.events) {
      for (const kind of kindsOf(event)) {
        if (this.#outbox.isSettled(event, kind)) continue;
        const queue = this.#queues.find(({ destination }) => destination.kind === kind);
        if (queue !== undefined && queue.destination.fingerprint === event.to[kind]) queue.restore(event);
        else this.#stranded.push({ event, kind });
      }
    }
    for (const [kind, { length: events }] of Map.groupBy(this.#stranded, (one) => one.kind)) {
      const setting = kind === "webhook" ? "MEETBOT_WEBHOOK_URL" : "MEETBOT_INGEST_URL";
      log.warn(
        { events },
        `the outbox holds events for another ${kind} address than ${setting} has now; they wait until it has that one again`,
      );
    }
    for (const queue of this.#queues) void queue.resume();
  }
}
