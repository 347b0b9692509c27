import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { lstat, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import PQueue from "p-queue";
import { hasCode } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import type { Log } from "../../log.ts";
import { openOwnFile } from "../../own-files.ts";
import { DOWNLOAD_KINDS, type DownloadFile, type DownloadKind, type DownloadState } from "../domain/downloads.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import { DownloadError, type DownloadMaker, type Downloads, type OpenDownload } from "../ports/downloads.ts";
import { Readers } from "../recordings/readers.ts";

export interface MadeDownloadsOptions {
  /** A folder for each job, and in it one for each kind. */
  readonly folder: string;
  readonly maker: DownloadMaker;
  readonly clock: Clock;
  readonly log: Log;
}

/** Each takes a core, and calls need the others. */
const AT_ONCE = 1;
const MAX_WAITING = 20;
/** What nobody has fetched for so long is made again if somebody wants it. */
export const KEEP_MS = 3 * 86_400_000;
/** Prefix of folders that are not complete. */
const UNFINISHED = ".making-";
const FAILED = "the service could not make this; its operator finds the reason in its log";

interface Unfinished {
  readonly abort: AbortController;
  state: DownloadState;
  done: Promise<void>;
}

/** Makes downloads one after the other, and keeps them on the disk of the data folder. */
export class MadeDownloads implements Downloads {
  readonly #options: MadeDownloadsOptions;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  readonly #readers = new Readers();
  /** What is being made, waits or has failed, by job and kind. */
  readonly #unfinished = new Map<string, Map<DownloadKind, Unfinished>>();

  constructor(options: MadeDownloadsOptions) {
    this.#options = options;
  }

  async states(job: JobRow): Promise<Record<DownloadKind, DownloadState>> {
    const states = DOWNLOAD_KINDS.map(async (kind) => [kind, await this.#stateOf(job.id, kind)] as const);
    return Object.fromEntries(await Promise.all(states)) as Record<DownloadKind, DownloadState>;
  }

  async begin(job: JobRow, kind: DownloadKind): Promise<boolean> {
    if ((await filesIn(this.#folderOf(job.id, kind))) !== undefined) return true;
    // From here on nothing is awaited, so nobody else begins it at the same time.
    const before = this.#unfinished.get(job.id)?.get(kind);
    if (before !== undefined && before.state.state !== "failed") return true;
    if (this.#queue.size >= MAX_WAITING) return false;
    const entry: Unfinished = {
      abort: new AbortController(),
      state: { state: "waiting" },
      done: Promise.resolve(),
    };
    this.#unfinished.set(job.id, new Map([...(this.#unfinished.get(job.id) ?? []), [kind, entry]]));
    entry.done = this.#queue.add(() => this.#make(job, kind, entry));
    return true;
  }

  async file(job: JobRow, kind: DownloadKind, name: string): Promise<OpenDownload | undefined> {
    const folder = this.#folderOf(job.id, kind);
    // Only names that are there: a name from a request never becomes a path by itself.
    const file = (await filesIn(folder))?.find((each) => each.name === name);
    if (file === undefined) return undefined;
    const path = join(folder, file.name);
    const { mtimeMs } = await stat(path);
    const now = new Date(this.#options.clock.now());
    await utimes(folder, now, now);
    return {
      ...file,
      etag: `${file.bytes}-${Math.floor(mtimeMs)}`,
      read: async (range) => this.#readers.watch(job.id, await streamOf(path, range)),
    };
  }

  async remove(jobId: string): Promise<void> {
    const kinds = [...(this.#unfinished.get(jobId)?.values() ?? [])];
    for (const { abort } of kinds) abort.abort(new DownloadError("the recording was deleted"));
    await Promise.all(kinds.map(({ done }) => done));
    this.#unfinished.delete(jobId);
    this.#readers.end(jobId);
    await rm(join(this.#options.folder, jobId), { recursive: true, force: true });
  }

  /** Removes what a killed service left unfinished, and what nobody has fetched for days. Call it now and then. */
  async tidy(): Promise<void> {
    const { folder, clock } = this.#options;
    // By now whoever waited for it knows. It can be begun again.
    for (const jobId of [...this.#unfinished.keys()]) this.#forget(jobId, (_kind, { state }) => state === "failed");
    for (const jobId of await namesIn(folder)) {
      for (const name of await namesIn(join(folder, jobId))) {
        const path = join(folder, jobId, name);
        const { mtimeMs } = await lstat(path);
        const isOld = clock.now() - mtimeMs > KEEP_MS;
        const isLeft = name.startsWith(UNFINISHED) && !this.#isMaking(jobId);
        if (isOld || isLeft) await rm(path, { recursive: true, force: true });
      }
      if ((await namesIn(join(folder, jobId))).length === 0 && !this.#isMaking(jobId)) {
        await rm(join(folder, jobId), { recursive: true, force: true });
      }
    }
  }

  /** Ends what is being made. */
  async stop(): Promise<void> {
    const entries = [...this.#unfinished.values()].flatMap((kinds) => [...kinds.values()]);
    for (const { abort } of entries) abort.abort(new DownloadError("the service was stopped"));
    await this.#queue.onIdle();
  }

  async #make(job: JobRow, kind: DownloadKind, entry: Unfinished): Promise<void> {
    const { folder, maker, log } = this.#options;
    const { signal } = entry.abort;
    const onProgress = (progress: number): void => {
      entry.state = { state: "making", progress };
    };
    const unfinished = join(folder, job.id, `${UNFINISHED}${kind}-${randomUUID()}`);
    try {
      signal.throwIfAborted();
      entry.state = { state: "making", progress: 0 };
      await makeFolder(join(folder, job.id));
      await maker.make({ kind, job, target: unfinished, signal, onProgress });
      signal.throwIfAborted();
      await rename(unfinished, this.#folderOf(job.id, kind));
      this.#forget(job.id, (each) => each === kind);
    } catch (error) {
      const reason = error instanceof DownloadError ? error.message : FAILED;
      if (!signal.aborted) log.error({ err: error, jobId: job.id, kind }, "a download could not be made");
      // A process that was ended may write a last file meanwhile.
      await rm(unfinished, { recursive: true, force: true, maxRetries: 5 }).catch((left: unknown) =>
        log.warn({ err: left, jobId: job.id, kind }, "an unfinished download could not be removed yet"),
      );
      entry.state = { state: "failed", reason };
    }
  }

  #forget(jobId: string, isOver: (kind: DownloadKind, state: DownloadState) => boolean): void {
    const kinds = this.#unfinished.get(jobId);
    for (const [kind, { state }] of kinds ?? []) if (isOver(kind, state)) kinds?.delete(kind);
    if (kinds?.size === 0) this.#unfinished.delete(jobId);
  }

  async #stateOf(jobId: string, kind: DownloadKind): Promise<DownloadState> {
    const files = await filesIn(this.#folderOf(jobId, kind));
    if (files !== undefined) return { state: "ready", files };
    return this.#unfinished.get(jobId)?.get(kind)?.state ?? { state: "none" };
  }

  #isMaking(jobId: string): boolean {
    const kinds = [...(this.#unfinished.get(jobId)?.values() ?? [])];
    return kinds.some(({ state: { state } }) => state === "waiting" || state === "making");
  }

  #folderOf(jobId: string, kind: DownloadKind): string {
    return join(this.#options.folder, jobId, kind);
  }
}

async function streamOf(path: string, range?: { readonly first: number; readonly last: number }): Promise<Readable> {
  const file = await openOwnFile(path, constants.O_RDONLY);
  return file.createReadStream(range === undefined ? {} : { start: range.first, end: range.last });
}

/** Sorted by name; undefined if there is no such folder. */
async function filesIn(folder: string): Promise<DownloadFile[] | undefined> {
  try {
    const names = (await readdir(folder)).sort();
    return await Promise.all(names.map(async (name) => ({ name, bytes: (await lstat(join(folder, name))).size })));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return [];
    throw error;
  }
}
