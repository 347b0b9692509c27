import { describe, expect, it } from "vitest";
import { slotsFor } from "../../../src/service/work/slots.ts";
import { AT, failedStatus, statusEvent } from "../support/job-rows.ts";
import { jobId } from "../support/store-rows.ts";
import { GONE, newService, statusesOf } from "./new-service.ts";

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
    launcher.failure = new Error("spawn /bin/sh ENOENT");
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
    launcher.lost = { kind: "found", worker: '{"attempt":1}' };
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
    const { create, sleep, launcher } = await newService();
    await create(1, { joinAt: AT + 60_000 });
    await sleep(60_000 + 599_999);
    expect(launcher.started).toHaveLength(1);
  });

  it("fails as dispatch_timeout after its window, and says so (jobs that were silently dropped)", async () => {
    const { create, sleep, launcher, job, store } = await newService();
    await create(1, { joinAt: AT + 60_000 });
    await create(2, { joinAt: AT + 60_000, late: "skip" });
    await sleep(60_000 + 60_000);
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

describe("the scheduler", () => {
  it("shows by its last tick that it hangs (a scheduler that hung on a socket)", async () => {
    const { create, pass, store, scheduler } = await newService();
    await create(1);
    await pass(0);
    expect(scheduler().health()).toEqual({
      ...{ lastTickAt: AT, maxWorkers: 10, workers: 1, waiting: 0 },
      ...{ silent: 0, lookingSince: null },
    });
    store.claimed = () => new Promise(() => undefined);
    void pass(60_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(scheduler().health().lastTickAt).toBe(AT);
  });

  it("ticks on if the look at a worker hangs, and shows since when", async () => {
    const { create, pass, launcher, scheduler } = await newService();
    await create(1);
    await pass(0);
    launcher.verdict = "hang";
    void pass(10_000);
    while (scheduler().health().lastTickAt === AT) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(scheduler().health()).toMatchObject({ lastTickAt: AT + 10_000, lookingSince: AT + 10_000 });
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
