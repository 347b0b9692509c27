import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { verifyRecording } from "../../src/recording/verify.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { processesIn } from "../service/support/processes-in.ts";
import { RealService } from "../service/support/real-service.ts";
import { jobId } from "../service/support/store-rows.ts";
import { person, toneCall } from "../support/tone-call.ts";

const SPEAKER = person(1);
/** Less than what counts as time in which the service could hear nobody. */
const STEP_MS = 13_000;
/** A tick, and a request to the frozen worker that is refused or ignored. */
const TICK_MS = 300;
const STEPS = 30;

it.skipIf(!existsSync("/proc/self/cwd"))(
  "a worker that is frozen in its call is ended, what it has recorded is stored, and no process is left",
  {
    timeout: 120_000,
  },
  async ({ onTestFinished }) => {
    const service = await RealService.open(2);
    onTestFinished(() => service.close());
    await service.start();
    await service.create(1, toneCall([{ user: SPEAKER, speaksFromMs: 0, packetCount: 6_000, leavesAtMs: 120_500 }]));
    const { worker } = await service.until(1, ({ status, worker }) => status === "recording" && worker !== null);
    await sleep(2_000);
    process.kill(JSON.parse(worker ?? "{}").pid, "SIGSTOP");
    let steps = 0;
    while ((await service.job(1)).claimedAt !== null && (await service.job(1)).worker === worker && steps < STEPS) {
      service.pass(STEP_MS);
      await sleep(TICK_MS);
      steps += 1;
    }
    await service.untilAllOver(60_000);
    const job = await service.job(1);
    expect(job).toMatchObject({ status: "failed", failureCode: "internal_error", task: "recover", attempt: 2 });
    expect(job.durationSeconds).toBeGreaterThan(1);
    const { directory } = await service.recording(1);
    expect((await verifyRecording(await RecordingFolder.open(directory))).faults).toEqual([]);
    expect(processesIn(join(service.data, "jobs", jobId(1)))).toEqual([]);
    const said = service.log.split("\n").filter((line) => line.includes('"level":"warn"'));
    expect(
      said.map((line) => JSON.parse(line)).map(({ message, signal = "" }) => `${message} ${signal}`.trim()),
    ).toEqual([
      "the worker gives no sign of life, and will be ended if it stays silent",
      "stopping the worker: it has given no sign of life for 120 s SIGTERM",
      "stopping the worker: it has not ended in time SIGKILL",
    ]);
  },
);
