import { messageOf } from "../../../errors.ts";
import { type JobView, jobView } from "../../../session/job-view.ts";
import { isOver, type JobRow } from "../../domain/job-row.ts";
import type { Clock } from "../../ports/clock.ts";
import { type WorkerControl, WorkerUnreachableError } from "../../ports/workers.ts";

/** The longest time that an answer about a job waits for its worker. */
const WORKER_DEADLINE_MS = 2_000;

/** Requests within this time get the same view. */
const FRESH_MS = 1_000;

/** The state of a job now, from its worker. */
export interface LiveView {
  readonly live: JobView | null;
  /** Why there is no view although a worker should run. */
  readonly liveProblem: string | null;
}

interface Asked {
  readonly at: number;
  readonly view: Promise<LiveView>;
}

/** Asks workers for the state of their jobs, each at most once a second. */
export class LiveViews {
  readonly #control: WorkerControl;
  readonly #clock: Clock;
  readonly #asked = new Map<string, Asked>();

  constructor(control: WorkerControl, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
  }

  async of(job: JobRow): Promise<LiveView> {
    if (job.worker === null || job.task !== "record" || isOver(job.status)) return { live: null, liveProblem: null };
    const now = this.#clock.now();
    const known = this.#asked.get(job.id);
    if (known !== undefined && Math.abs(now - known.at) < FRESH_MS) return await known.view;
    const asked = { at: now, view: this.#ask(job) };
    for (const [id, { at }] of this.#asked) if (Math.abs(now - at) >= FRESH_MS) this.#asked.delete(id);
    this.#asked.set(job.id, asked);
    return await asked.view;
  }

  async #ask(job: JobRow): Promise<LiveView> {
    try {
      const answer = await this.#control.send(job, { method: "GET", path: "", timeoutMs: WORKER_DEADLINE_MS });
      if (answer.status !== 200) return { live: null, liveProblem: `the worker answered ${answer.status}` };
      return { live: jobView.parse(JSON.parse(answer.body.toString("utf8"))), liveProblem: null };
    } catch (error) {
      const why =
        error instanceof WorkerUnreachableError
          ? messageOf(error)
          : "the worker's answer is not what this version expects";
      return { live: null, liveProblem: why };
    }
  }
}
