import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { FILE_MODE, NEW_FILE, openOwnFile, readOwnFile } from "../../own-files.ts";
import { startOf, thisRealm } from "../../process-identity.ts";
import type { Remains } from "../domain/job-input.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Launcher, WorkerHandle, WorkerSpec } from "../ports/workers.ts";
import { boundLog } from "./bounded-log.ts";
import { JobFolder, MARKS_PREFIX } from "./job-folder.ts";
import { remainsIn } from "./remains.ts";
import { handleFrom, type ProcessHandle, readHandle } from "./worker-handle.ts";
import { WRAPPER } from "./wrapper.ts";

export interface ProcessLauncherOptions {
  /** `DATA/jobs`. */
  readonly jobsFolder: string;
  /** The program and arguments in front of a command's name, such as `["node", "main.js"]`. */
  readonly command: readonly string[];
}

/** The only variables that a worker inherits from the service. It must not get the service's secrets. */
const INHERITED_VARIABLES = ["PATH", "HOME", "TZ", "NODE_EXTRA_CA_CERTS"];
/** As in the first line of src/cli/main.ts. */
const ALLOCATOR = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };

/** Time for the wrapper to write its first mark. Usually milliseconds; more on an overloaded machine. */
const MARK_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 5;
/** Time for the wrapper to write the exit code after the worker's end. */
const EXIT_NOTE_MS = 500;
const MAX_NOTE_BYTES = 10_000;
/** Shells add this to the number of the signal that ended a process. */
const SIGNAL_BASE = 128;
const SIGKILL = 9;

/** Runs workers as processes of this machine. They outlive the service, and the next service finds them. */
export class ProcessLauncher implements Launcher {
  readonly #options: ProcessLauncherOptions;

  constructor(options: ProcessLauncherOptions) {
    this.#options = options;
  }

  async start({ jobId, attempt, task, environment, secrets }: WorkerSpec): Promise<WorkerHandle> {
    const folder = this.#folder(jobId);
    await makeFolder(folder.path);
    await rm(folder.address, { force: true });
    const secretFiles = await writeSecrets(folder.secrets, secrets);
    const log = await openOwnFile(folder.log, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
    await mkdir(folder.marks(attempt), { mode: 0o700 });
    try {
      const work = task === "record" ? ["record"] : ["recover", folder.spool];
      await spawnDetached(["-c", WRAPPER, "meetbot-worker", folder.marks(attempt), ...this.#options.command, ...work], {
        log,
        cwd: folder.path,
        environment: {
          ...ALLOCATOR,
          ...inheritedVariables(),
          MEETBOT_SPOOL_DIR: folder.spoolRoot,
          ...(task === "record" ? { MEETBOT_HTTP_ADDRESS_FILE: folder.address } : {}),
          ...environment,
          ...secretFiles,
        },
      });
    } finally {
      await log.close();
    }
    const handle = await this.#marked(folder, attempt, MARK_TIMEOUT_MS);
    if (handle === undefined) throw new Error(`no worker process appeared in ${MARK_TIMEOUT_MS / 1_000} s`);
    return JSON.stringify(handle);
  }

  async find(jobId: string, attempt: number): Promise<WorkerHandle | undefined> {
    const folder = this.#folder(jobId);
    // Succeeds only if the wrapper has not begun. Without the folder it can no longer begin.
    if (await removeEmpty(folder.marks(attempt))) return undefined;
    const handle = await this.#marked(folder, attempt, MARK_TIMEOUT_MS);
    return handle && JSON.stringify(handle);
  }

  async inspect(jobId: string, text: WorkerHandle): Promise<Verdict> {
    try {
      const handle = readHandle(text);
      return (await this.#exitOf(jobId, handle)) ?? (await this.#lookFor(jobId, handle));
    } catch (error) {
      return { kind: "unknown", why: `the probe failed: ${String(error)}` };
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
    return await readNote(this.#folder(jobId).address);
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

  async remains(jobId: string): Promise<Remains> {
    return await remainsIn(this.#folder(jobId).spool, jobId);
  }

  async maintain(jobId: string): Promise<void> {
    const folder = this.#folder(jobId);
    // A worker that listens has read its secrets.
    if ((await readNote(folder.address)) !== undefined) await rm(folder.secrets, { recursive: true, force: true });
    await boundLog(folder.log);
  }

  async cleanUp(jobId: string, everything: boolean): Promise<void> {
    const folder = this.#folder(jobId);
    await rm(folder.secrets, { recursive: true, force: true });
    await rm(folder.address, { force: true });
    await removeMarks(folder.path);
    if (everything) await rm(folder.spoolRoot, { recursive: true, force: true });
  }

  #folder(jobId: string): JobFolder {
    return new JobFolder(this.#options.jobsFolder, jobId);
  }

  async #marked(folder: JobFolder, attempt: number, timeoutMs: number): Promise<ProcessHandle | undefined> {
    const path = join(folder.marks(attempt), "pid");
    for (let waitedMs = 0; waitedMs <= timeoutMs; waitedMs += LOOK_EVERY_MS) {
      const mark = await readNote(path);
      if (mark !== undefined) return handleFrom(mark, attempt);
      await sleep(LOOK_EVERY_MS);
    }
    return undefined;
  }

  async #exitOf(jobId: string, { attempt }: ProcessHandle): Promise<Verdict | undefined> {
    const note = await readNote(join(this.#folder(jobId).marks(attempt), "exit"));
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
    const noted = await this.#exitOf(jobId, handle);
    return noted ?? { kind: "gone", how: `process ${pid} is not there any more`, exitCode: null };
  }
}

function isSameRealm({ realm }: ProcessHandle): boolean {
  const here = thisRealm();
  return realm.host === here.host && realm.boot === here.boot && realm.namespace === here.namespace;
}

function inheritedVariables(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    INHERITED_VARIABLES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** @returns the settings that name the secrets' files */
async function writeSecrets(
  folder: string,
  secrets: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(secrets)) {
    const path = join(folder, name);
    const file = await open(path, NEW_FILE, FILE_MODE);
    try {
      await file.writeFile(value);
    } finally {
      await file.close();
    }
    settings[`${name}_FILE`] = path;
  }
  return settings;
}

interface SpawnOptions {
  readonly log: FileHandle;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts the wrapper in its own session, so signals to the service's process group do not reach it. */
async function spawnDetached(args: readonly string[], { log, cwd, environment }: SpawnOptions): Promise<void> {
  const child = spawn("/bin/sh", args, { detached: true, cwd, env: environment, stdio: ["ignore", "ignore", log.fd] });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  child.unref();
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await openOwnFile(path, constants.O_RDONLY);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Reads a mark of the wrapper or the worker; undefined if there is none yet. */
async function readNote(path: string): Promise<string | undefined> {
  try {
    return (await readOwnFile(path, MAX_NOTE_BYTES)).toString("utf8").trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Removes the marks of all attempts. None of them is running. */
async function removeMarks(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  for (const name of names.filter((each) => each.startsWith(MARKS_PREFIX))) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** @returns whether the folder was removed */
async function removeEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    if (hasCode(error, "ENOTEMPTY")) return false;
    throw error;
  }
}
