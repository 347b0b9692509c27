import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallFixture } from "../../../src/fixture/call-script.ts";
import { type Loopback, startLoopback } from "../../../src/loopback/loopback.ts";
import { isOver, type JobRow } from "../../../src/service/domain/job-row.ts";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import type { NewJob } from "../../../src/service/ports/jobs.ts";
import type { Sealer, Store } from "../../../src/service/ports/store.ts";
import { openKeyFile } from "../../../src/service/secrets/key-file.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { type Manifest, manifestSchema } from "../../../src/session/manifest.ts";
import { freePorts } from "../../support/free-ports.ts";
import { CHANNEL_ID, GUILD_ID } from "../../support/tone-call.ts";
import { answerOf, jobId, newJob, OWNER, withKey } from "./store-rows.ts";

const PROCESS = new URL("service-process.ts", import.meta.url).pathname;
const LOOK_MS = 50;
/** The events of an undisturbed job, in order. */
export const WHOLE_CALL = [
  ...["joining", "in_call", "recording", "finalizing", "completed"],
  ...["bot.usage_recorded", "job.finalized"],
];

/** The service as a process, real workers, and a loopback for each job. */
export class RealService {
  readonly data: string;
  readonly store: Store;
  readonly #sealer: Sealer;
  readonly #port: number;
  readonly #maxWorkers: number;
  readonly #warmWorkers: number;
  readonly loopbacks: Loopback[] = [];
  /** Milliseconds that the first tick of each process took. */
  readonly adoptions: number[] = [];
  #child: ChildProcess | undefined;
  #log = "";

  private constructor(parts: {
    readonly data: string;
    readonly store: Store;
    readonly sealer: Sealer;
    readonly port: number;
    readonly maxWorkers: number;
    readonly warmWorkers: number;
  }) {
    this.data = parts.data;
    this.store = parts.store;
    this.#sealer = parts.sealer;
    this.#port = parts.port;
    this.#maxWorkers = parts.maxWorkers;
    this.#warmWorkers = parts.warmWorkers;
  }

  /** @param warmWorkers how many wait for a job */
  static async open(maxWorkers: number, warmWorkers = 0): Promise<RealService> {
    const data = await mkdtemp(join(tmpdir(), "meetbot-service-"));
    const store = await withKey(await openSqliteStore(join(data, "service.db")));
    const [port = 0] = await freePorts(1);
    const sealer = createSealer(await openKeyFile(join(data, "sealing.key")));
    return new RealService({ data, store, sealer, port, maxWorkers, warmWorkers });
  }

  /** What the service has logged. */
  get log(): string {
    return this.#log;
  }

  /** Starts the process; resolves when it has adopted running workers. */
  async start(): Promise<void> {
    const args = [PROCESS, this.data, String(this.#port), String(this.#maxWorkers), String(this.#warmWorkers)];
    const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "meetbot-service-compiled") };
    const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stdin.on("error", () => undefined);
    child.stderr.on("data", (chunk: Buffer) => {
      this.#log += chunk.toString("utf8");
    });
    child.stdout.on("data", (chunk: Buffer) => {
      const ms = /^adopted (\d+)/.exec(chunk.toString("utf8"))?.[1];
      if (ms !== undefined) this.adoptions.push(Number(ms));
    });
    const before = this.adoptions.length;
    while (this.adoptions.length === before && child.exitCode === null && child.signalCode === null) await sleep(5);
  }

  /** Sets the process's clock forward. */
  pass(ms: number): void {
    this.#child?.stdin?.write(`${ms}\n`);
  }

  /** Asks the process to end. @returns its exit code */
  async end(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) throw new Error("no service runs");
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    const [code] = await exit;
    return code as number | null;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  /** Creates a job that records a fixture from its own loopback. */
  async create(
    n: number,
    fixture: CallFixture,
    settings: Readonly<Record<string, string>> = {},
    changes: Partial<NewJob> = {},
  ): Promise<Loopback> {
    const loopback = await startLoopback({ fixture, workDir: await mkdtemp(join(tmpdir(), "loopback-")) });
    this.loopbacks.push(loopback);
    const { DISCORD_BOT_TOKEN: token = "", MEETBOT_MEETING_URL: _, ...environment } = loopback.environment;
    const settingsJson = JSON.stringify({
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
      MEETBOT_NOTICE: "off",
      ...settings,
      ...environment,
    });
    const tokenSealed = this.#sealer.seal(token, sealPurpose.botToken(jobId(n)));
    const place = { guildId: GUILD_ID, channelId: CHANNEL_ID };
    const job = newJob(n, { ...place, settingsJson, tokenSealed, ...changes });
    await this.store.createJob(job, { at: Date.now(), answerOf });
    return loopback;
  }

  async job(n: number): Promise<JobRow> {
    const job = await this.store.job(jobId(n));
    if (job === undefined) throw new Error(`no job ${n}`);
    return job;
  }

  /** Resolves when the job satisfies the condition. */
  async until(n: number, is: (job: JobRow) => boolean, limitMs = 90_000): Promise<JobRow> {
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += LOOK_MS) {
      const job = await this.job(n);
      if (is(job)) return job;
      await sleep(LOOK_MS);
    }
    throw new Error(
      `job ${n} never got there: ${JSON.stringify(await this.job(n))}\n${this.#log}\n${await this.workerLog(n)}`,
    );
  }

  /** Resolves when every job is over and no worker runs. */
  async untilAllOver(limitMs: number): Promise<readonly JobRow[]> {
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += LOOK_MS) {
      const { items } = await this.store.jobs(OWNER, {}, { limit: 1_000 });
      const timers = await this.store.dueTimers(Number.MAX_SAFE_INTEGER, 1);
      if (timers.length === 0 && items.every(isSettled)) return items;
      await sleep(LOOK_MS);
    }
    throw new Error(`not all jobs are over:\n${this.#log}`);
  }

  /** The statuses and names of a job's events. */
  async events(n: number): Promise<string[]> {
    const events = await this.store.eventsAfter(jobId(n), 0, 100);
    return events.map(({ type, dataJson }) => (type === "job.status_changed" ? JSON.parse(dataJson).status : type));
  }

  /** When each status was reported first, epoch milliseconds. */
  async eventTimes(n: number): Promise<ReadonlyMap<string, number>> {
    const events = await this.store.eventsAfter(jobId(n), 0, 100);
    return new Map(
      events
        .toReversed()
        .map(({ type, dataJson, emittedAt }) => [
          type === "job.status_changed" ? (JSON.parse(dataJson).status as string) : type,
          emittedAt,
        ]),
    );
  }

  /** The job's folder in the storage, and its manifest. */
  async recording(n: number): Promise<{ readonly directory: string; readonly manifest: Manifest }> {
    const directory = join(this.data, "recordings", jobId(n));
    const text = await readFile(join(directory, "manifest.json"), "utf8");
    return { directory, manifest: manifestSchema.parse(JSON.parse(text)) };
  }

  async workerLog(n: number): Promise<string> {
    return await readFile(join(this.data, "jobs", jobId(n), "worker.log"), "utf8").catch(() => "");
  }

  async close(): Promise<void> {
    await this.kill();
    for (const { worker } of await this.store.claimed()) {
      const { pid } = JSON.parse(worker ?? "{}") as { readonly pid?: number };
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    }
    await this.store.close();
    for (const loopback of this.loopbacks) await loopback.close();
    await rm(this.data, { recursive: true, force: true });
  }
}

function isSettled({ status, claimedAt }: JobRow): boolean {
  return isOver(status) && claimedAt === null;
}
