import type { Log } from "../../log.ts";
import { isOver, type JobRow } from "../domain/job-row.ts";
import type { JobStore } from "../ports/jobs.ts";
import type { CallWithJob, ResidentStore } from "../ports/resident.ts";
import { type ControlAnswer, type WorkerControl, WorkerUnreachableError } from "../ports/workers.ts";

/** Passes what people answered with a command on to the workers of their server's calls. */

export interface GivenAnswer {
  readonly userId: string;
  readonly name: string;
  readonly choice: "allow" | "decline";
  readonly at: number;
}

export interface ConsentForwarderOptions {
  readonly store: Pick<JobStore, "onJobChange"> & {
    readonly resident: Pick<ResidentStore, "openCalls" | "call" | "consents">;
  };
  readonly control: WorkerControl;
  readonly after: (delayMs: number, action: () => void) => () => void;
  readonly log: Log;
}

const DEADLINE_MS = 5_000;
const RETRY_MS = 5_000;

export class ConsentForwarder {
  readonly #options: ConsentForwarderOptions;
  /** Answers for one call, by its job and the person: given to its buttons before its worker could take them. */
  readonly #early = new Map<string, Map<string, GivenAnswer>>();
  readonly #retries = new Map<string, () => void>();
  #isStopped = false;
  #unsubscribe: () => void = () => undefined;

  constructor(options: ConsentForwarderOptions) {
    this.#options = options;
  }

  /** Answers may have come while no worker, or no service, could take them. Each call gets them when it records. */
  async start(): Promise<void> {
    const { store } = this.#options;
    this.#unsubscribe = store.onJobChange((jobId) => void this.#jobChanged(jobId));
    const open = await store.resident.openCalls();
    // At the same time: a worker that does not answer makes nobody else wait.
    await Promise.all(open.map(async ({ job }) => await this.#jobChanged(job.id)));
  }

  /** @returns how many calls know it now, and how many get it later */
  async answer(guildId: string, answer: GivenAnswer): Promise<{ readonly calls: number; readonly pending: number }> {
    const open = await this.#options.store.resident.openCalls();
    const running = open.filter(({ call, job }) => call.guildId === guildId && !isOver(job.status));
    const sent = await Promise.all(running.map(({ job }) => this.#send(job, answer)));
    const reached = sent.filter((isKnown) => isKnown).length;
    return { calls: reached, pending: sent.length - reached };
  }

  /** An answer that counts for one call only, which does not record yet. */
  early(jobId: string, answer: GivenAnswer): void {
    const answers = this.#early.get(jobId) ?? new Map<string, GivenAnswer>();
    this.#early.set(jobId, answers.set(answer.userId, answer));
    // It may record by now.
    void this.#jobChanged(jobId);
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    for (const cancel of this.#retries.values()) cancel();
    this.#retries.clear();
  }

  async #jobChanged(jobId: string): Promise<void> {
    try {
      await this.#catchUp(jobId);
    } catch (error) {
      this.#options.log.warn({ err: error, jobId }, "answers of people could not be passed on; it is tried again");
      this.#again(jobId);
    }
  }

  /** Sends answers that are newer than the call. Its worker ignores those that are older than a button press. */
  async #catchUp(jobId: string): Promise<void> {
    const { resident } = this.#options.store;
    const row = await resident.call(jobId);
    if (row === undefined || isOver(row.job.status)) this.#early.delete(jobId);
    if (row === undefined || row.job.status !== "recording") return;
    const newer = await this.#newer(row);
    for (const answer of this.#early.get(jobId)?.values() ?? []) {
      // A command that came after the button: for the worker an answer counts from its arrival on.
      const isOutdated = newer.some(({ userId, at }) => userId === answer.userId && at > answer.at);
      const isKnown = isOutdated || (await this.#send(row.job, answer));
      const answers = this.#early.get(jobId);
      // Somebody may have changed their mind meanwhile.
      if (isKnown && answers?.get(answer.userId) === answer) answers.delete(answer.userId);
    }
    for (const { userId, choice, at } of newer) {
      await this.#send(row.job, { userId, name: userId, choice, at });
    }
  }

  async #newer({ call }: CallWithJob) {
    const answers = await this.#options.store.resident.consents(call.guildId);
    return answers.filter(({ at }) => at >= call.createdAt);
  }

  /** @returns whether the worker knows the answer; otherwise it gets it later, as long as its call is not over */
  async #send(job: JobRow, { userId, name, choice, at }: GivenAnswer): Promise<boolean> {
    const body = { userId, granted: choice === "allow", displayName: name, givenAt: new Date(at).toISOString() };
    const status = await this.#post(job, body);
    if (status === 200) return true;
    // A worker that does not record yet gets the answer when it does: its job changes then.
    if (status === 409) return false;
    this.#options.log.warn({ jobId: job.id, status }, "an answer of a person could not be passed on yet");
    this.#again(job.id);
    return false;
  }

  #again(jobId: string): void {
    this.#retries.get(jobId)?.();
    if (this.#isStopped) return;
    this.#retries.set(
      jobId,
      this.#options.after(RETRY_MS, () => {
        this.#retries.delete(jobId);
        void this.#jobChanged(jobId);
      }),
    );
  }

  async #post(job: JobRow, body: object): Promise<ControlAnswer["status"] | undefined> {
    try {
      const answer = await this.#options.control.send(job, {
        method: "POST",
        path: "/consent",
        body,
        timeoutMs: DEADLINE_MS,
      });
      return answer.status;
    } catch (error) {
      if (error instanceof WorkerUnreachableError) return undefined;
      throw error;
    }
  }
}
