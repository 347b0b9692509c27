import type { Envelope } from "../../session/job-events.ts";
import { type EndRequest, isOver } from "../domain/job-row.ts";
import { hashOfKey } from "../domain/key-format.ts";
import type { EndAnswer, Ingested, Work, WorkHealth } from "../ports/work.ts";
import { Dispatcher } from "./dispatch.ts";
import { doDueTimers } from "./due-timers.ts";
import { Supervisor } from "./supervise.ts";
import type { WorkContext } from "./work-context.ts";

/** Between two ticks, if no timer is due sooner and nothing wakes the scheduler. */
const TICK_MS = 1_000;
const HOUSEKEEPING_MS = 3_600_000;
/** What the store says is due a moment too early costs another tick. */
const SHORTEST_TICK_MS = 5;

/**
 * Everything that happens to jobs without being asked for. One tick at a time: it does what is due, looks at each worker
 * and starts jobs that wait. Between ticks it knows nothing that is not in the store.
 */
export class Scheduler implements Work {
  readonly #context: WorkContext;
  readonly #dispatcher: Dispatcher;
  readonly #supervisor: Supervisor;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #isWoken = false;
  #lastTickAt: number | null = null;
  #housekeptAt = 0;
  #workers = 0;

  constructor(context: WorkContext) {
    this.#context = context;
    this.#dispatcher = new Dispatcher(context);
    this.#supervisor = new Supervisor(context, this.#dispatcher);
  }

  /** The first tick adopts the workers of an earlier service. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the tick that runs is done. Workers go on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  async end(jobId: string, how: EndRequest): Promise<EndAnswer> {
    const { store, clock } = this.#context;
    const applied = await store.applyJobEvent(jobId, { type: "end_asked", at: clock.now(), how });
    if (applied.kind === "not_found") return { kind: "not_found" };
    if (applied.kind !== "applied") return { kind: "refused", job: applied.job };
    const { job } = applied;
    if (isOver(job.status)) return { kind: "over", job };
    return { kind: "asked", job, answer: await this.#supervisor.askToEnd(job) };
  }

  async ingest(token: string, envelope: Envelope): Promise<Ingested> {
    const { store, clock, log } = this.#context;
    const ingested = await store.ingest(hashOfKey(token), envelope, clock.now());
    const { deliveryId, event, data } = envelope;
    const fields = { jobId: data.jobId, deliveryId, event };
    if (ingested.kind === "ignored") log.warn(fields, "the job's state forbids this event; nothing changed");
    if (ingested.kind === "stale") log.warn(fields, "a worker of an older attempt reported; it must end");
    return ingested;
  }

  health(): WorkHealth {
    const { maxWorkers } = this.#context.workers;
    return { lastTickAt: this.#lastTickAt, maxWorkers, workers: this.#workers };
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#isWoken = false;
      try {
        await this.tick();
      } catch (error) {
        // The age of the last tick tells readiness. The next tick does what this one could not.
        this.#context.log.error({ err: error }, "a tick failed");
      }
      await this.#pause();
    }
  }

  /** Does all that is due now. */
  async tick(): Promise<void> {
    const { store, clock } = this.#context;
    // Recoveries of an earlier service may have failed because it did not run to take their events.
    if (this.#lastTickAt === null) await store.hurryRecoveries(clock.now());
    await doDueTimers(this.#context, this.#dispatcher);
    await this.#supervisor.look();
    await this.#dispatcher.startWaiting();
    this.#workers = (await store.claimed()).length;
    this.#lastTickAt = clock.now();
    if (clock.now() - this.#housekeptAt < HOUSEKEEPING_MS) return;
    this.#housekeptAt = clock.now();
    await store.forgetOld(clock.now());
  }

  /** Until the next timer, a second at most. */
  async #pause(): Promise<void> {
    const pauseMs = await this.#untilNextTimerMs();
    if (this.#isWoken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  async #untilNextTimerMs(): Promise<number> {
    const { store, clock } = this.#context;
    const now = clock.now();
    const [next] = await store.dueTimers(now + TICK_MS, 1).catch(() => []);
    return next === undefined ? TICK_MS : Math.min(TICK_MS, Math.max(SHORTEST_TICK_MS, next.dueAt - now));
  }
}
