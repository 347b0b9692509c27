import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { verifyRecording } from "../../src/recording/verify.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { RealService, WHOLE_CALL } from "../service/support/real-service.ts";
import { jobId } from "../service/support/store-rows.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";
import { soundOf } from "../support/worker.ts";

async function newService({ onTestFinished }: TestContext): Promise<RealService> {
  const service = await RealService.open(4);
  onTestFinished(() => service.close());
  await service.start();
  return service;
}

const SPEAKER = person(1);
const call = (packetCount: number) =>
  toneCall([{ user: SPEAKER, speaksFromMs: 0, packetCount, leavesAtMs: packetCount * 20 + 500 }]);

describe.concurrent("a job of the service", () => {
  it("is recorded by a worker process, from its row to its manifest, and its token is nowhere but there", async (context) => {
    const service = await newService(context);
    const fixture = call(100);
    const loopback = await service.create(1, fixture);
    const recording = await service.until(1, ({ status, worker }) => status === "recording" && worker !== null);
    const token = loopback.environment.DISCORD_BOT_TOKEN ?? "";
    const { pid } = JSON.parse(recording.worker ?? "{}");
    expect(execFileSync("ps", ["eww", "-p", String(pid)]).toString("latin1")).not.toContain(token);
    await service.untilAllOver(60_000);
    const job = await service.job(1);
    expect(job).toMatchObject({ status: "completed", exitReason: "alone_in_room", attempt: 1, tokenSealed: null });
    const recorded = await service.recording(1);
    expect(job.manifestUri).toBe(`file://${join(recorded.directory, "manifest.json")}`);
    expect((await soundOf(recorded, SPEAKER.id)).map(({ hex }) => hex)).toEqual(saidBy(fixture, SPEAKER.id));
    expect(await service.events(1)).toEqual(WHOLE_CALL);
    const left = await readdir(join(service.data, "jobs", jobId(1)));
    expect(left).toEqual(["worker.log"]);
    for (const file of ["service.db", "service.db-wal"]) {
      expect((await readFile(join(service.data, file))).includes(token)).toBe(false);
    }
    expect(service.log + (await service.workerLog(1))).not.toContain(token);
  });

  it("loses nothing if the service is killed in its middle: the next service adopts the worker", async (context) => {
    const service = await newService(context);
    const fixture = call(250);
    await service.create(1, fixture);
    await service.until(1, ({ status }) => status === "recording");
    const { worker } = await service.job(1);
    await service.kill();
    await service.start();
    expect(service.adoptions.at(-1)).toBeLessThan(10_000);
    expect((await service.job(1)).worker).toBe(worker);
    await service.untilAllOver(60_000);
    expect(await service.job(1)).toMatchObject({ status: "completed", attempt: 1 });
    const recorded = await service.recording(1);
    expect((await soundOf(recorded, SPEAKER.id)).map(({ hex }) => hex)).toEqual(saidBy(fixture, SPEAKER.id));
    expect(await service.events(1)).toEqual(WHOLE_CALL);
  });

  it("is recovered, with all its events, if no service runs at its end", async (context) => {
    const service = await newService(context);
    await service.create(1, call(100));
    const { worker } = await service.until(1, ({ status }) => status === "recording");
    await service.kill();
    const { pid } = JSON.parse(worker ?? "{}");
    await service.until(1, () => !isRunning(pid));
    await service.start();
    await service.untilAllOver(60_000);
    expect(await service.job(1)).toMatchObject({ status: "completed", exitReason: "alone_in_room", task: "recover" });
    expect(await service.events(1)).toEqual(WHOLE_CALL);
  });

  it("whose worker is killed is recovered with what was recorded until then", async (context) => {
    const service = await newService(context);
    await service.create(1, call(500));
    const { worker } = await service.until(1, ({ status }) => status === "recording");
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    process.kill(JSON.parse(worker ?? "{}").pid, "SIGKILL");
    await service.untilAllOver(60_000);
    const job = await service.job(1);
    expect(job).toMatchObject({ status: "failed", failureCode: "internal_error", attempt: 2, task: "recover" });
    expect(job.durationSeconds).toBeGreaterThan(0);
    const { directory } = await service.recording(1);
    expect((await verifyRecording(await RecordingFolder.open(directory))).faults).toEqual([]);
  });

  it("ends by the customer's request, and is over only when its worker has left", async (context) => {
    const service = await newService(context);
    await service.create(1, call(3_000));
    await service.until(1, ({ status }) => status === "recording");
    await service.store.applyJobEvent(jobId(1), { type: "end_asked", at: Date.now(), how: "cancel" });
    expect(await service.job(1)).toMatchObject({ status: "recording", ending: "cancel" });
    await service.untilAllOver(60_000);
    expect(await service.job(1)).toMatchObject({ status: "cancelled", exitReason: "cancelled" });
    expect((await service.recording(1)).manifest.exitReason).toBe("cancelled");
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
