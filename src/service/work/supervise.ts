import { setTimeout as sleep } from "node:timers/promises";
import { isOver, type JobRow } from "../domain/job-row.ts";
import { readLoginNotes } from "../domain/login-notes.ts";
import { judge } from "../domain/verdict.ts";
import { StorageUnavailableError } from "../ports/recordings.ts";
import { WorkerUnreachableError } from "../ports/workers.ts";
import type { Dispatcher } from "./dispatch.ts";
import { LoginBudget } from "./login-budget.ts";
import { SignsOfLife } from "./signs-of-life.ts";
import type { WorkContext } from "./work-context.ts";

/** How often it is noted that a worker was seen alive. */
const NOTE_SEEN_MS = 10_000;
const CONTROL_TIMEOUT_MS = 3_000;
/** A tick waits so long for its looks. One that takes longer, such as at a frozen worker, keeps no other job waiting. */
const LOOK_MS = 500;

/** Watches all workers that may be running, also those of an earlier service. */
export class Supervisor {
  readonly #context: WorkContext;
  readonly #dispatcher: Dispatcher;
  /** Requests to end that a worker has accepted, by job, attempt and kind. They are not sent again. */
  readonly #accepted = new Set<string>();
  readonly #logins: LoginBudget;
  readonly #signs: SignsOfLife;
  /** The looks that are in progress, by job. */
  readonly #looks = new Map<string, { readonly since: number; readonly done: Promise<void> }>();
  /** Whether a worker was found to be gone in this look. */
  #hasFreed = false;

  constructor(context: WorkContext, dispatcher: Dispatcher) {
    this.#context = context;
    this.#dispatcher = dispatcher;
    this.#logins = new LoginBudget(context);
    this.#signs = new SignsOfLife(context);
  }

  /** Workers whose processes run and give no sign of life. */
  get silent(): number {
    return this.#signs.silent;
  }

  /** When the look began that has taken longest and is not done; null if none runs. */
  get lookingSince(): number | null {
    return [...this.#looks.values()][0]?.since ?? null;
  }

  /** A worker has sent something. */
  async heard(jobId: string): Promise<void> {
    await this.#signs.heard(jobId);
  }

  /** Resolves when no look is in progress. */
  async settled(): Promise<void> {
    await Promise.all([...this.#looks.values()].map(({ done }) => done));
    await this.#signs.settled();
  }

  /**
   * Looks at each worker once, unless the last look at it is not done. A failure for one job does not affect the others.
   *
   * @param wasBlind nobody has looked for a while, so that a worker without a trace has had one meanwhile, maybe
   * @returns whether a slot is free that was not before
   */
  async look(wasBlind: boolean): Promise<boolean> {
    const { store, clock } = this.#context;
    const jobs = await store.claimed();
    if (wasBlind) this.#signs.beginAgain();
    this.#hasFreed = false;
    for (const job of jobs) {
      if (this.#looks.has(job.id)) continue;
      const look = this.#lookAt(wasBlind ? { ...job, untrackedSince: null } : job);
      const done = look.finally(() => this.#looks.delete(job.id));
      this.#looks.set(job.id, { since: clock.now(), done });
    }
    const all = Promise.all([...this.#looks.values()].map(({ done }) => done));
    await Promise.race([all, sleep(LOOK_MS, undefined, { ref: false })]);
    return this.#hasFreed;
  }

  /** Passes a request to end on to the worker. @returns the worker's answer; undefined if there is none */
  async askToEnd(job: JobRow) {
    const { control, log } = this.#context;
    const { id: jobId, attempt, ending, task, worker } = job;
    const key = `${jobId} ${attempt} ${ending}`;
    if (ending === null || task !== "record" || worker === null || this.#accepted.has(key)) return undefined;
    const request =
      ending === "cancel"
        ? ({ method: "DELETE", path: "" } as const)
        : ({ method: "POST", path: "/leave-call" } as const);
    try {
      const answer = await control.send(job, { ...request, timeoutMs: CONTROL_TIMEOUT_MS });
      if (answer.status < 500) this.#accepted.add(key);
      return answer;
    } catch (error) {
      if (!(error instanceof WorkerUnreachableError)) throw error;
      log.debug({ jobId, attempt }, `the worker cannot be asked to end yet: ${error.message}`);
      return undefined;
    }
  }

  async #lookAt(job: JobRow): Promise<void> {
    const { log } = this.#context;
    try {
      if (job.worker === null) await this.#findLost(job);
      else await this.#judge(job, job.worker);
    } catch (error) {
      log.error({ err: error, jobId: job.id }, "the worker could not be looked at");
    }
  }

  /** For a claim without a handle: the service ended between claim and start. */
  async #findLost(job: JobRow): Promise<void> {
    const { id: jobId, attempt } = job;
    if (this.#dispatcher.isStarting(jobId)) return;
    const { store, launcher, clock, log } = this.#context;
    const found = await launcher.find(jobId, attempt);
    const at = clock.now();
    if (found.kind === "starting") {
      // Its deadline is over, and it cannot be ended because it has no name. What it has is taken away.
      if (job.stopLevel > 0) await this.#gone(job, "it began, and no process of it appeared");
      return;
    }
    if (found.kind === "never") {
      await store.applyJobEvent(jobId, { type: "not_started", at, attempt });
      this.#hasFreed = true;
    }
    if (found.kind === "found") {
      await store.applyJobEvent(jobId, { type: "launched", at, attempt, worker: found.worker });
    }
    log.info({ jobId, attempt }, found.kind === "never" ? "the worker was never started" : "found the worker again");
  }

  async #judge(job: JobRow, worker: string): Promise<void> {
    const { store, launcher, clock } = this.#context;
    const { id: jobId, attempt } = job;
    const verdict = await launcher.inspect(jobId, worker);
    const judgement = judge(verdict, job.untrackedSince, clock.now());
    if (judgement.kind !== "alive") this.#signs.forget(jobId);
    if (judgement.kind === "gone") return await this.#gone(job, judgement.how);
    if (judgement.kind === "wait") {
      if (judgement.untrackedSince === job.untrackedSince) return;
      this.#context.log.warn({ jobId, attempt, verdict }, "the worker cannot be seen");
      return await store.noteSeen(jobId, attempt, { untrackedSince: judgement.untrackedSince });
    }
    const seenAt = clock.now();
    if (job.untrackedSince !== null || seenAt - (job.workerSeenAt ?? 0) >= NOTE_SEEN_MS) {
      await store.noteSeen(jobId, attempt, { seenAt, untrackedSince: null });
      await this.#countLogins(job);
    }
    await this.#signs.listen(job);
    await launcher.maintain(jobId);
    if (job.stopLevel === 0 && job.status !== "finalizing" && !isOver(job.status)) await this.askToEnd(job);
  }

  /** Counts the logins that the worker has noted. A file that cannot be read affects nothing else. */
  async #countLogins({ id: jobId, attempt, botId, mode, task }: JobRow): Promise<void> {
    if (mode !== "live" || task !== "record") return;
    try {
      const notes = readLoginNotes(await this.#context.launcher.loginNotes(jobId, attempt));
      for (const [index, { at, limit }] of notes.entries()) {
        await this.#logins.noteWorkers([{ jobId, attempt, number: index + 1, botId }], at);
        // What is left is counted after this login, so the login itself is not counted again.
        if (limit !== null) await this.#logins.noteLimit({ botId, ...limit, seenAt: at });
      }
    } catch (error) {
      this.#context.log.warn({ err: error, jobId }, "the logins of a worker could not be counted");
    }
  }

  async #gone(job: JobRow, how: string): Promise<void> {
    const { store, launcher, environments, clock, log } = this.#context;
    const { id: jobId, attempt } = job;
    const remains = await launcher.remains(jobId);
    if (remains !== "recorded" && !isOver(job.status) && !(await this.#toldByStorage(job))) return;
    const applied = await store.applyJobEvent(jobId, { type: "worker_gone", at: clock.now(), attempt, how, remains });
    if (applied.kind !== "applied") return;
    for (const how of ["cancel", "leave"]) this.#accepted.delete(`${jobId} ${attempt} ${how}`);
    this.#hasFreed = true;
    log.info({ jobId, attempt, how, remains, status: applied.job.status }, "a worker has ended");
    await this.#countLogins(job);
    await launcher.cleanUp(jobId, remains !== "recorded");
    if (isOver(applied.job.status) && remains !== "recorded") await environments.release(jobId);
  }

  /**
   * Takes the end of a job whose worker left nothing to recover from the stored manifest: the database may be a backup of a
   * time before the job's end.
   *
   * @returns false if the storage has to be asked again
   */
  async #toldByStorage(job: JobRow): Promise<boolean> {
    const { store, storedEnd, clock, log } = this.#context;
    const { id: jobId, attempt } = job;
    try {
      for (const envelope of await storedEnd(job)) await store.report(jobId, attempt, envelope, clock.now());
      return true;
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      // Nothing was recorded, so the next attempt is worth more than an answer.
      if (job.startedAt === null) return true;
      const evidence = { kind: "untracked", evidence: `the storage does not answer: ${error.message}` } as const;
      const judgement = judge(evidence, job.untrackedSince, clock.now());
      if (judgement.kind !== "wait") return true;
      log.warn({ err: error, jobId }, "the storage of a job whose worker is gone does not answer");
      await store.noteSeen(jobId, attempt, { untrackedSince: judgement.untrackedSince });
      return false;
    }
  }
}
