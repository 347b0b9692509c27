import { randomBytes } from "node:crypto";
import { hasCode, messageOf } from "../../errors.ts";
import type { JobRow, WorkerTask } from "../domain/job-row.ts";
import { hashOfKey } from "../domain/key-format.ts";
import { sealPurpose } from "../domain/seal-purpose.ts";
import type { Applied, OwnInput } from "../ports/jobs.ts";
import { Batch } from "./batch.ts";
import { type BotLogins, LoginBudget, noLogins } from "./login-budget.ts";
import type { WorkContext } from "./work-context.ts";
import { workerSpec } from "./worker-spec.ts";

const TOKEN_BYTES = 32;
/** What the machine has too little of may be there again soon: processes, memory, open files, disk. */
const SHORTAGES = ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ENOSPC", "EDQUOT"];
const AFTER_SHORTAGE_MS = 5_000;
/** In one transaction, so that other writers do not wait long. */
const CLAIMS_AT_ONCE = 50;

/** Starts workers. The claim in the database keeps other processes from starting the same job. */
export class Dispatcher {
  readonly #context: WorkContext;
  /** The starts that are in progress, by job. A start does not keep another job waiting. */
  readonly #starts = new Map<string, Promise<void>>();
  /** Why a waiting job could not be started, for its failure if its time is over. */
  readonly #shortages = new Map<string, string>();
  readonly #launched: Batch<{ readonly id: string; readonly input: OwnInput }, Applied>;
  #shortageAt = 0;
  readonly #logins: LoginBudget;

  constructor(context: WorkContext) {
    this.#context = context;
    this.#logins = new LoginBudget(context);
    this.#launched = new Batch((launched) => context.store.applyJobEvents(launched));
  }

  /** Whether this process is starting the job's worker now. If so, a claim without a handle is not lost. */
  isStarting(jobId: string): boolean {
    return this.#starts.has(jobId);
  }

  /** Why a waiting job was not started: its last start failed, or its bot has no logins. Undefined if neither. */
  async shortageOf({ id, botId }: JobRow): Promise<string | undefined> {
    const shortage = this.#shortages.get(id);
    if (shortage !== undefined) return shortage;
    const { forNewCalls, resetAt } = await this.#logins.of(botId);
    return forNewCalls > 0 ? undefined : noLogins(resetAt);
  }

  forget(jobId: string): void {
    this.#shortages.delete(jobId);
  }

  /** Whether a recovery has a slot. Recoveries take half of the slots, because recordings cannot wait. */
  async mayRecover(): Promise<boolean> {
    const { maxWorkers } = this.#context.workers;
    const { workers, recoveries } = await this.#context.store.countClaimed();
    const hasSlot = workers < maxWorkers && recoveries < Math.max(1, Math.floor(maxWorkers / 2));
    return hasSlot && !this.#isShort();
  }

  /**
   * Starts as many waiting jobs as there are slots, in the order of their `joinAt`.
   *
   * @returns how many workers there are then
   */
  async startWaiting(): Promise<number> {
    const { store, workers, log } = this.#context;
    let running = (await store.countClaimed()).workers;
    const free = workers.maxWorkers - running;
    if (free <= 0 || this.#isShort()) return running;
    const scarce = await this.#logins.scarce();
    const spent = scarce.filter(({ forNewCalls }) => forNewCalls === 0).map(({ botId }) => botId);
    const jobs = withinLogins(await store.startable(free, spent), scarce);
    for (let first = 0; first < jobs.length; first += CLAIMS_AT_ONCE) {
      const ids = jobs.slice(first, first + CLAIMS_AT_ONCE).map(({ id }) => id);
      try {
        running += await this.#start(ids, "record");
      } catch (error) {
        log.error({ err: error, jobs: ids }, "jobs could not be claimed");
      }
    }
    return running;
  }

  /**
   * Claims the job's next attempt and starts its worker in the background. A worker that cannot be started counts as gone.
   *
   * @returns false if there is nothing to start any more
   */
  async start(jobId: string, task: WorkerTask): Promise<boolean> {
    return (await this.#start([jobId], task)) > 0;
  }

  /** @returns how many were claimed */
  async #start(jobIds: readonly string[], task: WorkerTask): Promise<number> {
    const { store, sealer, clock, log } = this.#context;
    const tokens = new Map(
      jobIds.filter((id) => !this.#starts.has(id)).map((id) => [id, { ingest: newToken(), control: newToken() }]),
    );
    const claims = new Map(
      [...tokens].map(([id, { ingest, control }]) => [
        id,
        {
          at: clock.now(),
          task,
          ingestTokenHash: hashOfKey(ingest),
          controlTokenSealed: sealer.seal(control, sealPurpose.controlToken(id)),
        },
      ]),
    );
    const claimed = await store.claimMany(claims);
    // The worker's first login, counted before it happens: a crash of the service must not lose it.
    if (task === "record") await this.#logins.noteWorkers(claimed.filter(isLiveJob).map(firstLogin));
    for (const job of claimed) {
      const { ingest = "", control = "" } = tokens.get(job.id) ?? {};
      log.info({ jobId: job.id, attempt: job.attempt, task }, "starting a worker");
      const launch = this.#launch(job, ingest, control)
        // The supervisor looks at the claim later.
        .catch((error: unknown) => log.error({ err: error, jobId: job.id }, "a job could not be started"))
        .finally(() => this.#starts.delete(job.id));
      this.#starts.set(job.id, launch);
    }
    return claimed.length;
  }

  /** Resolves when no worker is being started. */
  async settled(): Promise<void> {
    while (this.#starts.size > 0) await Promise.all(this.#starts.values());
  }

  #isShort(): boolean {
    return Math.abs(this.#context.clock.now() - this.#shortageAt) < AFTER_SHORTAGE_MS;
  }

  async #launch(job: JobRow, ingestToken: string, controlToken: string): Promise<void> {
    const { launcher, clock, log } = this.#context;
    const { id: jobId, attempt } = job;
    try {
      const worker = await launcher.start(await workerSpec(job, { ...this.#context, ingestToken, controlToken }));
      this.#shortages.delete(jobId);
      await this.#launched.add({ id: jobId, input: { type: "launched", at: clock.now(), attempt, worker } });
    } catch (error) {
      log.error({ err: error, jobId, attempt }, "the worker could not be started");
      // It may run nevertheless. Then the supervisor finds it by its marks.
      if ((await launcher.find(jobId, attempt)).kind !== "never") return;
      const how = `it could not be started: ${messageOf(error)}`;
      if (SHORTAGES.some((code) => hasCode(error, code))) await this.#waitForMore(job, how);
      else await this.#giveUp(job, how);
      await launcher.cleanUp(jobId, false);
    }
  }

  /** The job waits within its window, and no other one is tried at once. */
  async #waitForMore({ id: jobId, attempt }: JobRow, how: string): Promise<void> {
    const { store, clock } = this.#context;
    this.#shortageAt = clock.now();
    this.#shortages.set(jobId, how);
    await store.applyJobEvent(jobId, { type: "not_started", at: clock.now(), attempt });
  }

  async #giveUp({ id: jobId, attempt }: JobRow, how: string): Promise<void> {
    const { store, launcher, clock } = this.#context;
    const remains = await launcher.remains(jobId);
    await store.applyJobEvent(jobId, { type: "worker_gone", at: clock.now(), attempt, how, remains });
  }
}

/** At most as many jobs of each bot as it has logins for. */
function withinLogins(jobs: readonly JobRow[], scarce: readonly BotLogins[]): JobRow[] {
  const left = new Map(scarce.map(({ botId, forNewCalls }) => [botId, forNewCalls]));
  return jobs.filter(({ botId, retries }) => {
    const more = left.get(botId);
    if (more === undefined || retries > 0) return true;
    left.set(botId, more - 1);
    return more > 0;
  });
}

function isLiveJob({ mode }: JobRow): boolean {
  return mode === "live";
}

function firstLogin({ id: jobId, attempt, botId }: JobRow) {
  return { jobId, attempt, number: 1, botId };
}

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}
