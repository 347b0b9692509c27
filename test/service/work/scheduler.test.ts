import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import type { Verdict } from "../../../src/service/domain/verdict.ts";
import type { NewJob } from "../../../src/service/ports/jobs.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { Scheduler } from "../../../src/service/work/scheduler.ts";
import { slotsFor } from "../../../src/service/work/slots.ts";
import type { WorkContext } from "../../../src/service/work/work-context.ts";
import { HttpWorkerControl } from "../../../src/service/work/worker-control.ts";
import type { JobEvent } from "../../../src/session/job-events.ts";
import { silentLog } from "../../support/silent-log.ts";
import { FakeLauncher } from "../support/fake-launcher.ts";
import { AT, failedStatus, statusEvent } from "../support/job-rows.ts";
import { answerOf, envelope, jobId, newJob, withKey } from "../support/store-rows.ts";

const SEALER = createSealer([randomBytes(32)]);
const GONE: Verdict = { kind: "gone", how: "exit code 2", exitCode: 2 };

/** A service with a clock that the test moves. `restart` is what a new process finds. */
async function newService(maxWorkers = 10) {
  const store = await withKey(await openSqliteStore(":memory:"));
  onTestFinished(() => store.close());
  const launcher = new FakeLauncher();
  const expired: string[] = [];
  let now = AT;
  const context: WorkContext = {
    store,
    launcher,
    control: new HttpWorkerControl(launcher, SEALER),
    environments: { environmentFor: async () => ({ environment: {} }), release: async () => undefined },
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
    restart: () => {
      scheduler = new Scheduler(context);
    },
    create: async (n: number, changes: Partial<NewJob> = {}) => {
      const tokenSealed = SEALER.seal("the bot token", sealPurpose.botToken(jobId(n)));
      return await store.createJob(newJob(n, { tokenSealed, ...changes }), { at: now, answerOf });
    },
    /** Moves the clock and ticks. */
    pass: async (ms: number) => {
      now += ms;
      await scheduler.tick();
    },
    /** Sends an event as the newest worker of a job. */
    report: async (n: number, event: JobEvent) => {
      const token = launcher.started.findLast((spec) => spec.jobId === jobId(n))?.secrets.MEETBOT_INGEST_TOKEN ?? "";
      return await scheduler.ingest(token, envelope(n, event));
    },
  };
}

async function jobOf(store: Store, n: number) {
  const job = await store.job(jobId(n));
  if (job === undefined) throw new Error(`no job ${n}`);
  return job;
}

/** The statuses that customers get. */
async function statusesOf(store: Store, n = 1): Promise<string[]> {
  const events = await store.eventsAfter(jobId(n), 0, 100);
  return events.filter(({ type }) => type === "job.status_changed").map(({ dataJson }) => JSON.parse(dataJson).status);
}

describe("a worker's start", () => {
  it("gives it the job's settings, and its secrets separately", async () => {
    const { create, pass, launcher, store } = await newService();
    await create(1, { settingsJson: '{"MEETBOT_ROTATE":"never"}', textChannelId: "381870553235193858" });
    await pass(0);
    expect(launcher.started).toHaveLength(1);
    const { environment, secrets, ...rest } = launcher.started[0] ?? { secrets: {} };
    expect(rest).toEqual({ jobId: jobId(1), attempt: 1, task: "record" });
    expect(environment).toEqual({
      MEETBOT_S3_REGION: "eu-central-1",
      MEETBOT_STORAGE_URI: "file:/data/recordings",
      MEETBOT_INGEST_URL: "http://127.0.0.1:8080/api/v1/ingest",
      MEETBOT_SHUTDOWN_GRACE_SECONDS: "25",
      MEETBOT_ROTATE: "never",
      MEETBOT_JOB_ID: jobId(1),
      MEETBOT_EXTERNAL_ID: "call-1",
      DISCORD_GUILD_ID: "81384788765712384",
      DISCORD_CHANNEL_ID: "381870553235193857",
      DISCORD_TEXT_CHANNEL_ID: "381870553235193858",
      MEETBOT_HTTP_HOST: "127.0.0.1",
      MEETBOT_HTTP_PORT: "0",
    });
    expect(secrets).toMatchObject({ DISCORD_BOT_TOKEN: "the bot token", AWS_SECRET_ACCESS_KEY: "bucket secret" });
    const row = JSON.stringify(await store.job(jobId(1)));
    for (const secret of Object.values(secrets)) expect(row).not.toContain(secret);
  });

  it("waits for a slot, in the order of joinAt", async () => {
    const { create, pass, launcher, report } = await newService(1);
    await create(1);
    await create(2, { joinAt: AT + 20 });
    await create(3, { joinAt: AT + 10 });
    await pass(1_000);
    await pass(1_000);
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([jobId(1)]);
    for (const n of [1, 3]) {
      await report(n, failedStatus("auth_failure"));
      launcher.verdict = GONE;
      await pass(1_000);
      launcher.verdict = { kind: "alive" };
    }
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([1, 3, 2].map(jobId));
  });

  it("that fails says why, at once (a pod that never started, and a cause that was lost)", async () => {
    const { create, pass, launcher, job } = await newService();
    launcher.failure = "spawn /bin/sh ENOENT";
    await create(1);
    await pass(0);
    expect(await job()).toMatchObject({ status: "queued", retries: 1 });
    await pass(1_000);
    const { status, failureCode, failureDetail } = await job();
    expect({ status, failureCode }).toEqual({ status: "failed", failureCode: "internal_error" });
    expect(failureDetail).toContain("spawn /bin/sh ENOENT");
  });

  it("that the service's end interrupted is neither lost nor repeated", async () => {
    const { create, pass, launcher, job, store, restart } = await newService();
    await create(1);
    await create(2);
    for (const n of [1, 2]) {
      const claim = { at: AT, task: "record", ingestTokenHash: `lost ${n}`, controlTokenSealed: "s" } as const;
      await store.claim(jobId(n), claim);
    }
    restart();
    launcher.lost = '{"attempt":1}';
    await pass(0);
    expect(launcher.started).toEqual([]);
    expect(await job()).toMatchObject({ attempt: 1, worker: '{"attempt":1}' });

    const second = await newService();
    await second.create(1);
    await second.store.claim(jobId(1), { at: AT, task: "record", ingestTokenHash: "lost", controlTokenSealed: "s" });
    await second.pass(0);
    expect(second.launcher.started.map(({ attempt }) => attempt)).toEqual([2]);
    expect(await second.job()).toMatchObject({ retries: 0, status: "queued" });
  });
});

describe("the dispatch deadline", () => {
  it("ends a worker that sends no event for 60 s, and the job is started again", async () => {
    const { create, pass, launcher, job, store } = await newService();
    await create(1);
    await pass(0);
    await pass(59_999);
    expect(launcher.signals).toEqual([]);
    await pass(1);
    expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`]);
    launcher.verdict = GONE;
    await pass(1_000);
    launcher.verdict = { kind: "alive" };
    await pass(0);
    await pass(60_000);
    launcher.verdict = GONE;
    await pass(1_000);
    expect(await job()).toMatchObject({ status: "failed", failureCode: "dispatch_timeout", attempt: 2 });
    expect(await statusesOf(store)).toEqual(["failed"]);
  });

  it("is met by the first event, so a worker that waits for admission is not ended (healthy bots in a lobby)", async () => {
    const { create, pass, launcher, job, report, store } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("joining"));
    for (let minutes = 0; minutes < 60; minutes += 1) await pass(60_000);
    expect(launcher.signals).toEqual([]);
    expect(await job()).toMatchObject({ status: "joining" });
    expect(await store.dueTimers(AT * 2, 10)).toEqual([]);
  });
});

describe("a job whose time came while nobody ran the service", () => {
  it("is started within its window", async () => {
    const { create, pass, launcher } = await newService();
    await create(1, { joinAt: AT + 60_000 });
    await pass(60_000 + 599_999);
    expect(launcher.started).toHaveLength(1);
  });

  it("fails as dispatch_timeout after its window, and says so (jobs that were silently dropped)", async () => {
    const { create, pass, launcher, job, store } = await newService();
    await create(1, { joinAt: AT + 60_000 });
    await create(2, { joinAt: AT + 60_000, late: "skip" });
    await pass(60_000 + 60_000);
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([jobId(1)]);
    expect(await job(2)).toMatchObject({ status: "failed", failureCode: "dispatch_timeout" });
    expect(await statusesOf(store, 2)).toContain("failed");
    expect((await store.deliveries(jobId(2), { limit: 9 })).items.map(({ event }) => event)).toContain("job.failed");
  });

  it("waits while its bot has another job in the server, and is started after that", async () => {
    const { create, pass, launcher, job, report } = await newService();
    const bot = { botId: "100000000000000001" };
    await create(1, { ...bot, joinAt: AT + 1_000 });
    await create(2, bot);
    await pass(1_000);
    expect(await job(1)).toMatchObject({ status: "scheduled" });
    await report(2, failedStatus("auth_failure"));
    await pass(2_000);
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([2, 1].map(jobId));
  });
});

describe("a worker that cannot be seen", () => {
  it("continues for hours while probes fail (a probe from another PID namespace)", async () => {
    const { create, pass, launcher, job, report } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    launcher.verdict = { kind: "unknown", why: "the API does not answer" };
    for (let hours = 0; hours < 10; hours += 1) await pass(3_600_000);
    expect(await job()).toMatchObject({ status: "recording", claimedAt: AT });
  });

  it("without a trace ends its job after 10 minutes, once, with the evidence", async () => {
    const { create, pass, launcher, job, report, store } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    launcher.verdict = { kind: "untracked", evidence: "no pod of that name" };
    await pass(0);
    await pass(300_000);
    launcher.verdict = { kind: "alive" };
    await pass(1_000);
    launcher.verdict = { kind: "untracked", evidence: "no pod of that name" };
    await pass(1_000);
    await pass(599_000);
    expect(await job()).toMatchObject({ status: "recording" });
    await pass(1_000);
    await pass(1_000);
    const { status, failureDetail } = await job();
    expect(status).toBe("failed");
    expect(failureDetail).toContain("no trace of it for 10 minutes: no pod of that name");
    expect(await statusesOf(store)).toEqual(["recording", "failed"]);
  });
});

describe("a stop", () => {
  it("of a frozen worker is done only when its end is known (3 of 20 continued to record)", async () => {
    const { create, pass, launcher, job, report, scheduler, restart } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    expect(await scheduler().end(jobId(1), "cancel")).toMatchObject({ kind: "asked", answer: undefined });
    // The deadline is a row: the next service knows it (a timer that was lost in a restart).
    restart();
    await pass(30_000);
    await pass(35_000);
    await pass(35_000);
    expect(launcher.signals).toEqual(["SIGTERM", "SIGKILL", "SIGKILL"].map((signal) => `${jobId(1)} ${signal}`));
    expect(await job()).toMatchObject({ status: "recording", ending: "cancel", endedAt: null });
    [launcher.verdict, launcher.left] = [GONE, "recorded"];
    await pass(1_000);
    expect(await job()).toMatchObject({ status: "recording", claimedAt: null, recoveries: 1 });
    launcher.verdict = { kind: "alive" };
    await pass(0);
    expect(launcher.started.at(-1)).toMatchObject({ task: "recover", attempt: 2 });
    await report(1, statusEvent("finalizing", { exitReason: "internal_error", exitDetail: "the worker was killed" }));
    await report(1, statusEvent("cancelled"));
    [launcher.verdict, launcher.left] = [GONE, "nothing"];
    await pass(1_000);
    expect(await job()).toMatchObject({ status: "cancelled", claimedAt: null });
    expect(launcher.cleaned.at(-1)).toBe(`${jobId(1)} everything`);
  });

  it("is passed to the worker with its own token, once", async () => {
    const { create, pass, launcher, report, scheduler, job } = await newService();
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    expect(await scheduler().end(jobId(1), "leave")).toMatchObject({ kind: "asked", answer: undefined });
    launcher.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await pass(1_000);
    await pass(1_000);
    const token = launcher.started[0]?.secrets.MEETBOT_CONTROL_TOKEN;
    expect(asked).toEqual([`POST /api/v1/jobs/${jobId(1)}/leave-call Bearer ${token}`]);
    expect(await scheduler().end(jobId(1), "cancel")).toMatchObject({ kind: "asked", answer: { status: 204 } });
    expect(asked.at(-1)).toContain("DELETE");
    expect(await job()).toMatchObject({ status: "recording", ending: "cancel" });
  });

  it("of a waiting job takes effect at once", async () => {
    const { create, scheduler, pass, launcher } = await newService();
    await create(1, { joinAt: AT + 60_000 });
    expect(await scheduler().end(jobId(1), "cancel")).toMatchObject({ kind: "over", job: { status: "cancelled" } });
    expect(await scheduler().end(jobId(1), "cancel")).toMatchObject({ kind: "refused" });
    expect(await scheduler().end("job_none", "cancel")).toEqual({ kind: "not_found" });
    await pass(600_000);
    expect(launcher.started).toEqual([]);
  });
});

describe("recovery", () => {
  it("is attempted with growing pauses while the recording cannot be stored", async () => {
    const { create, pass, launcher, job, report } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    [launcher.verdict, launcher.left] = [{ kind: "gone", how: "exit code 5", exitCode: 5 }, "recorded"];
    for (const pauseMs of [0, 0, 5_000, 30_000, 120_000]) await pass(pauseMs);
    expect(launcher.started.map(({ task }) => task)).toEqual(["record", ...Array(4).fill("recover")]);
    expect(await job()).toMatchObject({ status: "recording", recoveries: 5 });
    expect(launcher.cleaned).not.toContain(`${jobId(1)} everything`);
  });

  it("does not wait for its pause if the service was restarted", async () => {
    const { create, pass, launcher, report, restart } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    [launcher.verdict, launcher.left] = [{ kind: "gone", how: "exit code 5", exitCode: 5 }, "recorded"];
    for (const pauseMs of [0, 0, 5_000, 30_000]) await pass(pauseMs);
    const before = launcher.started.length;
    await pass(0);
    expect(launcher.started).toHaveLength(before);
    restart();
    await pass(0);
    expect(launcher.started).toHaveLength(before + 1);
  });

  it("delivers what is missing of a job that is over", async () => {
    const { create, pass, launcher, job, report } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("completed"));
    [launcher.verdict, launcher.left] = [GONE, "recorded"];
    await pass(1_000);
    await pass(0);
    expect(launcher.started.at(-1)).toMatchObject({ task: "recover", attempt: 2 });
    expect(Object.keys(launcher.started.at(-1)?.secrets ?? {})).not.toContain("DISCORD_BOT_TOKEN");
    expect(await job()).toMatchObject({ status: "completed", tokenSealed: null });
  });
});

describe("the scheduler", () => {
  it("shows by its last tick that it hangs (a scheduler that hung on a socket)", async () => {
    const { create, pass, launcher, scheduler } = await newService();
    await create(1);
    await pass(0);
    expect(scheduler().health()).toEqual({ lastTickAt: AT, maxWorkers: 10, workers: 1 });
    launcher.verdict = "hang";
    void pass(60_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(scheduler().health().lastTickAt).toBe(AT);
  });

  it("handles timers of other jobs if one job's timer fails, and tries that one again", async () => {
    const { create, pass, launcher, scheduler, signalsFail } = await newService();
    for (const n of [1, 2]) await create(n);
    await create(3, { joinAt: AT + 65_000 });
    await pass(0);
    signalsFail(jobId(1));
    await pass(60_000);
    expect(launcher.signals).toEqual([`${jobId(2)} SIGTERM`]);
    await pass(5_000);
    expect(launcher.started.map((spec) => spec.jobId)).toContain(jobId(3));
    expect(scheduler().health().lastTickAt).toBe(AT + 65_000);
    signalsFail(undefined);
    await pass(10_000);
    expect(launcher.signals).toContain(`${jobId(1)} SIGKILL`);
  });

  it("deletes recordings whose time is over", async () => {
    const { create, pass, expired, store } = await newService();
    await create(1, { retentionUntil: AT + 1_000 });
    await pass(999);
    expect(expired).toEqual([]);
    await pass(1);
    await pass(600_000);
    expect(expired).toEqual([jobId(1)]);
    expect((await store.dueTimers(AT * 2, 9)).filter(({ kind }) => kind === "retention")).toEqual([]);
  });

  it("runs by itself, can be woken, and stops", async () => {
    const { create, scheduler, launcher } = await newService();
    scheduler().start();
    await create(1);
    scheduler().wake();
    for (let looks = 0; looks < 200 && launcher.started.length === 0; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await scheduler().stop();
    expect(launcher.started).toHaveLength(1);
  });
});

describe("the number of workers", () => {
  it("is as many as fit into memory, and at least one", () => {
    expect([0, 600, 772, 4_412].map((megabytes) => slotsFor(megabytes * 1_000_000))).toEqual([1, 1, 2, 30]);
  });
});
