import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { hasCode } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { readOwnFile } from "../../own-files.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { Surroundings } from "../ports/workers.ts";

export interface SandboxOptions {
  /** For the files with which loopbacks say where they listen. */
  readonly folder: string;
  /** What starts the command line, before the name of the command. */
  readonly command: readonly string[];
  /** The folder of a fixture; undefined if there is none with this name. */
  readonly fixtureFolder: (name: string) => string | undefined;
}

/** All that a loopback gets of the service's own environment. */
const SURROUNDINGS = ["PATH", "HOME", "TMPDIR", "TZ"];
/** Reading a long fixture and making certificates takes seconds on a machine that is busy. */
const START_MS = 30_000;
const LOOK_EVERY_MS = 20;
const MAX_FILE_BYTES = 64 * 1024;

const environmentFile = z.record(z.string(), z.string());

/**
 * A Discord of its own for each job of a test key: a loopback process that plays a recorded call. It is no child that ends
 * with the service: it ends when the worker has left, or if none comes.
 */
export class Sandbox implements Surroundings {
  readonly #options: SandboxOptions;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  async environmentFor(job: JobRow) {
    if (job.mode === "live") return { environment: {} };
    const { sandbox = "" } = z.object({ sandbox: z.string().optional() }).parse(JSON.parse(job.requestJson));
    const fixture = this.#options.fixtureFolder(sandbox);
    if (fixture === undefined) throw new Error(`the fixture ${sandbox} is not there any more`);
    const { DISCORD_BOT_TOKEN: botToken, ...environment } = await this.#start(job, fixture);
    return { environment, ...(botToken === undefined ? {} : { botToken }) };
  }

  async release(jobId: string): Promise<void> {
    await rm(this.#fileFor(jobId), { force: true });
  }

  async #start(job: JobRow, fixture: string): Promise<Readonly<Record<string, string>>> {
    const file = this.#fileFor(job.id);
    await makeFolder(this.#options.folder);
    await rm(file, { force: true });
    const [program = "", ...args] = this.#options.command;
    const child = spawn(program, [...args, "loopback", fixture, "--environment-file", file, "--end-with-client"], {
      detached: true,
      env: surroundings(),
      cwd: this.#options.folder,
      stdio: "ignore",
    });
    let failure: string | undefined;
    child.once("error", (error) => {
      failure = error.message;
    });
    child.once("exit", (code) => {
      failure = `it ended with exit code ${code}`;
    });
    child.unref();
    try {
      for (let waitedMs = 0; waitedMs < START_MS && failure === undefined; waitedMs += LOOK_EVERY_MS) {
        const environment = await readEnvironment(file);
        if (environment !== undefined) return environment;
        await sleep(LOOK_EVERY_MS);
      }
    } finally {
      // It holds the loopback's bot token, which the worker gets another way.
      await rm(file, { force: true });
    }
    child.kill("SIGTERM");
    throw new Error(`the loopback did not start: ${failure ?? `no answer in ${START_MS / 1_000} s`}`);
  }

  #fileFor(jobId: string): string {
    return join(this.#options.folder, `${jobId}.json`);
  }
}

/** @returns undefined if the loopback does not listen yet */
async function readEnvironment(file: string): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    return environmentFile.parse(JSON.parse((await readOwnFile(file, MAX_FILE_BYTES)).toString("utf8")));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function surroundings(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SURROUNDINGS.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
