import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { hasCode } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { openOwnFile, readOwnFile } from "../../own-files.ts";
import { type HandedJob, handedJobLine } from "./handed-job.ts";
import { WAITING_WRAPPER } from "./wrapper.ts";

/** A worker without a job has hardly anything to log. */
const MAX_LOG_BYTES = 1_000_000;
const MAX_SHOWN_BYTES = 1_000;

export interface WaitingOptions {
  /** A folder for each, which moves to its job. */
  readonly folder: string;
  /** The command line of a worker that loads everything and waits. */
  readonly command: readonly string[];
  /** It holds no secret, and names no job. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A worker process that has no job yet. It ends with the service: standard input is a pipe from it. With a job it continues
 * without the service, as every worker does.
 */
export class WaitingWorker {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #input: Writable;
  /** Whether it has loaded everything. False if it ended before. */
  readonly ready: Promise<boolean>;
  /** Resolves when its wrapper has ended. */
  readonly ended: Promise<void>;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    this.#input = child.stdin as Writable;
    // It has ended, and nothing can be handed to it.
    this.#input.on("error", () => undefined);
    const signal = child.stdio[3] as Readable;
    this.ended = new Promise((resolve) => child.once("exit", () => resolve()));
    this.ready = new Promise((resolve) => {
      signal.once("data", () => resolve(true));
      signal.once("close", () => resolve(false));
    });
    signal.on("error", () => undefined);
  }

  /** @throws Error if it cannot be started */
  static async start(name: string, { folder: parent, command, environment }: WaitingOptions): Promise<WaitingWorker> {
    const folder = join(parent, name);
    await makeFolder(join(folder, "marks"));
    const log = await openOwnFile(
      join(folder, "worker.log"),
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT,
    );
    try {
      const child = spawn("/bin/sh", ["-c", WAITING_WRAPPER, "meetbot-worker", join(folder, "marks"), ...command], {
        detached: true,
        cwd: folder,
        env: environment,
        stdio: ["pipe", "ignore", log.fd, "pipe"],
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", reject);
      });
      return new WaitingWorker(folder, child);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    } finally {
      await log.close();
    }
  }

  /** What its wrapper notes. */
  get marks(): string {
    return join(this.#folder, "marks");
  }

  get log(): string {
    return join(this.#folder, "worker.log");
  }

  /** From now on nothing in this process waits for it. */
  hand(job: HandedJob): void {
    this.#input.end(handedJobLine(job));
    this.#child.unref();
  }

  /** Its folder; marks and log have moved to the job. */
  async forgetFolder(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The end of its log. */
  async lastWords(): Promise<string> {
    const log = await readOwnFile(this.log, MAX_LOG_BYTES).catch(() => Buffer.alloc(0));
    return log.subarray(-MAX_SHOWN_BYTES).toString("utf8").trim();
  }

  /** Ends it. It has no job, so nothing is lost. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) killGroup(pid);
    // Otherwise the service could end before this does.
    this.#child.ref();
    await this.ended;
    await this.forgetFolder();
  }
}

/** The wrapper and its worker. The id is not used again, because Node has not waited for the wrapper yet. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

/** Workers of a service that was killed have ended with it. */
export async function forgetEarlier(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
}
