import { randomUUID } from "node:crypto";
import type { Exchange } from "../../delivery/exchange.ts";
import type { Log } from "../../log.ts";
import { nextDeliveryAt } from "../domain/backoff.ts";
import type { Clock } from "../ports/clock.ts";
import type { ClaimedDelivery, DeliveryStore } from "../ports/deliveries.ts";
import type { JobStore } from "../ports/jobs.ts";
import { type SendOptions, sendOnce } from "./send.ts";

export interface DeliveryRunnerOptions extends Omit<SendOptions, "timeoutMs"> {
  readonly store: Pick<DeliveryStore, "claimDeliveries" | "noteAttempt"> & Pick<JobStore, "onJobChange">;
  readonly clock: Clock;
  readonly log: Log;
  /** For one exchange; 10 s by default, as the documentation for receivers says. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Much longer than an exchange, so that a lease ends only if its holder is gone. */
const LEASE_MS = 60_000;
/** Requests at the same time, of all customers. */
const MAX_SENDING = 64;
/** From so many on a key waits, so that a receiver that hangs takes no other customer's places. */
const MAX_SENDING_OF_KEY = 8;
/** Claimed at once, so that one customer's thousands do not take all places. */
const CLAIM_LIMIT = 8;
/** The store is asked this often, for what nobody has announced: retries, and what was resent. */
const POLL_MS = 1_000;

/**
 * Sends what is due in the ledger. Which delivery is whose turn is decided by the store. Whatever this process has in hand
 * when it dies is claimed again when its lease is over; a receiver may then get an event twice, with the same id.
 */
export class DeliveryRunner {
  readonly #options: DeliveryRunnerOptions;
  /** Names this process to the store, so that a sender that was stopped for long cannot note anything. */
  readonly #by = randomUUID();
  readonly #stopping = new AbortController();
  readonly #sending = new Map<string, { readonly keyId: string; readonly done: Promise<void> }>();
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #isWoken = false;

  constructor(options: DeliveryRunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is being sent any more. What was cut off is not noted: it is sent again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#notify();
    await this.#running;
  }

  /** Sends until nothing is due. */
  async sendDue(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#isWoken = false;
      const claimed = await this.#claim();
      if (claimed > 0) continue;
      if (this.#sending.size === 0) return;
      await this.#pause([...this.#sending.values()].map(({ done }) => done));
    }
    await Promise.all([...this.#sending.values()].map(({ done }) => done));
  }

  async #run(): Promise<void> {
    const unlisten = this.#options.store.onJobChange(() => this.#notify());
    while (!this.#stopping.signal.aborted) {
      try {
        await this.sendDue();
      } catch (error) {
        // The age of what is due tells readiness. The next round does what this one could not.
        this.#options.log.error({ err: error }, "deliveries could not be read from the database");
      }
      await this.#pause([]);
    }
    unlisten();
    await Promise.all([...this.#sending.values()].map(({ done }) => done));
  }

  /** @returns how many were claimed */
  async #claim(): Promise<number> {
    const { store, clock } = this.#options;
    const limit = Math.min(CLAIM_LIMIT, MAX_SENDING - this.#sending.size);
    if (limit <= 0) return 0;
    const counts = Map.groupBy(this.#sending.values(), ({ keyId }) => keyId);
    const exceptKeys = [...counts].filter(([, { length }]) => length >= MAX_SENDING_OF_KEY).map(([keyId]) => keyId);
    const claim = { at: clock.now(), leaseMs: LEASE_MS, by: this.#by, limit, exceptKeys };
    const claimed = await store.claimDeliveries(claim);
    for (const delivery of claimed) {
      const done = this.#send(delivery).finally(() => this.#sending.delete(delivery.id));
      this.#sending.set(delivery.id, { keyId: delivery.key.id, done });
    }
    return claimed.length;
  }

  /** Never throws: what could not be noted is sent again when the lease is over. */
  async #send(delivery: ClaimedDelivery): Promise<void> {
    const { clock, log, timeoutMs = TIMEOUT_MS } = this.#options;
    const { signal } = this.#stopping;
    const fields = { jobId: delivery.jobId, deliveryId: delivery.id, event: delivery.event };
    try {
      const at = clock.now();
      const before = performance.now();
      const result = await sendOnce(delivery, at, { ...this.#options, timeoutMs }, signal);
      if (signal.aborted && result.verdict !== "accepted") return;
      await this.#note(delivery, at, Math.round(performance.now() - before), result);
    } catch (error) {
      log.error({ ...fields, err: error }, "what became of a delivery could not be noted; it is sent again");
    }
  }

  async #note(delivery: ClaimedDelivery, at: number, latencyMs: number, result: Exchange): Promise<void> {
    const { store, clock, log } = this.#options;
    const number = delivery.attempts + 1;
    const attempt = { deliveryId: delivery.id, number, at, latencyMs, status: result.status };
    const fields = { jobId: delivery.jobId, deliveryId: delivery.id, event: delivery.event, attempt: number };
    if (result.verdict === "accepted") {
      await store.noteAttempt({ ...attempt, error: null }, { state: "delivered" }, this.#by);
      log.debug({ ...fields, status: result.status, latencyMs }, "delivered");
      return;
    }
    const { reason, verdict, waitMs: retryAfterMs } = result;
    const backoff = { attempts: number, since: delivery.dueSince, now: clock.now(), random: Math.random() };
    // A receiver that is gone for good is not asked again.
    const nextAt = verdict === "gone" ? undefined : nextDeliveryAt({ ...backoff, retryAfterMs });
    await store.noteAttempt({ ...attempt, error: reason }, { state: "failed", nextAt }, this.#by);
    if (nextAt === undefined) log.error(fields, `${reason}; the event is given up and can be resent`);
    else log.warn({ ...fields, nextAttemptAt: new Date(nextAt).toISOString() }, reason);
  }

  #notify(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Until something happens: a job changes, one of these is done, or it is time to ask the store again. */
  async #pause(done: readonly Promise<void>[]): Promise<void> {
    if (this.#isWoken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, POLL_MS);
    this.#wake = resolve;
    await Promise.race([promise, ...done]);
    clearTimeout(timer);
    this.#wake = () => undefined;
  }
}
