import type { Envelope } from "../../session/job-events.ts";
import { DISPATCH_DEADLINE_MS } from "../domain/deadlines.ts";
import { type EndRequest, isOver } from "../domain/job-row.ts";
import { hashOfKey } from "../domain/key-format.ts";
import type { EndAnswer, Ingested, Work, WorkHealth } from "../ports/work.ts";
import { Dispatcher } from "./dispatch.ts";
import { doDueTimers } from "./due-timers.ts";
import { Supervisor } from "./supervise.ts";
import type { WorkContext } from "./work-context.ts";

/** Time between two ticks, unless a timer is due sooner or something wakes the scheduler. */
const TICK_MS = 1_000;
const HOUSEKEEPING_MS = 3_600_000;
/**
 * Without a tick for this long, nobody could hear workers: the service was not running, was suspended, or the clock was
 * set. Their deadlines begin again, and so does the time without a sign of life.
 */
const BLIND_MS = 15_000;
/** After a shorter pause the timer may not be due yet, which would waste a tick. */
const SHORTEST_TICK_MS = 5;

/**
 * Does what no request asks for. Each tick handles due timers, looks at each worker and starts waiting jobs. Between
 * ticks all state is in the database.
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

  /** Starts to tick. The first tick adopts the workers of an earlier service. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the running tick and the starts of workers are done. Workers continue. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
    await this.settled();
  }

  /** Resolves when no worker is being started or looked at. */
  async settled(): Promise<void> {
    await this.#supervisor.settled();
    await this.#dispatcher.settled();
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
    if (ingested.kind !== "unknown_token" && ingested.kind !== "stale") await this.#supervisor.heard(data.jobId);
    if (ingested.kind === "ignored") log.warn(fields, "the job's state forbids this event; nothing changed");
    if (ingested.kind === "stale") log.warn(fields, "a worker of an older attempt sent an event; it must end");
    return ingested;
  }

  health(): WorkHealth {
    const { maxWorkers } = this.#context.workers;
    const { waiting } = this.#context.launcher;
    const { silent, lookingSince } = this.#supervisor;
    return { lastTickAt: this.#lastTickAt, maxWorkers, workers: this.#workers, waiting, silent, lookingSince };
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#isWoken = false;
      try {
        await this.tick();
      } catch (error) {
        // Readiness sees this by the age of the last tick. The next tick tries again.
        this.#context.log.error({ err: error }, "a tick failed");
      }
      await this.#pause();
    }
  }

  /** Does one tick. Workers start in the background. */
  async tick(): Promise<void> {
    const { store, clock } = this.#context;
    // Recoveries may have failed because no service was there to accept their events.
    if (this.#lastTickAt === null) await store.makeRecoveriesDue(clock.now());
    const wasBlind = this.#lastTickAt === null || Math.abs(clock.now() - this.#lastTickAt) > BLIND_MS;
    if (wasBlind) await store.renewDeadlines(clock.now() + DISPATCH_DEADLINE_MS);
    await doDueTimers(this.#context, this.#dispatcher);
    // Before looking, which takes its time.
    this.#workers = await this.#dispatcher.startWaiting();
    if (await this.#supervisor.look(wasBlind)) this.#workers = await this.#dispatcher.startWaiting();
    this.#context.launcher.prepare(Math.max(0, this.#context.workers.maxWorkers - this.#workers));
    this.#lastTickAt = clock.now();
    if (Math.abs(clock.now() - this.#housekeptAt) < HOUSEKEEPING_MS) return;
    this.#housekeptAt = clock.now();
    await store.forgetOld(clock.now());
  }

  /** Sleeps until the next timer, at most a second. */
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
