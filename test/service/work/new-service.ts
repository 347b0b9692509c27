import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import type { Verdict } from "../../../src/service/domain/verdict.ts";
import type { NewJob } from "../../../src/service/ports/jobs.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { Scheduler } from "../../../src/service/work/scheduler.ts";
import type { WorkContext } from "../../../src/service/work/work-context.ts";
import { HttpWorkerControl } from "../../../src/service/work/worker-control.ts";
import type { JobEvent } from "../../../src/session/job-events.ts";
import { silentLog } from "../../support/silent-log.ts";
import { FakeLauncher } from "../support/fake-launcher.ts";
import { AT } from "../support/job-rows.ts";
import { answerOf, envelope, jobId, newJob, withKey } from "../support/store-rows.ts";

export const SEALER = createSealer([randomBytes(32)]);
const LONGEST_STEP_MS = 10_000;
export const GONE: Verdict = { kind: "gone", how: "exit code 2", exitCode: 2 };

/** A service with a clock that the test moves. `restart` is what a new process finds. */
export async function newService(maxWorkers = 10) {
  const store = await withKey(await openSqliteStore(":memory:"));
  onTestFinished(() => store.close());
  const launcher = new FakeLauncher();
  const expired: string[] = [];
  let now = AT;
  let sandboxHangs: string | undefined;
  let storedEnd: WorkContext["storedEnd"] = async () => [];
  const context: WorkContext = {
    store,
    launcher,
    control: new HttpWorkerControl(launcher, SEALER),
    environments: {
      environmentFor: async ({ id }) => {
        if (id === sandboxHangs) await new Promise(() => undefined);
        return { environment: {} };
      },
      release: async () => undefined,
    },
    sealer: SEALER,
    clock: { now: () => now },
    log: silentLog,
    workers: {
      maxWorkers,
      ingestUrl: "http://127.0.0.1:8080/api/v1/ingest",
      storageUri: "file:/data/recordings",
      environment: { MEETBOT_S3_REGION: "eu-central-1" },
      secrets: { AWS_SECRET_ACCESS_KEY: "bucket secret" },
    },
    storedEnd: (job) => storedEnd(job),
    expireRecording: async (id) => {
      expired.push(id);
      await store.markDeleted(id, 1, now);
    },
  };
  let scheduler = new Scheduler(context);
  const job = (n = 1) => jobOf(store, n);
  return {
    store,
    launcher,
    expired,
    job,
    scheduler: () => scheduler,
    signalsFail: (id: string | undefined) => {
      launcher.signalsFailFor = id;
    },
    /** A job whose loopback never listens nor fails. */
    sandboxHangsFor: (id: string) => {
      sandboxHangs = id;
    },
    storageSays: (say: WorkContext["storedEnd"]) => {
      storedEnd = say;
    },
    restart: () => {
      scheduler = new Scheduler(context);
    },
    create: async (n: number, changes: Partial<NewJob> = {}) => {
      const tokenSealed = SEALER.seal("the bot token", sealPurpose.botToken(jobId(n)));
      return await store.createJob(newJob(n, { tokenSealed, ...changes }), { at: now, answerOf });
    },
    /** Moves the clock in steps of a scheduler that runs, and ticks. */
    pass: async (ms: number) => {
      const untilMs = now + ms;
      do {
        now = Math.min(untilMs, now + LONGEST_STEP_MS);
        await scheduler.tick();
        await scheduler.settled();
      } while (now < untilMs);
    },
    /** The process does not run for so long, or the clock is set. */
    sleep: async (ms: number) => {
      now += ms;
      await scheduler.tick();
      await scheduler.settled();
    },
    /** Sends an event as the newest worker of a job. */
    report: async (n: number, event: JobEvent) => {
      const token = launcher.started.findLast((spec) => spec.jobId === jobId(n))?.secrets.MEETBOT_INGEST_TOKEN ?? "";
      return await scheduler.ingest(token, envelope(n, event));
    },
  };
}

export async function jobOf(store: Store, n: number) {
  const job = await store.job(jobId(n));
  if (job === undefined) throw new Error(`no job ${n}`);
  return job;
}

/** The statuses that customers get. */
export async function statusesOf(store: Store, n = 1): Promise<string[]> {
  const events = await store.eventsAfter(jobId(n), 0, 100);
  return events.filter(({ type }) => type === "job.status_changed").map(({ dataJson }) => JSON.parse(dataJson).status);
}
