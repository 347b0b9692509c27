import type { TimerKind } from "../domain/job-input.ts";
import type { JobRow } from "../domain/job-row.ts";
import { SILENCE_LIMIT_MS } from "../domain/silence.ts";
import { StoreUnavailableError } from "../ports/store.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { WorkContext } from "./work-context.ts";

/** At most so many timers in one tick; the next tick does the rest. */
const TIMERS_A_TICK = 500;
/** How often a scheduled job tries to start while its bot has another job. */
const BUSY_AGAIN_MS = 2_000;
/** A recovery for which there is no slot. */
const NO_SLOT_AGAIN_MS = 5_000;
/** Pause after a failure, unless the database failed. */
const AGAIN_MS = 10_000;
/** Pause after a recording could not be deleted. */
const EXPIRE_AGAIN_MS = 600_000;

/** Handles due timers. A timer's row stays until its effect is written, so a crash only delays it. */
export async function doDueTimers(context: WorkContext, dispatcher: Dispatcher): Promise<void> {
  const timers = await context.store.dueTimers(context.clock.now(), TIMERS_A_TICK);
  const joins = timers.filter(({ kind }) => kind === "join").map(({ jobId }) => jobId);
  if (joins.length > 0) await joinNow(context, joins);
  for (const timer of timers) {
    const { jobId, kind } = timer;
    if (kind === "join") continue;
    try {
      await doTimer(context, dispatcher, { jobId, kind });
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      // A failure for one job must not delay the others.
      context.log.error({ err: error, ...timer }, "a job's timer could not be handled; it is tried again");
      await context.store.setTimer(timer.jobId, timer.kind, context.clock.now() + AGAIN_MS);
    }
  }
}

async function doTimer(
  context: WorkContext,
  dispatcher: Dispatcher,
  { jobId, kind }: { readonly jobId: string; readonly kind: Exclude<TimerKind, "join"> },
): Promise<void> {
  const { store, clock } = context;
  switch (kind) {
    case "late":
      return await miss(context, dispatcher, jobId);
    case "dispatch":
    case "silence":
    case "stop":
      return await stopWorker(context, jobId, kind);
    case "recover":
      return await recover(context, dispatcher, jobId);
    case "retention":
      // If the deletion fails, this timer tries again. After a deletion the row is gone.
      await store.setTimer(jobId, kind, clock.now() + EXPIRE_AGAIN_MS);
      await context.expireRecording(jobId);
  }
}

/** Many jobs may have one instant, and one commit for all keeps the last of them from waiting for the disk. */
async function joinNow({ store, clock, log }: WorkContext, jobIds: readonly string[]): Promise<void> {
  const at = clock.now();
  const results = await store.applyJobEvents(jobIds.map((id) => ({ id, input: { type: "due", at } as const })));
  for (const [index, jobId] of jobIds.entries()) {
    const result = results[index];
    if (result === undefined || result.kind === "applied") continue;
    if (result.kind === "bot_busy")
      log.info({ jobId, by: result.by }, "the bot has another job in this server; waiting");
    await store.setTimer(jobId, "join", result.kind === "bot_busy" ? at + BUSY_AGAIN_MS : null);
  }
}

async function recover({ store, clock }: WorkContext, dispatcher: Dispatcher, jobId: string): Promise<void> {
  if (!(await dispatcher.mayRecover())) {
    await store.setTimer(jobId, "recover", clock.now() + NO_SLOT_AGAIN_MS);
  } else if (!(await dispatcher.start(jobId, "recover"))) {
    // The job must not be recovered now, so its timer is removed.
    await store.setTimer(jobId, "recover", null);
  }
}

async function miss({ store, clock }: WorkContext, dispatcher: Dispatcher, jobId: string): Promise<void> {
  const job = await store.job(jobId);
  if (job !== undefined) {
    const detail = missedDetail(job, await dispatcher.shortageOf(job), clock.now());
    dispatcher.forget(jobId);
    const applied = await store.applyJobEvent(jobId, { type: "missed", at: clock.now(), detail });
    if (applied.kind === "applied") return;
  }
  await store.setTimer(jobId, "late", null);
}

function missedDetail({ status, joinAt }: JobRow, shortage: string | undefined, at: number): string {
  const seconds = Math.round((at - joinAt) / 1_000);
  const why =
    status === "queued" ? (shortage ?? "no worker was free") : "the service did not run, or its bot had another job";
  return `the job was due ${seconds} s ago and could not be started: ${why}`;
}

const WHY_STOPPED = {
  dispatch: "it has sent no job event in time",
  silence: `it has given no sign of life for ${SILENCE_LIMIT_MS / 1_000} s`,
  stop: "it has not ended in time",
} as const;

async function stopWorker(
  { store, launcher, clock, log }: WorkContext,
  jobId: string,
  kind: keyof typeof WHY_STOPPED,
): Promise<void> {
  const applied = await store.applyJobEvent(jobId, { type: "stopping", at: clock.now() });
  if (applied.kind !== "applied") {
    await store.setTimer(jobId, kind, null);
    return;
  }
  const { worker, attempt, stopLevel } = applied.job;
  if (worker === null) return;
  const signal = stopLevel === 1 ? "SIGTERM" : "SIGKILL";
  log.warn({ jobId, attempt, signal }, `stopping the worker: ${WHY_STOPPED[kind]}`);
  await launcher.stop(jobId, worker, signal);
}
