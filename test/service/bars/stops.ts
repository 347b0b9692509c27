import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { verifyRecording } from "../../../src/recording/verify.ts";
import { isOver } from "../../../src/service/domain/job-row.ts";
import { RecordingFolder } from "../../../src/storage/recording-folder.ts";
import { random } from "../../fuzz/mutate.ts";
import { person, toneCall } from "../../support/tone-call.ts";
import { processesIn } from "../support/processes-in.ts";
import { RealService } from "../support/real-service.ts";
import { jobId } from "../support/store-rows.ts";

/** What has happened to a worker when its job is stopped. */
const MODES = ["answers", "is frozen", "has no control port", "is killed"] as const;
type Mode = (typeof MODES)[number];

const SPEAKER = person(1);
const CALL = { packetCount: 6_000, leavesAtMs: 120_500 };
/** Nothing listens there: the port is for a service that no machine runs any more. */
const NOWHERE = "http://127.0.0.1:9";
const LOOK_MS = 50;
/** Time for the loopback to notice that the bot's socket is closed, on a machine that is busy. */
const CLOSE_MS = 2_000;
/** From the start of a job to its stop, at most: before its worker runs, while it joins, or in the call. */
const LONGEST_MS = 3_000;
/** Past each deadline of a stop. */
const DEADLINE_MS = 36_000;
/** The scheduler has sent a signal, and a worker that takes it has left. */
const AFTER_DEADLINE_MS = 2_500;
const LIMIT_MS = 300_000;

export interface Stops {
  readonly stops: number;
  /** How many jobs ended with each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** One line each for what is not as it must be. */
  readonly faults: readonly string[];
}

/**
 * Stops jobs whose workers answer, are frozen, cannot be asked, or die, at a random moment of their start. No job may be
 * over while its bot is in the call, and none may leave a process.
 *
 * @param atOnce how many jobs are stopped together
 */
export async function stopJobs(options: {
  readonly stops: number;
  readonly atOnce: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}): Promise<Stops> {
  const next = random(options.seed);
  const service = await RealService.open(options.atOnce);
  const faults: string[] = [];
  const statuses: Record<string, number> = {};
  try {
    await service.start();
    for (let first = 0; first < options.stops; first += options.atOnce) {
      const count = Math.min(options.atOnce, options.stops - first);
      const jobs = Array.from({ length: count }, (_, n) => new StoppedJob(service, first + n, next));
      await stopTogether(service, jobs);
      for (const job of jobs) {
        const { status, found } = await job.judged();
        statuses[status] = (statuses[status] ?? 0) + 1;
        faults.push(...found);
      }
      options.progress?.(`${first + count} stops, ${faults.length} faults, ${JSON.stringify(statuses)}`);
    }
    return { stops: options.stops, statuses, faults };
  } finally {
    await service.close();
  }
}

async function stopTogether(service: RealService, jobs: readonly StoppedJob[]): Promise<void> {
  for (const job of jobs) await job.create();
  const watching = new AbortController();
  const watched = Promise.all(jobs.map((job) => job.watch(watching.signal)));
  await Promise.all(jobs.map((job) => job.stop()));
  // Asked over the control port; then SIGTERM; then SIGKILL.
  await sleep(AFTER_DEADLINE_MS);
  for (let deadline = 0; deadline < 2; deadline += 1) {
    service.pass(DEADLINE_MS);
    await sleep(AFTER_DEADLINE_MS);
  }
  await service.untilAllOver(LIMIT_MS);
  watching.abort();
  await watched;
}

class StoppedJob {
  readonly #service: RealService;
  readonly #n: number;
  readonly #mode: Mode;
  readonly #pauseMs: number;
  readonly #found = new Set<string>();
  #loopback: Loopback | undefined;

  constructor(service: RealService, n: number, next: () => number) {
    this.#service = service;
    this.#n = n;
    this.#mode = MODES[n % MODES.length] ?? "answers";
    this.#pauseMs = next() * LONGEST_MS;
  }

  async create(): Promise<void> {
    this.#loopback = await this.#service.create(this.#n, toneCall([{ user: SPEAKER, speaksFromMs: 0, ...CALL }]));
  }

  /** Does to the worker what its mode says, and asks for the job's end. */
  async stop(): Promise<void> {
    const { worker } = await this.#service.until(this.#n, (job) => job.worker !== null || isOver(job.status));
    await sleep(this.#pauseMs);
    const { pid } = JSON.parse(worker ?? "{}") as { readonly pid?: number };
    if (this.#mode === "has no control port") await this.#takeControlAway();
    if (pid !== undefined && this.#mode === "is frozen") process.kill(pid, "SIGSTOP");
    const how = this.#n % 3 === 0 ? "leave" : "cancel";
    await this.#service.store.applyJobEvent(jobId(this.#n), { type: "end_asked", at: Date.now(), how });
    if (pid !== undefined && this.#mode === "is killed") process.kill(pid, "SIGKILL");
  }

  /** Looks at the job, and then whether its bot is in the call. The loopback notices a closed socket a little later. */
  async watch(signal: AbortSignal): Promise<void> {
    let sinceMs: number | undefined;
    while (!signal.aborted) {
      const { status } = await this.#service.job(this.#n);
      if (isOver(status) && this.#isInCall()) {
        sinceMs ??= performance.now();
        if (performance.now() - sinceMs > CLOSE_MS) this.#found.add(`is ${status}, and its bot is in the call`);
      }
      await sleep(LOOK_MS);
    }
  }

  async judged(): Promise<{ readonly status: string; readonly found: readonly string[] }> {
    const { status, failureCode, failureDetail, manifestUri, task } = await this.#service.job(this.#n);
    const hasDied = this.#mode === "is killed" || this.#mode === "is frozen";
    if (status !== "cancelled" && status !== "completed" && !hasDied) {
      this.#found.add(`is ${status} ${failureCode} ${failureDetail}`);
    }
    if (this.#isInCall()) this.#found.add("is over, and its bot is in the call");
    const ghosts = processesIn(join(this.#service.data, "jobs", jobId(this.#n)));
    if (ghosts.length > 0) this.#found.add(`is over, and its processes run: ${ghosts.join(", ")}`);
    if (manifestUri !== null) {
      const { directory } = await this.#service.recording(this.#n);
      const { faults } = await verifyRecording(await RecordingFolder.open(directory));
      for (const fault of faults) this.#found.add(JSON.stringify(fault));
    }
    await this.#loopback?.close();
    const name = `job ${this.#n}, whose worker ${this.#mode} (${task})`;
    return { status, found: [...this.#found].map((fault) => `${name}: ${fault}`) };
  }

  async #takeControlAway(): Promise<void> {
    const path = join(this.#service.data, "jobs", jobId(this.#n), "control");
    // Once the worker has written its own.
    await this.#service.until(this.#n, ({ status }) => status !== "queued");
    await writeFile(path, NOWHERE);
  }

  #isInCall(): boolean {
    const bot = this.#loopback?.botUserId;
    let connections = 0;
    for (const event of this.#loopback?.log ?? []) {
      if (event.kind === "voice_identify" || event.kind === "voice_resume") connections += event.userId === bot ? 1 : 0;
      if (event.kind === "voice_close") connections -= event.userId === bot ? 1 : 0;
    }
    return connections > 0;
  }
}

/** `npm run service:stops -- --stops 1000 --at-once 20 --seed 1` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stops: { type: "string", default: "1000" },
      "at-once": { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
    },
  });
  const { stops, statuses, faults } = await stopJobs({
    ...{ stops: Number(values.stops), atOnce: Number(values["at-once"]), seed: Number(values.seed) },
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.stdout.write(`seed ${values.seed}: ${stops} stops, ${faults.length} faults; ${JSON.stringify(statuses)}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
