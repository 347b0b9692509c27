import { describe, expect, it } from "vitest";
import { AT, failedStatus, statusEvent } from "../support/job-rows.ts";
import { jobId } from "../support/store-rows.ts";
import { GONE, newService } from "./new-service.ts";

describe("a service that did not tick", () => {
  it.each(["suspended", "not running", "set to another time"])(
    "because it was %s for an hour ends no worker that could not report meanwhile",
    async (how) => {
      const { create, pass, sleep, launcher, job, report, restart } = await newService();
      await create(1);
      await pass(0);
      if (how === "not running") restart();
      await sleep(how === "set to another time" ? -3_600_000 : 3_600_000);
      await pass(40_000);
      expect(launcher.signals).toEqual([]);
      await report(1, statusEvent("joining"));
      await pass(120_000);
      expect(launcher.signals).toEqual([]);
      expect(await job()).toMatchObject({ status: "joining", attempt: 1 });
    },
  );

  it("still ends a worker that reports nothing once it could", async () => {
    const { create, pass, sleep, launcher } = await newService();
    await create(1);
    await pass(0);
    await sleep(3_600_000);
    await pass(60_000);
    expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`]);
  });

  it("does not count its absence as time without a trace of a worker", async () => {
    const { create, pass, sleep, launcher, job, report } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    launcher.verdict = { kind: "untracked", evidence: "no pod of that name" };
    await pass(10_000);
    await sleep(3_600_000);
    await pass(590_000);
    expect(await job()).toMatchObject({ status: "recording", claimedAt: AT });
    await pass(10_000);
    expect(await job()).toMatchObject({ status: "failed" });
  });
});

describe("a machine that is short of something", () => {
  const shortage = Object.assign(new Error("spawn /bin/sh EAGAIN"), { code: "EAGAIN" });

  it("keeps a job waiting, and starts it when there is enough again", async () => {
    const { create, pass, launcher, job, store } = await newService();
    launcher.failure = shortage;
    await create(1);
    await pass(60_000);
    expect(await job()).toMatchObject({ status: "queued", retries: 0, claimedAt: null });
    // The bot's token is not left in a file.
    expect(launcher.cleaned).toContain(`${jobId(1)} secrets`);
    launcher.failure = undefined;
    await pass(10_000);
    expect(launcher.started).toHaveLength(1);
    expect((await store.dueTimers(AT * 2, 9)).map(({ kind }) => kind)).toEqual(["dispatch"]);
  });

  it("says what it was when the job's time is over", async () => {
    const { create, pass, launcher, job } = await newService();
    launcher.failure = shortage;
    await create(1, { lateWindowMs: 30_000 });
    await pass(40_000);
    const { status, failureCode, failureDetail } = await job();
    expect({ status, failureCode }).toEqual({ status: "failed", failureCode: "dispatch_timeout" });
    expect(failureDetail).toContain("EAGAIN");
  });
});

describe("a start that takes long", () => {
  it("keeps no other job waiting", async () => {
    const { create, scheduler, launcher } = await newService();
    launcher.hangsFor = jobId(1);
    await create(1);
    await scheduler().tick();
    await create(2);
    await scheduler().tick();
    for (let looks = 0; looks < 100 && launcher.started.length === 0; looks += 1) await new Promise(setImmediate);
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([jobId(2)]);
  });

  it("because its loopback does not listen yet stops no tick: the service stays ready (a sandbox that starts slowly)", async () => {
    const { create, scheduler, sandboxHangsFor, launcher } = await newService();
    sandboxHangsFor(jobId(1));
    await create(1);
    await scheduler().tick();
    await create(2);
    await scheduler().tick();
    await new Promise(setImmediate);
    expect(scheduler().health()).toMatchObject({ lastTickAt: AT, lookingSince: null });
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([jobId(2)]);
  });

  it("by an earlier service is waited for, and at the deadline what it has is taken away (a second bot in the call)", async () => {
    const { create, pass, launcher, store, job } = await newService();
    await create(1);
    await store.claim(jobId(1), { at: AT, task: "record", ingestTokenHash: "lost", controlTokenSealed: "s" });
    launcher.lost = { kind: "starting" };
    await pass(50_000);
    expect(await job()).toMatchObject({ attempt: 1, claimedAt: AT, worker: null });
    expect(launcher.started).toEqual([]);
    await pass(20_000);
    expect(launcher.cleaned).toContain(`${jobId(1)} everything`);
    expect(launcher.started.map(({ attempt }) => attempt)).toEqual([2]);
  });
});

describe("a job that is started again", () => {
  it("does not wait forever for a worker that reported its failure and never ends", async () => {
    const { create, pass, launcher, report } = await newService();
    await create(1);
    await pass(0);
    await report(1, failedStatus("network_loss"));
    await pass(30_000);
    expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`]);
    await pass(35_000);
    expect(launcher.signals.at(-1)).toBe(`${jobId(1)} SIGKILL`);
    launcher.verdict = GONE;
    await pass(1_000);
    expect(launcher.started.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it("waits for a slot no longer than for its first worker", async () => {
    const { create, pass, launcher, report, job } = await newService(1);
    await create(1, { lateWindowMs: 120_000 });
    await pass(0);
    await create(2, { joinAt: AT - 1 });
    await report(1, failedStatus("network_loss"));
    launcher.verdict = GONE;
    await pass(0);
    launcher.verdict = { kind: "alive" };
    // The other job has the only slot, because it was to join earlier.
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([1, 2].map(jobId));
    await report(2, statusEvent("joining"));
    await pass(119_999);
    expect(await job()).toMatchObject({ status: "queued" });
    await pass(1);
    expect(await job()).toMatchObject({ status: "failed", failureCode: "dispatch_timeout" });
  });
});

describe("recoveries", () => {
  it("take half of the slots, so that recordings can start, also when the service starts", async () => {
    const { create, pass, launcher, report, restart } = await newService(4);
    for (const n of [1, 2, 3, 4]) await create(n);
    await pass(0);
    for (const n of [1, 2, 3, 4]) await report(n, statusEvent("recording"));
    [launcher.verdict, launcher.left] = [GONE, "recorded"];
    restart();
    await pass(1);
    launcher.verdict = { kind: "alive" };
    await create(5);
    await pass(10_000);
    const tasks = launcher.started.slice(4).map(({ task }) => task);
    expect(tasks.toSorted()).toEqual(["record", "recover", "recover"]);
    [launcher.verdict, launcher.left] = [GONE, "nothing"];
    await pass(1);
    launcher.verdict = { kind: "alive" };
    await pass(10_000);
    expect(launcher.started.filter(({ task }) => task === "recover")).toHaveLength(4);
  });
});

describe("many jobs for one instant", () => {
  it("are queued and claimed in a few commits, in the order of their requests (the last one waits for no disk)", async () => {
    const { create, pass, launcher, store } = await newService(200);
    for (let n = 0; n < 60; n += 1) await create(n, { joinAt: AT + 1_000 });
    let commits = 0;
    for (const name of ["applyJobEvents", "applyJobEvent", "claimMany", "claim", "setTimer"] as const) {
      const original = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(store, {
        [name]: async (...args: unknown[]) => {
          commits += 1;
          return await original(...args);
        },
      });
    }
    await pass(1_000);
    expect(launcher.started.map((spec) => spec.jobId)).toEqual(Array.from({ length: 60 }, (_, n) => jobId(n)));
    // To queue them, to claim 50 and 10, and to note which processes they have.
    expect(commits).toBe(4);
  });
});
