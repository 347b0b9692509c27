import type { JobRow } from "../domain/job-row.ts";
import { afterQuiet, mustShowLife } from "../domain/silence.ts";
import { WorkerUnreachableError } from "../ports/workers.ts";
import type { WorkContext } from "./work-context.ts";

const ANSWER_TIMEOUT_MS = 5_000;

/** What is known of a worker since this process has listened to it. */
interface Listened {
  readonly attempt: number;
  pulse: string | undefined;
  /** The last sign of life, or the beginning of listening. Epoch milliseconds. */
  heardAt: number;
  isSilent: boolean;
  /** Settles when the worker has answered, or did not in time. */
  asked: Promise<void> | undefined;
}

/** Listens to workers whose processes run. What hangs, such as a frozen process, gives no sign of life. */
export class SignsOfLife {
  readonly #context: Pick<WorkContext, "store" | "launcher" | "control" | "clock" | "log">;
  readonly #workers = new Map<string, Listened>();

  constructor(context: Pick<WorkContext, "store" | "launcher" | "control" | "clock" | "log">) {
    this.#context = context;
  }

  /** How many workers are silent. */
  get silent(): number {
    return [...this.#workers.values()].filter(({ isSilent }) => isSilent).length;
  }

  /** Nobody listened for a while, so the time without a sign of life begins again. */
  beginAgain(): void {
    this.#workers.clear();
  }

  forget(jobId: string): void {
    this.#workers.delete(jobId);
  }

  /** The worker has sent something. */
  async heard(jobId: string): Promise<void> {
    const known = this.#workers.get(jobId);
    if (known === undefined) return;
    const { store, clock, log } = this.#context;
    known.heardAt = clock.now();
    if (!known.isSilent) return;
    known.isSilent = false;
    log.warn({ jobId, attempt: known.attempt }, "the worker shows life again");
    await store.setTimer(jobId, "silence", null);
  }

  /** Looks for a sign of life of a worker whose process runs. */
  async listen(job: JobRow): Promise<void> {
    if (!mustShowLife(job)) return this.forget(job.id);
    const { launcher, clock } = this.#context;
    const pulse = await launcher.pulse(job.id);
    const known = this.#workers.get(job.id);
    if (known?.attempt !== job.attempt) {
      const heardAt = clock.now();
      this.#workers.set(job.id, { attempt: job.attempt, pulse, heardAt, isSilent: false, asked: undefined });
      return;
    }
    if (pulse !== undefined && pulse !== known.pulse) {
      known.pulse = pulse;
      return await this.heard(job.id);
    }
    const next = afterQuiet(clock.now() - known.heardAt);
    if (next === "wait") return;
    known.asked ??= this.#ask(job).finally(() => {
      known.asked = undefined;
    });
    if (next === "silent" && !known.isSilent) await this.#note(job, known);
  }

  /** Resolves when no worker is being asked. */
  async settled(): Promise<void> {
    await Promise.all([...this.#workers.values()].map(({ asked }) => asked));
  }

  async #ask(job: JobRow): Promise<void> {
    const { control, log } = this.#context;
    // A recovery has no control port.
    if (job.task !== "record") return;
    try {
      // Any answer is one.
      await control.send(job, { method: "GET", path: "", timeoutMs: ANSWER_TIMEOUT_MS });
      await this.heard(job.id);
    } catch (error) {
      if (error instanceof WorkerUnreachableError) return;
      log.error({ err: error, jobId: job.id }, "the worker could not be asked for a sign of life");
    }
  }

  async #note({ id: jobId, attempt }: JobRow, known: Listened): Promise<void> {
    const { store, clock, log } = this.#context;
    const at = clock.now();
    const applied = await store.applyJobEvent(jobId, { type: "silent", at, attempt });
    if (applied.kind !== "applied") return;
    known.isSilent = true;
    const quietSeconds = Math.round((at - known.heardAt) / 1_000);
    log.warn(
      { jobId, attempt, quietSeconds },
      "the worker gives no sign of life, and will be ended if it stays silent",
    );
  }
}
