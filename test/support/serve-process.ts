import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { writeFixture } from "../../src/fixture/write-fixture.ts";
import { person, toneCall } from "./tone-call.ts";
import { type RunningWorker, runCommand, startCommand, type WorkerRun } from "./worker.ts";

const LOOK_MS = 50;

/** A folder for a service: its data folder and a short call for jobs of test keys. It is removed after the test. */
export interface ServiceFolder {
  readonly data: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** @param callMs how long somebody speaks */
export async function serviceFolder(callMs = 3_000): Promise<ServiceFolder> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-serve-"));
  const [data, fixtures] = [join(folder, "data"), join(folder, "fixtures")];
  const speaker = { user: person(1), speaksFromMs: 0, packetCount: callMs / 20, leavesAtMs: callMs + 200 };
  await writeFixture(join(fixtures, "standup"), toneCall([speaker]));
  onTestFinished(async () => {
    for (const pid of await workersOf(data)) killHard(pid);
    // The wrapper of a worker may still note its end.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  return {
    data,
    environment: {
      HOME: folder,
      MEETBOT_SERVICE_DATA_DIR: data,
      MEETBOT_SERVICE_FIXTURES_DIR: fixtures,
      MEETBOT_SERVICE_PORT: "0",
      MEETBOT_SERVICE_WARM_WORKERS: "0",
      MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE: "true",
      MEETBOT_SERVICE_STORAGE_URI: `file:${join(folder, "recordings")}`,
    },
  };
}

/** Asks a service that listens. */
export class ServiceClient {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  /** JSON of an answer, or its status if it is not a success. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  async ask(key: string, method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.ok ? await response.json() : response.status;
  }

  /** Resolves when a job has this status. */
  async until(key: string, jobId: string, status: string, limitMs = 120_000): Promise<void> {
    for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
      const job = await this.ask(key, "GET", `/api/v1/jobs/${jobId}`);
      if (job.status === status) return;
      if (waitedMs > limitMs || ["completed", "failed", "cancelled"].includes(job.status)) {
        throw new Error(`the job is not ${status}: ${JSON.stringify(job)}`);
      }
      await sleep(LOOK_MS);
    }
  }
}

/** `serve` as a process. */
export class ServeProcess extends ServiceClient {
  readonly #worker: RunningWorker;

  private constructor(worker: RunningWorker, address: string) {
    super(address);
    this.#worker = worker;
  }

  /** Resolves when it listens. */
  static async start(
    { environment }: ServiceFolder,
    more: Readonly<Record<string, string>> = {},
  ): Promise<ServeProcess> {
    const worker = startCommand(["serve"], { ...environment, ...more });
    onTestFinished(() => worker.kill("SIGKILL"));
    const stderr = await worker.until("the service listens");
    const address = /"address":"([^"]+)"/.exec(stderr)?.[1];
    if (address === undefined) throw new Error(`no address:\n${stderr}`);
    return new ServeProcess(worker, address);
  }

  /** @returns what it has written until its end */
  async end(signal: NodeJS.Signals): Promise<WorkerRun> {
    this.#worker.kill(signal);
    return await this.#worker.result;
  }
}

/** Runs a command of the service on its folder, such as `keys ls`. */
export function onFolder({ environment }: ServiceFolder, ...args: readonly string[]): Promise<WorkerRun> {
  return runCommand(args, environment);
}

/** A key that `keys create` has made, and its id. */
export async function newKey(
  folder: ServiceFolder,
  mode: "live" | "test",
): Promise<{ readonly key: string; readonly id: string }> {
  const { stdout } = await onFolder(folder, "keys", "create", "--consumer", "acme", "--mode", mode);
  const [key, id] = [/^key: (\S+)$/m, /^id: (\S+)$/m].map((form) => form.exec(stdout)?.[1]);
  if (key === undefined || id === undefined) throw new Error(`no key:\n${stdout}`);
  return { key, id };
}

/** Ids of the worker processes whose start is noted in a data folder. */
export async function workersOf(data: string): Promise<number[]> {
  const names = await readdir(join(data, "jobs"), { recursive: true }).catch(() => []);
  const marks = names.filter((name) => /\/attempt-\d+\/pid$/.test(name));
  const lines = await Promise.all(marks.map((name) => readFile(join(data, "jobs", name), "utf8").catch(() => "")));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 0);
}

function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
