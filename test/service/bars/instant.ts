/**
 * `npm run service:instant -- --jobs 200 --workers 20`: many jobs for one instant. How long after it each was started, with
 * nothing behind the launcher, with processes that do nothing, and with real workers that join, as many as are asked for.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import { ProcessLauncher } from "../../../src/service/launcher/process-launcher.ts";
import type { Launcher, WorkerHandle, WorkerSpec } from "../../../src/service/ports/workers.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { Scheduler } from "../../../src/service/work/scheduler.ts";
import { HttpWorkerControl } from "../../../src/service/work/worker-control.ts";
import { silentLog } from "../../support/silent-log.ts";
import { person, toneCall } from "../../support/tone-call.ts";
import { FakeLauncher } from "../support/fake-launcher.ts";
import { RealService } from "../support/real-service.ts";
import { answerOf, jobId, newJob, withKey } from "../support/store-rows.ts";

/** Creating the jobs takes its time: each commit waits for the disk. */
const AHEAD_MS = 3_000;
const AHEAD_EACH_MS = 50;

/** Notes when each worker was started. */
function timed<Kind extends Launcher>(launcher: Kind, startedAt: number[]): Kind {
  const start = launcher.start.bind(launcher);
  launcher.start = async (spec: WorkerSpec): Promise<WorkerHandle> => {
    const handle = await start(spec);
    startedAt.push(Date.now());
    return handle;
  };
  return launcher;
}

/** @returns milliseconds from the instant to each job's worker, in the order of the starts */
export async function startAtOnce(jobs: number, kind: "nothing" | "processes"): Promise<readonly number[]> {
  const data = await mkdtemp(join(tmpdir(), "meetbot-instant-"));
  const store = await withKey(await openSqliteStore(join(data, "service.db")), { maxConcurrent: jobs });
  const startedAt: number[] = [];
  const launcher = timed(
    kind === "nothing"
      ? new FakeLauncher()
      : new ProcessLauncher({ jobsFolder: join(data, "jobs"), command: ["/bin/sh", "-c", "exec sleep 15"] }),
    startedAt,
  );
  const sealer = createSealer([randomBytes(32)]);
  const scheduler = new Scheduler({
    ...{ store, launcher, sealer, clock: { now: () => Date.now() }, log: silentLog },
    control: new HttpWorkerControl(launcher, sealer),
    environments: { environmentFor: async () => ({ environment: {} }), release: async () => undefined },
    workers: { maxWorkers: jobs, ingestUrl: "http://x", storageUri: "file:/x", environment: {}, secrets: {} },
    storedEnd: async () => [],
    expireRecording: async () => undefined,
  });
  try {
    scheduler.start();
    const joinAt = Date.now() + AHEAD_MS + jobs * AHEAD_EACH_MS;
    for (let n = 0; n < jobs; n += 1) {
      const tokenSealed = sealer.seal("token", sealPurpose.botToken(jobId(n)));
      await store.createJob(newJob(n, { tokenSealed, joinAt }), { at: Date.now(), answerOf });
    }
    while (startedAt.length < jobs) await sleep(20);
    return startedAt.map((at) => at - joinAt);
  } finally {
    await scheduler.stop();
    for (const { id, worker } of await store.claimed()) await launcher.stop(id, worker ?? "{}", "SIGKILL");
    await store.close();
    await rm(data, { recursive: true, force: true, maxRetries: 10 });
  }
}

interface RealStarts {
  /** Milliseconds from the instant until each worker begins to join. */
  readonly joining: readonly number[];
  readonly recording: readonly number[];
}

async function joinAtOnce(jobs: number, warmWorkers: number): Promise<RealStarts> {
  const service = await RealService.open(jobs, warmWorkers);
  try {
    await service.start();
    const call = () => toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 100, leavesAtMs: 2_500 }]);
    // Making the loopbacks and loading the workers takes time.
    const joinAt = Date.now() + 20_000 + (jobs + warmWorkers) * 1_500;
    for (let n = 0; n < jobs; n += 1) await service.create(n, call(), {}, { joinAt });
    await service.untilAllOver(600_000);
    const statuses = await Promise.all(Array.from({ length: jobs }, (_, n) => service.eventTimes(n)));
    const after = (status: string) => statuses.map((times) => (times.get(status) ?? Number.NaN) - joinAt);
    return { joining: after("joining"), recording: after("recording") };
  } finally {
    await service.close();
  }
}

function line(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const inTime = sorted.filter((ms) => ms <= 1_000).length;
  return `${inTime} of ${sorted.length} within 1 s; median ${at(0.5)} ms, 99 % ${at(0.99)} ms, last ${at(1)} ms`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { jobs: { type: "string", default: "200" }, workers: { type: "string", default: "20" } },
  });
  const [jobs, workers] = [Number(values.jobs), Number(values.workers)];
  process.stdout.write(`the service's part: ${line(await startAtOnce(jobs, "nothing"))}\n`);
  process.stdout.write(`with processes: ${line(await startAtOnce(jobs, "processes"))}\n`);
  for (const warm of [0, workers]) {
    const { joining, recording } = await joinAtOnce(workers, warm);
    const name = warm === 0 ? "real workers" : "real workers that waited";
    process.stdout.write(`${name}, to joining: ${line(joining)}\n${name}, to recording: ${line(recording)}\n`);
  }
}

if (import.meta.main) await main();
