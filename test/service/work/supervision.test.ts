import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { AT, statusEvent } from "../support/job-rows.ts";
import { jobId } from "../support/store-rows.ts";
import { GONE, newService, statusesOf } from "./new-service.ts";

describe("a worker that cannot be seen", () => {
  it("continues for an hour while probes fail (a probe from another PID namespace)", async () => {
    const { create, pass, launcher, job, report } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    launcher.verdict = { kind: "unknown", why: "the API does not answer" };
    await pass(3_600_000);
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

  it("is carried out by the next service (a stop timer that was lost in a restart, and rows that hung for a day)", async () => {
    const { create, pass, launcher, job, report, scheduler, restart } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("joining"));
    await scheduler().end(jobId(1), "cancel");
    restart();
    await pass(30_000);
    expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`]);
    restart();
    await pass(35_000);
    expect(launcher.signals).toEqual([`${jobId(1)} SIGTERM`, `${jobId(1)} SIGKILL`]);
    restart();
    launcher.verdict = GONE;
    await pass(1_000);
    expect(await job()).toMatchObject({ status: "cancelled", claimedAt: null });
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
    for (const pauseMs of [0, 0, 5_000, 30_000, 120_000]) {
      await pass(pauseMs);
      // What was started is looked at in the next tick.
      await pass(0);
    }
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
