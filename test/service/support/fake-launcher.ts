import type { Remains } from "../../../src/service/domain/job-input.ts";
import type { Verdict } from "../../../src/service/domain/verdict.ts";
import type { Launcher, WorkerHandle, WorkerSpec } from "../../../src/service/ports/workers.ts";

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
  failure: string | undefined;
  /** A job whose worker cannot be signalled. */
  signalsFailFor: string | undefined;
  /** The handle that is found for a lost claim. */
  lost: WorkerHandle | undefined;

  async start(spec: WorkerSpec): Promise<WorkerHandle> {
    if (this.failure !== undefined) throw new Error(this.failure);
    this.started.push(spec);
    return JSON.stringify({ attempt: spec.attempt });
  }

  async find(): Promise<WorkerHandle | undefined> {
    return this.lost;
  }

  async inspect(): Promise<Verdict> {
    return this.verdict === "hang" ? await new Promise<Verdict>(() => undefined) : this.verdict;
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
