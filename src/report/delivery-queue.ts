import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { messageOf } from "../errors.ts";
import type { Clock, Log } from "../recording/ports.ts";
import type { Envelope } from "../session/notices.ts";
import { AddressRefusedError } from "./addresses.ts";
import { type Destination, nameOf } from "./destination.ts";
import type { OutboxEvent } from "./outbox-lines.ts";
import { post } from "./post.ts";
import { retryAfterMs, verdictOn } from "./verdict.ts";

export interface DeliveryOptions {
  readonly clock: Pick<Clock, "wallTime">;
  readonly log: Log;
  readonly userAgent: string;
  /** For one exchange. */
  readonly timeoutMs: number;
  /** Before the second try; each further pause is twice as long, and up to twice that at random. */
  readonly firstPauseMs: number;
}

/** After the first try. */
const RETRIES = 5;

/** A try that failed; `final` where another one now would fail as well. */
class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly final: boolean;
  readonly waitMs: number;

  constructor(reason: string, { final, waitMs, cause }: { final: boolean; waitMs: number; cause?: unknown }) {
    super(reason, { cause });
    this.final = final;
    this.waitMs = waitMs;
  }
}

/**
 * What one destination has not accepted yet, in order: one event at a time, and none passes another. Where the tries
 * for the first one are used up, all wait until the next event comes or `resume` is called.
 */
export class DeliveryQueue {
  readonly destination: Destination;
  readonly #options: DeliveryOptions;
  readonly #onAccepted: (event: OutboxEvent) => Promise<void>;
  readonly #waiting: OutboxEvent[] = [];
  /** Tries by delivery id, so that each has its number whatever happens between them. */
  readonly #attempts = new Map<string, number>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(destination: Destination, onAccepted: (event: OutboxEvent) => Promise<void>, options: DeliveryOptions) {
    this.destination = destination;
    this.#onAccepted = onAccepted;
    this.#options = options;
  }

  /** Queues an event of an earlier run. How often that one tried is not known: the next try is not called the first. */
  restore(event: OutboxEvent): void {
    this.#attempts.set(event.deliveryId, 1);
    this.#waiting.push(event);
  }

  push(event: OutboxEvent): void {
    this.#waiting.push(event);
    void this.resume();
  }

  /** Resolves when nothing waits, or the tries for what is first are used up. */
  async resume(): Promise<void> {
    if (this.#waiting.length === 0 || this.#closing.signal.aborted) return;
    this.#running ??= this.#run();
    await this.#running;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("the reporter was closed"));
    await this.#running;
  }

  async #run(): Promise<void> {
    // The flag falls in the same breath in which the queue is found empty: no event can come between.
    try {
      for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
        if (this.#closing.signal.aborted || !(await this.#delivered(event))) return;
        this.#waiting.shift();
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #delivered(event: OutboxEvent): Promise<boolean> {
    const { log, firstPauseMs } = this.#options;
    const { signal } = this.#closing;
    const fields = { deliveryId: event.deliveryId, event: event.data.event };
    try {
      await pRetry(() => this.#attempt(event), {
        retries: RETRIES,
        minTimeout: firstPauseMs,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => !(error instanceof DeliveryError && error.final),
        onFailedAttempt: async ({ error, retriesLeft }) => {
          if (!(error instanceof DeliveryError) || error.final || retriesLeft === 0 || signal.aborted) return;
          log.warn({ ...fields, retriesLeft }, error.message);
          await sleep(error.waitMs, undefined, { signal });
        },
      });
    } catch (error) {
      if (!signal.aborted) log.error(fields, `${messageOf(error)}; the event stays in the outbox`);
      return false;
    }
    await this.#onAccepted(event);
    return true;
  }

  /** @throws DeliveryError where it was not accepted */
  async #attempt(event: OutboxEvent): Promise<void> {
    const { clock, userAgent, timeoutMs } = this.#options;
    const { url, lookup } = this.destination;
    const name = nameOf(this.destination);
    const body = this.#bodyOf(event);
    const headers = {
      "content-type": "application/json",
      "user-agent": userAgent,
      "x-meetbot-webhook-version": "2",
      ...this.destination.credentials(body),
    };
    const { status, retryAfter } = await post(url, {
      ...{ headers, body, timeoutMs, lookup },
      signal: this.#closing.signal,
    }).catch((error: unknown) => {
      const final = error instanceof AddressRefusedError;
      throw new DeliveryError(`${name} could not be reached: ${reasonOf(error)}`, { final, waitMs: 0, cause: error });
    });
    const verdict = verdictOn(status);
    if (verdict === "accepted") return;
    throw new DeliveryError(`${name} answered with ${status}`, {
      final: verdict === "refused",
      waitMs: retryAfterMs(retryAfter, clock.wallTime()),
    });
  }

  #bodyOf({ deliveryId, emittedAt, data }: OutboxEvent): Buffer {
    const attempt = (this.#attempts.get(deliveryId) ?? 0) + 1;
    this.#attempts.set(deliveryId, attempt);
    const envelope = { deliveryId, event: data.event, emittedAt, attempt, version: 2, data } as Envelope;
    return Buffer.from(JSON.stringify(envelope), "utf8");
  }
}

/** What was thrown, in words; Node leaves them out where it tried several addresses. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === "" && error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : message;
}
