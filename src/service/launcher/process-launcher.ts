import { type ChildProcess, spawn } from "node:child_process";
import { constants, linkSync, lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import type { Log } from "../../log.ts";
import { openOwnFile, readOwnFile } from "../../own-files.ts";
import { startOf, thisRealm } from "../../process-identity.ts";
import { LOCK_FILE } from "../../session/job-files.ts";
import { ALLOCATOR, COMPILE_CACHE_VARIABLES } from "../../worker-variables.ts";
import type { Remains } from "../domain/job-input.ts";
import type { Verdict } from "../domain/verdict.ts";
import { inheritedVariables } from "../inherited-variables.ts";
import type { FoundWorker, Launcher, WorkerHandle, WorkerSpec } from "../ports/workers.ts";
import { boundLog } from "./bounded-log.ts";
import { JobFolder } from "./job-folder.ts";
import { giveUp, isAccepted, isThere, marked, markedBy, readMark, readNote, removeMarks } from "./marks.ts";
import { remainsIn } from "./remains.ts";
import { writeSecrets } from "./secret-files.ts";
import { WarmPool } from "./warm-pool.ts";
import { type ProcessHandle, readHandle } from "./worker-handle.ts";
import { WRAPPER } from "./wrapper.ts";

export interface ProcessLauncherOptions {
  /** `DATA/jobs`. */
  readonly jobsFolder: string;
  /** The program and arguments in front of a command's name, such as `["node", "main.js"]`. */
  readonly command: readonly string[];
  /** Undefined if no worker is started ahead of its job. */
  readonly warm?: WarmOptions;
}

export interface WarmOptions {
  /** How many workers wait for a job, if there are slots. */
  readonly workers: number;
  /** `DATA/warm`, on the same file system as the jobs' folder. */
  readonly folder: string;
  /** The name of the command that loads everything and waits for a job, and its arguments. */
  readonly arguments: readonly string[];
  readonly log: Log;
}

/** The only variables that a worker inherits from the service. It must not get the service's secrets. */
const INHERITED_VARIABLES = ["PATH", "HOME", "TZ", "NODE_EXTRA_CA_CERTS", ...COMPILE_CACHE_VARIABLES];

/** A log grows slowly. */
const TEND_EVERY_MS = 30_000;
/** Time for the wrapper to write the exit code after the worker's end. */
const EXIT_NOTE_MS = 500;
/** Shells add this to the number of the signal that ended a process. */
const SIGNAL_BASE = 128;
const SIGKILL = 9;
/** A thousand logins, which Discord allows in a day, are 100 kB. */
const MAX_LOGIN_BYTES = 1_000_000;

/** Runs workers as processes of this machine. They outlive the service, and the next service finds them. */
export class ProcessLauncher implements Launcher {
  readonly #options: ProcessLauncherOptions;
  readonly #pool: WarmPool | undefined;
  /** When a job whose worker has read its secrets was looked after, by `performance.now()`. */
  readonly #tendedAtMs = new Map<string, number>();

  constructor(options: ProcessLauncherOptions) {
    this.#options = options;
    const { warm, command } = options;
    if (warm === undefined) return;
    const waiting = { folder: warm.folder, command: [...command, ...warm.arguments], environment: baseEnvironment() };
    this.#pool = new WarmPool(waiting, warm.log);
  }

  get waiting(): number {
    return this.#pool?.size ?? 0;
  }

  prepare(freeSlots: number): void {
    this.#pool?.keep(Math.min(this.#options.warm?.workers ?? 0, freeSlots));
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  async start({ jobId, attempt, task, environment, secrets }: WorkerSpec): Promise<WorkerHandle> {
    const folder = this.#folder(jobId);
    this.#tendedAtMs.delete(jobId);
    // Only the first job of a service may have no folder above its own.
    if (!isThere(folder.path)) await makeFolder(folder.path);
    rmSync(folder.address, { force: true });
    const secretFiles = writeSecrets(folder.secrets, secrets);
    const settings = {
      MEETBOT_SPOOL_DIR: folder.spoolRoot,
      ...(task === "record"
        ? { MEETBOT_HTTP_ADDRESS_FILE: folder.address, MEETBOT_LOGINS_FILE: folder.logins(attempt) }
        : {}),
      ...environment,
      ...secretFiles,
    };
    const warm = task === "record" ? await this.#startWarm(folder, attempt, settings) : undefined;
    if (warm !== undefined) return JSON.stringify(warm);
    const log = await openOwnFile(folder.log, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
    let wrapper: ChildProcess;
    try {
      mkdirSync(folder.marks(attempt), { mode: 0o700 });
      const work = task === "record" ? ["record"] : ["recover", folder.spool];
      wrapper = await spawnDetached(
        ["-c", WRAPPER, "meetbot-worker", folder.marks(attempt), ...this.#options.command, ...work],
        {
          log,
          cwd: folder.path,
          environment: { ...baseEnvironment(), ...settings },
        },
      );
    } finally {
      await log.close();
    }
    return JSON.stringify(
      await marked(folder, attempt, () => wrapper.exitCode === null && wrapper.signalCode === null),
    );
  }

  /** @returns undefined if no worker waits, or it does not accept the job and never can */
  async #startWarm(
    folder: JobFolder,
    attempt: number,
    environment: Readonly<Record<string, string>>,
  ): Promise<ProcessHandle | undefined> {
    // The worker writes to a log that it has opened already, so a job that has one starts as usual.
    if (this.#pool === undefined || isThere(folder.log)) return undefined;
    const worker = this.#pool.take();
    if (worker === undefined) return undefined;
    const marks = folder.marks(attempt);
    linkSync(worker.log, folder.log);
    renameSync(worker.marks, marks);
    worker.hand({ folder: folder.path, started: join(marks, "started"), environment });
    if ((await isAccepted(marks)) || !(await giveUp(marks))) {
      await worker.forgetFolder();
      return await marked(folder, attempt, () => true);
    }
    await worker.end();
    return undefined;
  }

  async find(jobId: string, attempt: number): Promise<FoundWorker> {
    const folder = this.#folder(jobId);
    if (await giveUp(folder.marks(attempt))) return { kind: "never" };
    const handle = markedBy(folder, attempt);
    return handle === undefined ? { kind: "starting" } : { kind: "found", worker: JSON.stringify(handle) };
  }

  async inspect(jobId: string, text: WorkerHandle): Promise<Verdict> {
    try {
      const handle = readHandle(text);
      return this.#exitOf(jobId, handle) ?? (await this.#lookFor(jobId, handle));
    } catch (error) {
      return { kind: "unknown", why: `the probe failed: ${String(error)}` };
    }
  }

  /** A worker touches its spool's lock every 2 s. */
  async pulse(jobId: string): Promise<string | undefined> {
    try {
      const { ino, mtimeMs } = lstatSync(join(this.#folder(jobId).spool, LOCK_FILE));
      return `${ino} ${mtimeMs}`;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  async stop(_jobId: string, text: WorkerHandle, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const handle = readHandle(text);
    if (!isSameRealm(handle) || startOf(handle.pid) !== handle.start) return;
    try {
      process.kill(handle.pid, signal);
    } catch (error) {
      // It ended a moment ago.
      if (!hasCode(error, "ESRCH")) throw error;
    }
  }

  async controlAddress(jobId: string): Promise<string | undefined> {
    return readNote(this.#folder(jobId).address)?.trim();
  }

  async readSpooled(jobId: string, name: string, first: number, maxBytes: number): Promise<Buffer | undefined> {
    const file = await openIfThere(join(this.#folder(jobId).spool, name));
    if (file === undefined) return undefined;
    try {
      const bytes = Buffer.allocUnsafe(maxBytes);
      const { bytesRead } = await file.read(bytes, 0, maxBytes, first);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async loginNotes(jobId: string, attempt: number): Promise<string> {
    try {
      return (await readOwnFile(this.#folder(jobId).logins(attempt), MAX_LOGIN_BYTES)).toString("utf8");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return "";
      throw error;
    }
  }

  async remains(jobId: string): Promise<Remains> {
    return await remainsIn(this.#folder(jobId).spool, jobId);
  }

  async maintain(jobId: string): Promise<void> {
    const folder = this.#folder(jobId);
    const nowMs = performance.now();
    const lastMs = this.#tendedAtMs.get(jobId);
    if (lastMs !== undefined && nowMs - lastMs < TEND_EVERY_MS) return;
    // A worker that listens has read its secrets.
    const hasRead = readNote(folder.address) !== undefined;
    if (hasRead) await rm(folder.secrets, { recursive: true, force: true });
    await boundLog(folder.log);
    if (hasRead) this.#tendedAtMs.set(jobId, nowMs);
  }

  async cleanUp(jobId: string, everything: boolean): Promise<void> {
    this.#tendedAtMs.delete(jobId);
    const folder = this.#folder(jobId);
    await rm(folder.secrets, { recursive: true, force: true });
    await rm(folder.address, { force: true });
    await removeMarks(folder.path);
    if (everything) await rm(folder.spoolRoot, { recursive: true, force: true });
  }

  #folder(jobId: string): JobFolder {
    return new JobFolder(this.#options.jobsFolder, jobId);
  }

  #exitOf(jobId: string, { attempt }: ProcessHandle): Verdict | undefined {
    const note = readMark(join(this.#folder(jobId).marks(attempt), "exit"));
    if (note === undefined) return undefined;
    const code = Number(note);
    const signal = code > SIGNAL_BASE ? code - SIGNAL_BASE : undefined;
    const memory = signal === SIGKILL ? ", as when the machine runs out of memory" : "";
    const how = signal === undefined ? `exit code ${code}` : `killed by signal ${signal}${memory}`;
    return { kind: "gone", how, exitCode: code };
  }

  async #lookFor(jobId: string, handle: ProcessHandle): Promise<Verdict> {
    const { pid, start, realm } = handle;
    const here = thisRealm();
    if (realm.host === here.host && realm.boot !== here.boot) {
      return { kind: "gone", how: "the machine has been restarted", exitCode: null };
    }
    if (!isSameRealm(handle)) {
      const evidence = `process ${pid} belongs to host ${realm.host} and ${realm.namespace}, and this service runs on ${here.host} in ${here.namespace}`;
      return { kind: "untracked", evidence };
    }
    if (startOf(pid) === start) return { kind: "alive" };
    await sleep(EXIT_NOTE_MS);
    return this.#exitOf(jobId, handle) ?? { kind: "gone", how: `process ${pid} is not there any more`, exitCode: null };
  }
}

/** A machine's name may change while it runs; the id of its start does not, and no two machines have the same. */
function isSameRealm({ realm }: ProcessHandle): boolean {
  const here = thisRealm();
  const isHere = here.boot === "" ? realm.host === here.host : realm.boot === here.boot;
  return isHere && realm.namespace === here.namespace;
}

/** The environment of every worker, whatever its job. */
function baseEnvironment(): Readonly<Record<string, string>> {
  return { ...ALLOCATOR, ...inheritedVariables(INHERITED_VARIABLES) };
}

interface SpawnOptions {
  readonly log: FileHandle;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts the wrapper in its own session, so signals to the service's process group do not reach it. */
async function spawnDetached(args: readonly string[], { log, cwd, environment }: SpawnOptions): Promise<ChildProcess> {
  const child = spawn("/bin/sh", args, { detached: true, cwd, env: environment, stdio: ["ignore", "ignore", log.fd] });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  child.unref();
  return child;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await openOwnFile(path, constants.O_RDONLY);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
