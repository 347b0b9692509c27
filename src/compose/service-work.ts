import { join } from "node:path";
import type { Log } from "../log.ts";
import { ProcessLauncher } from "../service/launcher/process-launcher.ts";
import type { Sealer, Store, Surroundings, WorkerControl } from "../service/ports.ts";
import { Scheduler } from "../service/work/scheduler.ts";
import { slotsFor } from "../service/work/slots.ts";
import type { WorkContext, WorkerOptions } from "../service/work/work-context.ts";
import { HttpWorkerControl } from "../service/work/worker-control.ts";

export interface ServiceWorkOptions {
  /** The service's data folder. */
  readonly data: string;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly surroundings: Surroundings;
  readonly log: Log;
  /** What starts the worker's command line: Node, its flags and the program's file. */
  readonly command: readonly string[];
  /** Without `maxWorkers`, as many as fit into the machine's memory. */
  readonly workers: Omit<WorkerOptions, "maxWorkers" | "storageUri"> & Partial<WorkerOptions>;
  readonly expireRecording: WorkContext["expireRecording"];
}

/** The scheduler with workers as processes of this machine. It is not started yet. */
export function composeServiceWork(options: ServiceWorkOptions): {
  readonly work: Scheduler;
  readonly control: WorkerControl;
} {
  const { data, store, sealer, surroundings, log, command, expireRecording } = options;
  const launcher = new ProcessLauncher({ jobsFolder: join(data, "jobs"), command });
  const control = new HttpWorkerControl(launcher, sealer);
  const workers = {
    maxWorkers: slotsFor(process.availableMemory()),
    storageUri: `file:${join(data, "recordings")}`,
    ...options.workers,
  };
  const clock = { now: () => Date.now() };
  const work = new Scheduler({
    ...{ store, launcher, control, surroundings, sealer, clock, log, workers, expireRecording },
  });
  return { work, control };
}
