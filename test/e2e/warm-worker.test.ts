import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { RealService, WHOLE_CALL } from "../service/support/real-service.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";
import { soundOf } from "../support/worker.ts";

const SPEAKER = person(1);

/** The ids of workers that wait, from the notes of their wrappers. */
async function waitingPids(service: RealService): Promise<number[]> {
  const folder = join(service.data, "warm");
  const names = await readdir(folder).catch(() => []);
  const notes = await Promise.all(names.map((name) => readFile(join(folder, name, "marks", "pid"), "utf8")));
  return notes.map((note) => Number.parseInt(note, 10));
}

async function untilWaiting(service: RealService, times: number): Promise<number> {
  for (let looks = 0; looks < 600; looks += 1) {
    if (service.log.split("a worker waits for a job").length > times) {
      const [pid = 0] = await waitingPids(service);
      return pid;
    }
    await sleep(50);
  }
  throw new Error(`no worker waits:\n${service.log}`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it("a worker that waited records its job as any other does, is replaced, and only those without a job end with the service", async () => {
  const service = await RealService.open(2, 1);
  onTestFinished(() => service.close());
  await service.start();
  const first = await untilWaiting(service, 1);
  const fixture = toneCall([{ user: SPEAKER, speaksFromMs: 0, packetCount: 400, leavesAtMs: 8_500 }]);
  await service.create(1, fixture);
  const { worker } = await service.until(1, ({ status, worker }) => status === "recording" && worker !== null);
  expect(JSON.parse(worker ?? "{}").pid).toBe(first);
  const second = await untilWaiting(service, 2);
  expect([isRunning(first), isRunning(second), first === second]).toEqual([true, true, false]);
  await service.kill();
  for (let looks = 0; looks < 200 && isRunning(second); looks += 1) await sleep(25);
  expect([isRunning(first), isRunning(second)]).toEqual([true, false]);
  await service.start();
  await service.untilAllOver(60_000);
  expect(await service.job(1)).toMatchObject({ status: "completed", exitReason: "alone_in_room", attempt: 1 });
  expect(await service.events(1)).toEqual(WHOLE_CALL);
  const heard = await soundOf(await service.recording(1), SPEAKER.id);
  expect(heard.map(({ hex }) => hex)).toEqual(saidBy(fixture, SPEAKER.id));
  expect(await readdir(join(service.data, "jobs", (await service.job(1)).id))).toEqual(["worker.log"]);
  expect(await service.workerLog(1)).toContain('"state: recording"');
});

it("a service that is asked to end while it loads a worker ends it, and itself", async () => {
  const service = await RealService.open(2, 1);
  onTestFinished(() => service.close());
  await service.start();
  // It is being loaded then.
  while ((await waitingPids(service).catch(() => [])).length === 0) await sleep(5);
  expect(await service.end()).toBe(0);
  expect(await readdir(join(service.data, "warm"))).toEqual([]);
});
