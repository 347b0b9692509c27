import { spawn } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { hasCode } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { FILE_MODE, readOwnFile } from "../../own-files.ts";
import type { JobRow } from "../domain/job-row.ts";
import { inheritedVariables } from "../inherited-variables.ts";
import type { EnvironmentSource } from "../ports/workers.ts";

export interface SandboxOptions {
  /** Folder of the files in which loopbacks write their addresses. */
  readonly folder: string;
  /** The program and arguments in front of a command's name. */
  readonly command: readonly string[];
  /** The folder of a fixture; undefined if there is none with this name. */
  readonly fixtureFolder: (name: string) => string | undefined;
}

/** The only variables that a loopback inherits from the service. */
const INHERITED_VARIABLES = ["PATH", "HOME", "TMPDIR", "TZ"];
/** On a busy machine it takes seconds to read a long fixture and to make certificates. */
const START_MS = 30_000;
const LOOK_EVERY_MS = 20;
const MAX_FILE_BYTES = 64 * 1024;

const environmentFile = z.record(z.string(), z.string());

/**
 * Starts a loopback for each job of a test key: a process that plays a recorded call. It outlives the service, and ends
 * when the worker has left, or if none comes.
 */
export class Sandbox implements EnvironmentSource {
  readonly #options: SandboxOptions;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  async environmentFor(job: JobRow) {
    if (job.mode === "live") return { environment: {} };
    const { sandbox = "" } = z.object({ sandbox: z.string().optional() }).parse(JSON.parse(job.requestJson));
    const fixture = this.#options.fixtureFolder(sandbox);
    if (fixture === undefined) throw new Error(`the fixture ${sandbox} no longer exists`);
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
    const errors = `${file}.log`;
    const stderr = await open(errors, "w", FILE_MODE);
    const [program = "", ...args] = this.#options.command;
    const child = spawn(program, [...args, "loopback", fixture, "--environment-file", file, "--end-with-client"], {
      detached: true,
      env: inheritedVariables(INHERITED_VARIABLES),
      cwd: this.#options.folder,
      stdio: ["ignore", "ignore", stderr.fd],
    });
    await stderr.close();
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
      child.kill("SIGTERM");
      // For the service's log. The customer gets only the message.
      const cause = (await readOwnFile(errors, MAX_FILE_BYTES)).toString("utf8").trim();
      throw new Error(`the loopback did not start: ${failure ?? `no answer in ${START_MS / 1_000} s`}`, { cause });
    } finally {
      // The first one holds the loopback's bot token, which the worker gets as a secret's file.
      await Promise.all([file, errors].map((path) => rm(path, { force: true })));
    }
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
