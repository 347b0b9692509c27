import { join } from "node:path";
import { ulid } from "ulid";
import type { Clock, Log, Reporter } from "../recording/ports.ts";
import { type Notice, onceKeyOf } from "../session/notices.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import type { Destination, DestinationKind } from "./destination.ts";
import { kindsOf, Outbox } from "./outbox.ts";
import type { OutboxEvent } from "./outbox-lines.ts";

export const OUTBOX_FILE = "outbox.jsonl";

export interface ReporterOptions {
  /** The job's folder in the spool. */
  readonly directory: string;
  /** One of a kind at the most. With none, events are taken and nothing is written. */
  readonly destinations: readonly Destination[];
  readonly clock: Pick<Clock, "wallTime">;
  readonly log: Log;
  /** Names the software to receivers. */
  readonly userAgent: string;
  /** For one exchange; 10 s where left out, as receivers are told. */
  readonly timeoutMs?: number;
  /** Before the second try; 1 s where left out. */
  readonly firstPauseMs?: number;
}

const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;

/** Opens a job's outbox, and begins to send what an earlier run left in it. */
export async function openReporter(options: ReporterOptions): Promise<Reporter> {
  const outbox = await Outbox.open(join(options.directory, OUTBOX_FILE), options.log);
  return new OutboxReporter(outbox, options);
}

class OutboxReporter implements Reporter {
  readonly #outbox: Outbox;
  readonly #clock: Pick<Clock, "wallTime">;
  readonly #queues: readonly DeliveryQueue[];
  /** Once-only events that were emitted, here or in an earlier run. */
  readonly #taken: Set<string>;
  #closed: Promise<void> | undefined;

  constructor(outbox: Outbox, options: ReporterOptions) {
    const { clock, log, userAgent, timeoutMs = TIMEOUT_MS, firstPauseMs = FIRST_PAUSE_MS } = options;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#taken = new Set(outbox.events.flatMap(({ data }) => onceKeyOf(data) ?? []));
    this.#queues = options.destinations.map(
      (destination) =>
        new DeliveryQueue(destination, (event) => this.#accepted(event, destination.kind), {
          ...{ clock, log, userAgent, timeoutMs, firstPauseMs },
        }),
    );
    this.#restore(log);
  }

  async emit(data: Notice): Promise<void> {
    if (this.#queues.length === 0) return;
    const onceKey = onceKeyOf(data);
    if (onceKey !== undefined) {
      if (this.#taken.has(onceKey)) return;
      this.#taken.add(onceKey);
    }
    const event: OutboxEvent = {
      type: "event",
      deliveryId: `dlv_${ulid()}`,
      emittedAt: this.#clock.wallTime().toISOString(),
      to: Object.fromEntries(this.#queues.map(({ destination }) => [destination.kind, destination.fingerprint])),
      data,
    };
    await this.#outbox.add(event);
    if (this.#closed !== undefined) return;
    for (const queue of this.#queues) queue.push(event);
  }

  async drain(): Promise<{ readonly pending: number }> {
    await Promise.all(this.#queues.map((queue) => queue.resume()));
    return { pending: this.#outbox.pending };
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

  /** Queues what an earlier run left, each event for the address that it was meant for and no other. */
  #restore(log: Log): void {
    const stranded = new Map<DestinationKind, number>();
    for (const event of this.#outbox.events) {
      for (const kind of kindsOf(event)) {
        if (this.#outbox.isAccepted(event, kind)) continue;
        const queue = this.#queues.find(({ destination }) => destination.kind === kind);
        if (queue !== undefined && queue.destination.fingerprint === event.to[kind]) queue.restore(event);
        else stranded.set(kind, (stranded.get(kind) ?? 0) + 1);
      }
    }
    for (const [kind, events] of stranded) {
      const setting = kind === "webhook" ? "MEETBOT_WEBHOOK_URL" : "MEETBOT_INGEST_URL";
      log.warn(
        { events },
        `the outbox holds events for another ${kind} address than ${setting} has now; they wait until it has that one again`,
      );
    }
    for (const queue of this.#queues) void queue.resume();
  }
}
