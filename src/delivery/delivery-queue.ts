import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../recording/ports/clock.ts";
import type { Destination } from "./destination.ts";
import { envelopeBody, exchange } from "./exchange.ts";
import type { OutboxEvent } from "./outbox-lines.ts";

export interface DeliveryOptions {
  readonly clock: Pick<Clock, "wallTime">;
  readonly log: Log;
  readonly userAgent: string;
  /** For one exchange. */
  readonly timeoutMs: number;
  /** Before the second try; each further pause is twice as long, and up to twice that at random. */
  readonly firstPauseMs: number;
}

/** An event that nobody has accepted for so long is given up: three days. */
export const GIVE_UP_AFTER_MS = 259_200_000;

/** After the first try. */
const RETRIES = 5;

/** Longer than this nobody makes a worker wait. */
const MAX_RETRY_AFTER_MS = 60_000;

interface FailureOptions {
  /** Another try now would fail as well. */
  readonly final: boolean;
  /** So would any later one. */
  readonly gone?: boolean;
  readonly waitMs: number;
  readonly cause?: unknown;
}

/** A try that failed. */
class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly final: boolean;
  readonly gone: boolean;
  readonly waitMs: number;

  constructor(reason: string, { final, gone = false, waitMs, cause }: FailureOptions) {
    super(reason, { cause });
    this.final = final;
    this.gone = gone;
    this.waitMs = waitMs;
  }
}

/** Learns what happens to an event. */
export interface DeliveryListener {
  accepted(event: OutboxEvent): Promise<void>;
  /** It is tried no more. `isGone`: the receiver answered that it will never take anything again. */
  givenUp(event: OutboxEvent, reason: string, isGone: boolean): Promise<void>;
}

/**
 * The events that one destination has not accepted yet. They are sent one at a time, in order. If the attempts for the
 * first one are used up, all wait until the next event comes or `resume` is called. An event is given up if it is too
 * old by then, or if the receiver says that it is gone for good.
 */
export class DeliveryQueue {
  readonly destination: Destination;
  readonly #options: DeliveryOptions;
  readonly #listener: DeliveryListener;
  readonly #waiting: OutboxEvent[] = [];
  /** Tries by delivery id, so that each has its number whatever happens between them. */
  readonly #attempts = new Map<string, number>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(destination: Destination, listener: DeliveryListener, options: DeliveryOptions) {
    this.destination = destination;
    this.#listener = listener;
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
    this.#closing.abort(new Error("the delivery was stopped"));
    await this.#running;
  }

  async #run(): Promise<void> {
    // The flag falls in the same breath in which the queue is found empty: no event can come between.
    try {
      for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
        if (this.#closing.signal.aborted || !(await this.#settled(event))) return;
        this.#waiting.shift();
      }
    } finally {
      this.#running = undefined;
    }
  }

  /** @returns false if it has to wait for better times */
  async #settled(event: OutboxEvent): Promise<boolean> {
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
      if (signal.aborted) return false;
      const isGone = error instanceof DeliveryError && error.gone;
      if (isGone || isTooOld(event, this.#options.clock.wallTime())) {
        log.error(fields, `${messageOf(error)}; the event is given up`);
        await this.#listener.givenUp(event, messageOf(error), isGone);
        return true;
      }
      log.error(fields, `${messageOf(error)}; the event stays in the outbox`);
      return false;
    }
    await this.#listener.accepted(event);
    return true;
  }

  /** @throws DeliveryError if it was not accepted */
  async #attempt(event: OutboxEvent): Promise<void> {
    const { clock, userAgent, timeoutMs } = this.#options;
    const attempt = (this.#attempts.get(event.deliveryId) ?? 0) + 1;
    this.#attempts.set(event.deliveryId, attempt);
    const result = await exchange(this.destination, envelopeBody(event, attempt), {
      ...{ userAgent, timeoutMs, maxWaitMs: MAX_RETRY_AFTER_MS },
      now: clock.wallTime(),
      signal: this.#closing.signal,
    });
    if (result.verdict === "accepted") return;
    const { verdict, reason, waitMs, cause } = result;
    throw new DeliveryError(reason, { final: verdict !== "try_again", gone: verdict === "gone", waitMs, cause });
  }
}

/** Whether it was emitted so long ago that it is given up if it fails once more. */
export function isTooOld({ emittedAt }: OutboxEvent, now: Date): boolean {
  return now.getTime() - Date.parse(emittedAt) > GIVE_UP_AFTER_MS;
}
