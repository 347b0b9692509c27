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
/** Much longer than an exchange, so a lease ends only if its holder is gone. */
const LEASE_MS = 60_000;
/** Requests at the same time, of all customers. */
const MAX_SENDING = 64;
/** A key with this many running requests waits. So a receiver that hangs takes no places of other customers. */
const MAX_SENDING_OF_KEY = 8;
/** Few are claimed at a time, so one customer's backlog does not take all places. */
const CLAIM_LIMIT = 8;
/** How often the database is asked for retries and resent events, which no listener announces. */
const POLL_MS = 1_000;

/**
 * Sends due deliveries. The database decides their order. If this process dies, its deliveries are claimed again when
 * their leases end. A receiver may then get an event twice, with the same id.
 */
export class DeliveryRunner {
  readonly #options: DeliveryRunnerOptions;
  /** Identifies this process, so a sender that lost its lease while it was stopped cannot note anything. */
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

  /** Resolves when no request is running. A request that was cut off is not noted, so it is sent again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#notify();
    await this.#running;
  }

  /** Sends until no delivery is due. */
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
        // Readiness sees this by the age of the oldest due delivery. The next round tries again.
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

  /** Never throws. A delivery whose result could not be noted is sent again when the lease ends. */
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
      log.error({ ...fields, err: error }, "the result of a delivery could not be noted; it is sent again");
    }
  }

  async #note(delivery: ClaimedDelivery, at: number, latencyMs: number, result: Exchange): Promise<void> {
    const { store, clock, log } = this.#options;
    const number = delivery.attempts + 1;
    const claim = { by: this.#by, dueSince: delivery.dueSince };
    const attempt = { deliveryId: delivery.id, number, at, latencyMs, status: result.status };
    const fields = { jobId: delivery.jobId, deliveryId: delivery.id, event: delivery.event, attempt: number };
    if (result.verdict === "accepted") {
      await store.noteAttempt({ ...attempt, error: null }, { state: "delivered" }, claim);
      log.debug({ ...fields, status: result.status, latencyMs }, "delivered");
      return;
    }
    const { reason, verdict, waitMs: retryAfterMs } = result;
    const backoff = { attempts: number, since: delivery.dueSince, now: clock.now(), random: Math.random() };
    // No retry for a receiver that says that it is gone for good.
    const nextAt = verdict === "gone" ? undefined : nextDeliveryAt({ ...backoff, retryAfterMs });
    await store.noteAttempt({ ...attempt, error: reason }, { state: "failed", nextAt }, claim);
    if (nextAt === undefined) log.error(fields, `${reason}; the event is given up and can be resent`);
    else log.warn({ ...fields, nextAttemptAt: new Date(nextAt).toISOString() }, reason);
  }

  #notify(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Waits until a job changes, one of the requests is done, or the database must be asked again. */
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
