import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { AT, statusEvent } from "../support/job-rows.ts";
import { jobId } from "../support/store-rows.ts";
import { GONE, newService } from "./new-service.ts";

/** A service with a job that records. */
async function recording() {
  const service = await newService();
  await service.create(1);
  await service.pass(0);
  await service.report(1, statusEvent("recording"));
  await service.pass(0);
  return service;
}

/**
 * A control port.
 *
 * @param answers undefined if it accepts connections and never answers, like a frozen process
 * @param onGivenUp called when a request was not waited for any longer
 */
async function controlPort(answers?: number, onGivenUp: () => void = () => undefined): Promise<string> {
  const server = createServer((_request, response) => {
    if (answers === undefined) response.once("close", onGivenUp);
    else response.writeHead(answers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a worker whose process runs and that gives no sign of life", () => {
  it("is silent after 30 s, is ended after 120 s, and its spool is recovered (a frozen worker that nobody ended)", async () => {
    const { pass, launcher, scheduler, job, store } = await recording();
    launcher.isFrozen = true;
    await pass(29_999);
    expect(scheduler().health().silent).toBe(0);
    await pass(1);
    expect(scheduler().health().silent).toBe(1);
    expect(await store.dueTimers(AT * 2, 9)).toEqual([{ jobId: jobId(1), kind: "silence", dueAt: AT + 120_000 }]);
    await pass(89_999);
    expect(launcher.signals).toEqual([]);
    await pass(1);
    expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`]);
    await pass(35_000);
    expect(launcher.signals.at(-1)).toBe(`${jobId(1)} SIGKILL`);
    [launcher.verdict, launcher.left] = [GONE, "recorded"];
    await pass(1_000);
    [launcher.verdict, launcher.isFrozen] = [{ kind: "alive" }, false];
    await pass(0);
    expect(launcher.started.at(-1)).toMatchObject({ task: "recover", attempt: 2 });
    expect(await job()).toMatchObject({ status: "recording", recoveries: 1 });
    expect(scheduler().health().silent).toBe(0);
  });

  it("is started again if nothing was recorded, and the second failure says why", async () => {
    const { create, pass, launcher, report, job } = await newService();
    await create(1);
    for (const attempt of [1, 2]) {
      [launcher.verdict, launcher.isFrozen] = [{ kind: "alive" }, false];
      await pass(1_000);
      expect(launcher.started.at(-1)).toMatchObject({ attempt, task: "record" });
      await report(1, statusEvent("joining"));
      launcher.isFrozen = true;
      await pass(160_000);
      launcher.verdict = GONE;
      await pass(0);
    }
    const { status, failureCode, failureDetail } = await job();
    expect({ status, failureCode }).toEqual({ status: "failed", failureCode: "internal_error" });
    expect(failureDetail).toContain("gave no sign of life for 120 s");
  });

  it("is ended too if it recovers a recording", async () => {
    const { pass, launcher } = await recording();
    [launcher.verdict, launcher.left] = [GONE, "recorded"];
    await pass(1_000);
    launcher.verdict = { kind: "alive" };
    await pass(0);
    expect(launcher.started.at(-1)).toMatchObject({ task: "recover" });
    launcher.isFrozen = true;
    await pass(190_000);
    expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`, `${jobId(1)} SIGKILL`]);
  });

  it.each(["touches its lock", "answers over its control port", "sends a job event"])(
    "is not ended if it %s again",
    async (how) => {
      const { pass, launcher, scheduler, report, store } = await recording();
      launcher.isFrozen = true;
      await pass(119_000);
      expect(scheduler().health().silent).toBe(1);
      if (how === "touches its lock") launcher.isFrozen = false;
      if (how === "answers over its control port") launcher.address = await controlPort(500);
      if (how === "sends a job event") await report(1, statusEvent("recording", { paused: true }));
      await pass(0);
      expect(scheduler().health().silent).toBe(0);
      expect(await store.dueTimers(AT * 2, 9)).toEqual([]);
      await pass(29_000);
      expect(launcher.signals).toEqual([]);
    },
  );

  it("does not count as silent if only its control port answers", async () => {
    const { pass, launcher, scheduler } = await recording();
    [launcher.isFrozen, launcher.address] = [true, await controlPort(200)];
    await pass(600_000);
    expect(scheduler().health().silent).toBe(0);
    expect(launcher.signals).toEqual([]);
  });
});

describe("the time without a sign of life", () => {
  it.each(["suspended", "not running", "set to another time"])(
    "begins again if the service was %s: nobody could hear the worker",
    async (how) => {
      const { pass, sleep, launcher, restart } = await recording();
      launcher.isFrozen = true;
      await pass(100_000);
      if (how === "not running") restart();
      await sleep(how === "set to another time" ? -3_600_000 : 3_600_000);
      await pass(119_000);
      expect(launcher.signals).toEqual([]);
      await pass(1_000);
      expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`]);
    },
  );

  it("does not count while the launcher cannot see the worker", async () => {
    const { pass, launcher } = await recording();
    launcher.verdict = { kind: "unknown", why: "the API does not answer" };
    launcher.isFrozen = true;
    await pass(600_000);
    launcher.verdict = { kind: "alive" };
    await pass(119_000);
    expect(launcher.signals).toEqual([]);
  });
});

describe("a worker that is frozen when it is asked to end", () => {
  it("keeps no other job waiting", async () => {
    const { create, launcher, scheduler } = await recording();
    let givenUp = 0;
    launcher.address = await controlPort(undefined, () => {
      givenUp += 1;
    });
    const asked = scheduler().end(jobId(1), "cancel");
    await scheduler().tick();
    await create(2);
    await scheduler().tick();
    expect(launcher.started.map((spec) => spec.jobId)).toEqual([1, 2].map(jobId));
    // The worker could still have answered.
    expect(givenUp).toBe(0);
    await asked;
  });
});
