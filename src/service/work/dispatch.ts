import { randomBytes } from "node:crypto";
import { messageOf } from "../../errors.ts";
import type { JobRow, WorkerTask } from "../domain/job-row.ts";
import { hashOfKey } from "../domain/key-format.ts";
import { sealPurpose } from "../domain/seal-purpose.ts";
import type { WorkContext } from "./work-context.ts";
import { workerSpec } from "./worker-spec.ts";

const TOKEN_BYTES = 32;

/** Starts workers. The claim in the database keeps other processes from starting the same job. */
export class Dispatcher {
  readonly #context: WorkContext;
  readonly #starting = new Set<string>();

  constructor(context: WorkContext) {
    this.#context = context;
  }

  /** Whether this process is starting the job's worker now. If so, a claim without a handle is not lost. */
  isStarting(jobId: string): boolean {
    return this.#starting.has(jobId);
  }

  /** Starts as many waiting jobs as there are slots, in the order of their `joinAt`. */
  async startWaiting(): Promise<void> {
    const { store, workers } = this.#context;
    const free = workers.maxWorkers - (await store.claimed()).length;
    if (free <= 0) return;
    const jobs = await store.startable(free);
    const starts = await Promise.allSettled(jobs.map((job) => this.start(job.id, "record")));
    for (const start of starts) {
      // The supervisor looks at the claim later.
      if (start.status === "rejected") this.#context.log.error({ err: start.reason }, "a job could not be started");
    }
  }

  /** Claims the job's next attempt and starts its worker. A worker that cannot be started counts as gone. */
  async start(jobId: string, task: WorkerTask): Promise<void> {
    const { store, sealer, clock, log } = this.#context;
    const [ingestToken, controlToken] = [newToken(), newToken()];
    this.#starting.add(jobId);
    try {
      const job = await store.claim(jobId, {
        at: clock.now(),
        task,
        ingestTokenHash: hashOfKey(ingestToken),
        controlTokenSealed: sealer.seal(controlToken, sealPurpose.controlToken(jobId)),
      });
      if (job === undefined) return;
      log.info({ jobId, attempt: job.attempt, task }, "starting a worker");
      await this.#launch(job, ingestToken, controlToken);
    } finally {
      this.#starting.delete(jobId);
    }
  }

  async #launch(job: JobRow, ingestToken: string, controlToken: string): Promise<void> {
    const { store, launcher, clock, log } = this.#context;
    const { id: jobId, attempt } = job;
    try {
      const worker = await launcher.start(await workerSpec(job, { ...this.#context, ingestToken, controlToken }));
      await store.applyJobEvent(jobId, { type: "launched", at: clock.now(), attempt, worker });
    } catch (error) {
      log.error({ err: error, jobId, attempt }, "the worker could not be started");
      // It may run nevertheless. Then the supervisor finds it by its marks.
      if ((await launcher.find(jobId, attempt)) !== undefined) return;
      const how = `it could not be started: ${messageOf(error)}`;
      const remains = await launcher.remains(jobId);
      await store.applyJobEvent(jobId, { type: "worker_gone", at: clock.now(), attempt, how, remains });
    }
  }
}

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}
