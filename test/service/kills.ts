import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { verifyRecording } from "../../src/recording/verify.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { random } from "../fuzz/mutate.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";
import { soundOf } from "../support/worker.ts";
import { processesIn } from "./support/processes-in.ts";
import { RealService, WHOLE_CALL } from "./support/real-service.ts";
import { jobId } from "./support/store-rows.ts";

const SPEAKER = person(1);
const PACKET_MS = 20;
const AT_ONCE = 3;
/** The longest time from the end of a start to the next kill. */
const LONGEST_MS = 1_500;
/** So many starts are killed before they are done. */
const SHARE_IN_START = 0.2;
/** From the start of the scheduler until all workers are adopted. */
const ADOPTED_IN_MS = 2_000;
/** Time for processes without a job to end with the service. One that still loads notices its end when it has. */
const END_MS = 60_000;
const LOOK_MS = 50;
const LIMIT_MS = 600_000;
/** A machine that is busy takes long for all kills, and no job may miss its time. */
const LATE_MS = 86_400_000;

export interface ServiceKills {
  readonly kills: number;
  readonly jobs: number;
  /** How many of the kills came while a worker was running. */
  readonly killsWithWorkers: number;
  /** One line for each thing that is wrong. */
  readonly faults: readonly string[];
  /** Milliseconds that the first tick of each service took. After it all workers are adopted. */
  readonly adoptions: readonly number[];
}

/**
 * Runs jobs, a few at once, and kills the service at random moments until all kills are done and all jobs are over. Each
 * recording must be that of an undisturbed call: every packet that was sent, in its order, by one worker.
 */
export async function killService(options: {
  readonly kills: number;
  readonly jobs: number;
  readonly packets: number;
  readonly seed: number;
  /** How many workers wait for a job. */
  readonly warmWorkers?: number;
  readonly progress?: (line: string) => void;
}): Promise<ServiceKills> {
  const { jobs, packets, warmWorkers = 0 } = options;
  const next = random(options.seed);
  const service = await RealService.open(AT_ONCE, warmWorkers);
  try {
    const leavesAtMs = packets * PACKET_MS + 500;
    const fixtures = Array.from({ length: jobs }, () =>
      toneCall([{ user: SPEAKER, speaksFromMs: 0, packetCount: packets, leavesAtMs }]),
    );
    for (const [n, fixture] of fixtures.entries()) await service.create(n, fixture, {}, { lateWindowMs: LATE_MS });
    let killsWithWorkers = 0;
    for (let kills = 0; kills < options.kills; kills += 1) {
      const started = service.start();
      if (next() >= SHARE_IN_START) await started;
      await sleep(next() * LONGEST_MS);
      if ((await service.store.countClaimed()).workers > 0) killsWithWorkers += 1;
      await service.kill();
      await started;
      if ((kills + 1) % 10 === 0) options.progress?.(`${kills + 1} kills, ${await progressOf(service)}`);
    }
    await service.start();
    await service.untilAllOver(LIMIT_MS);
    const faults = service.adoptions
      .filter((ms) => ms > ADOPTED_IN_MS)
      .map((ms) => `a start had adopted its workers only after ${ms} ms`);
    for (const [n, fixture] of fixtures.entries())
      faults.push(...(await faultsOf(service, n, saidBy(fixture, SPEAKER.id))));
    await service.kill();
    for (let waitedMs = 0; waitedMs < END_MS && processesIn(service.data).length > 0; waitedMs += LOOK_MS) {
      await sleep(LOOK_MS);
    }
    for (const pid of processesIn(service.data)) faults.push(`process ${pid} is left`);
    return { kills: options.kills, jobs, killsWithWorkers, faults, adoptions: service.adoptions };
  } finally {
    await service.close();
  }
}

async function progressOf(service: RealService): Promise<string> {
  return Object.entries(await service.store.countByStatus())
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
}

async function faultsOf(service: RealService, n: number, said: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  const job = await service.job(n);
  const add = (text: string): void => void faults.push(`job ${n}: ${text}`);
  if (job.status !== "completed" || job.exitReason !== "alone_in_room") {
    add(`${job.status} ${job.exitReason} ${job.failureCode} ${job.failureDetail}`);
    return faults;
  }
  if (job.retries > 0) add(`was started again ${job.retries} times`);
  const joins = service.loopbacks[n]?.log.filter(({ kind }) => kind === "gateway_identify").length;
  if (joins !== 1) add(`its bot logged in ${joins} times`);
  const events = await service.events(n);
  if (events.join() !== WHOLE_CALL.join()) add(`its events are ${events.join(", ")}`);
  const deliveries = (await service.store.deliveries(jobId(n), { limit: 100 })).items;
  if (deliveries.length !== WHOLE_CALL.length) add(`${deliveries.length} deliveries are in the ledger`);
  const recording = await service.recording(n);
  const heard = (await soundOf(recording, SPEAKER.id)).map(({ hex }) => hex);
  if (heard.join() !== said.join()) add(`its files hold ${heard.length} packets, ${said.length} were said`);
  const { faults: broken } = await verifyRecording(await RecordingFolder.open(recording.directory));
  for (const fault of broken) add(JSON.stringify(fault));
  return faults;
}

/** `npm run service:kills -- --kills 200 --jobs 20 --seed 1` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "200" },
      jobs: { type: "string", default: "20" },
      packets: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      warm: { type: "string", default: "1" },
    },
  });
  const { kills, jobs, killsWithWorkers, faults, adoptions } = await killService({
    ...{ kills: Number(values.kills), jobs: Number(values.jobs) },
    ...{ packets: Number(values.packets), seed: Number(values.seed), warmWorkers: Number(values.warm) },
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  const sorted = adoptions.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  process.stdout.write(
    `seed ${values.seed}: ${kills} kills, ${killsWithWorkers} of them while workers ran, ${jobs} jobs, ${faults.length} faults; all workers were adopted in ${median} ms (median), ${sorted.at(-1)} ms (longest)\n`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
