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
  /** Time limit for one exchange. */
  readonly timeoutMs: number;
  /**
   * The pause before the second attempt. Each further pause is twice as long, plus a random extra of up to the same
   * length.
   */
  readonly firstPauseMs: number;
  /** After so long the next attempts begin; undefined if they wait for another event. */
  readonly againMs: number | undefined;
}

/** An event that is not accepted for three days is given up. */
export const GIVE_UP_AFTER_MS = 259_200_000;

/** Retries after the first attempt. */
const RETRIES = 5;

/** The longest wait that a receiver can request. */
const MAX_RETRY_AFTER_MS = 60_000;

interface FailureOptions {
  /** A retry now would fail too. */
  readonly final: boolean;
  /** Any later retry would fail too. */
  readonly gone?: boolean;
  readonly waitMs: number;
  readonly cause?: unknown;
}

/** A failed attempt. */
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

/** Receives the outcomes of events. */
export interface DeliveryListener {
  accepted(event: OutboxEvent): Promise<void>;
  /** The event is not tried again. `isGone`: the receiver answered that it will never accept anything again. */
  givenUp(event: OutboxEvent, reason: string, isGone: boolean): Promise<void>;
}

/**
 * The events that one destination has not accepted yet. They are sent one at a time, in order. If the attempts for the
 * first one are used up, all wait until the next event comes, `againMs` are over, or `resume` is called. An event is given up if it is too
 * old by then, or if the receiver says that it is gone for good.
 */
export class DeliveryQueue {
  readonly destination: Destination;
  readonly #options: DeliveryOptions;
  readonly #listener: DeliveryListener;
  readonly #waiting: OutboxEvent[] = [];
  /** The number of attempts by delivery id, which is kept whatever happens between them. */
  readonly #attempts = new Map<string, number>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor(destination: Destination, listener: DeliveryListener, options: DeliveryOptions) {
    this.destination = destination;
    this.#listener = listener;
    this.#options = options;
  }

  /**
   * Queues an event of an earlier run. Its number of attempts is unknown, so the next one is not reported as the first.
   */
  restore(event: OutboxEvent): void {
    this.#attempts.set(event.deliveryId, 1);
    this.#waiting.push(event);
  }

  push(event: OutboxEvent): void {
    this.#waiting.push(event);
    void this.resume();
  }

  /** Resolves when the queue is empty, or when the attempts for its first event are used up. */
  async resume(): Promise<void> {
    if (this.#waiting.length === 0 || this.#closing.signal.aborted) return;
    clearTimeout(this.#again);
    this.#running ??= this.#run();
    await this.#running;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("the delivery was stopped"));
    clearTimeout(this.#again);
    await this.#running;
  }

  async #run(): Promise<void> {
    // The flag is cleared synchronously with the check for an empty queue, so no event can come between.
    try {
      for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
        if (this.#closing.signal.aborted) return;
        if (!(await this.#settled(event))) return this.#resumeLater();
        this.#waiting.shift();
      }
    } finally {
      this.#running = undefined;
    }
  }

  #resumeLater(): void {
    const { againMs } = this.#options;
    if (againMs === undefined || this.#closing.signal.aborted) return;
    this.#again = setTimeout(() => void this.resume(), againMs);
    this.#again.unref();
  }

  /** @returns false if it must wait for a later attempt */
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

/** Whether it is old enough to be given up if it fails again. */
export function isTooOld({ emittedAt }: OutboxEvent, now: Date): boolean {
  return now.getTime() - Date.parse(emittedAt) > GIVE_UP_AFTER_MS;
}
