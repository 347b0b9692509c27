import type { Remains } from "../../../src/service/domain/job-input.ts";
import type { Verdict } from "../../../src/service/domain/verdict.ts";
import type { FoundWorker, Launcher, WorkerHandle, WorkerSpec } from "../../../src/service/ports/workers.ts";

/** A launcher without processes. A test sets its verdicts. */
export class FakeLauncher implements Launcher {
  readonly started: WorkerSpec[] = [];
  /** `JOB SIGNAL`, in order. */
  readonly signals: string[] = [];
  readonly cleaned: string[] = [];
  verdict: Verdict | "hang" = { kind: "alive" };
  left: Remains = "nothing";
  address: string | undefined;
  /** The error of `start`, if any. */
  failure: Error | undefined;
  /** A job whose worker never starts nor fails. */
  hangsFor: string | undefined;
  /** A job whose worker cannot be signalled. */
  signalsFailFor: string | undefined;
  /** Whether its workers give no sign of life. */
  isFrozen = false;
  #pulses = 0;
  /** Slots without a worker, as the scheduler said last. */
  freeSlots = 0;
  readonly waiting = 0;
  /** The handle that is found for a lost claim. */
  lost: FoundWorker = { kind: "never" };

  async start(spec: WorkerSpec): Promise<WorkerHandle> {
    if (this.failure !== undefined) throw this.failure;
    if (spec.jobId === this.hangsFor) await new Promise(() => undefined);
    this.started.push(spec);
    return JSON.stringify({ attempt: spec.attempt });
  }

  prepare(freeSlots: number): void {
    this.freeSlots = freeSlots;
  }

  async close(): Promise<void> {
    // Nothing waits.
  }

  async find(): Promise<FoundWorker> {
    return this.lost;
  }

  async inspect(): Promise<Verdict> {
    return this.verdict === "hang" ? await new Promise<Verdict>(() => undefined) : this.verdict;
  }

  async pulse(): Promise<string> {
    if (!this.isFrozen) this.#pulses += 1;
    return String(this.#pulses);
  }

  async stop(jobId: string, _handle: WorkerHandle, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (jobId === this.signalsFailFor) throw new Error("EPERM");
    this.signals.push(`${jobId} ${signal}`);
  }

  async controlAddress(): Promise<string | undefined> {
    return this.address;
  }

  async readSpooled(): Promise<undefined> {
    return undefined;
  }

  /** What workers have noted of their logins. */
  logins = "";

  async loginNotes(): Promise<string> {
    return this.logins;
  }

  async remains(): Promise<Remains> {
    return this.left;
  }

  async maintain(): Promise<void> {
    // There is nothing to maintain.
  }

  async cleanUp(jobId: string, everything: boolean): Promise<void> {
    this.cleaned.push(`${jobId} ${everything ? "everything" : "secrets"}`);
  }
}
