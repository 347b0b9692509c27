import type { Readable } from "node:stream";
import type { Log } from "../../log.ts";
import { MANIFEST_FILE, MAX_MANIFEST_BYTES } from "../../session/job-files.ts";
import { parseManifest } from "../../session/recording-files.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import {
  type RecordingFile,
  type RecordingStorage,
  type Recordings,
  StorageUnavailableError,
  type StoredRecording,
} from "../ports/recordings.ts";
import type { Launcher } from "../ports/workers.ts";
import { dispositionOf, manifestFiles } from "./manifest-files.ts";
import type { ReportMaker } from "./report-maker.ts";

export interface RecordingsOptions {
  /** Opens the storage of a job's recording, without a request to it. */
  readonly storageOf: (job: JobRow) => Promise<RecordingStorage>;
  readonly launcher: Pick<Launcher, "cleanUp" | "remains">;
  readonly reports: ReportMaker;
  readonly clock: Clock;
  readonly log: Log;
}

/** An object may appear while others are deleted, so deletion is repeated. After this many rounds somebody is writing. */
const REMOVE_ROUNDS = 3;

/** Reads and deletes recordings, in a folder or a bucket. */
export class StoredRecordings implements Recordings {
  readonly #options: RecordingsOptions;

  constructor(options: RecordingsOptions) {
    this.#options = options;
  }

  async open(job: JobRow): Promise<StoredRecording | undefined> {
    return await this.#asked(job, async (storage) => {
      const bytes = await storage.read(MANIFEST_FILE, MAX_MANIFEST_BYTES);
      if (bytes === undefined) return undefined;
      const manifest = parseManifest(bytes);
      if (typeof manifest === "string") throw new StorageUnavailableError(`the recording's manifest: ${manifest}`);
      if (manifest.jobId !== job.id) throw new StorageUnavailableError("the stored manifest is another job's");
      const there = new Map((await storage.list()).map((object) => [object.name, object]));
      const at = this.#options.clock.now();
      const files: RecordingFile[] = [];
      for (const { name, mimeType, sha256 } of manifestFiles(manifest)) {
        const object = there.get(name);
        if (object === undefined) continue;
        const presigned = await storage.presigned(name, { mimeType, disposition: dispositionOf(name) }, at);
        files.push({
          ...{ name, mimeType, sha256, bytes: object.bytes, etag: sha256 ?? object.version },
          ...{ uri: storage.uriOf(name), presigned: presigned ?? null },
        });
      }
      return { manifest: JSON.parse(bytes.toString("utf8")), files };
    });
  }

  async read(
    job: JobRow,
    { name }: RecordingFile,
    range?: { readonly first: number; readonly last: number },
  ): Promise<Readable> {
    return await this.#asked(job, (storage) => storage.stream(name, range));
  }

  async remove(job: JobRow): Promise<number> {
    const { launcher } = this.#options;
    const removed = await this.#asked(job, async (storage) => {
      let objects = 0;
      for (let round = 0; round < REMOVE_ROUNDS; round += 1) {
        objects += await storage.removeAll();
        if ((await storage.list()).length === 0) return objects;
      }
      throw new StorageUnavailableError("objects of the recording are still there after they were deleted");
    });
    await launcher.cleanUp(job.id, true);
    if ((await launcher.remains(job.id)) === "nothing") return removed;
    throw new StorageUnavailableError("files of the recording are still in the spool after they were deleted");
  }

  async report(job: JobRow): Promise<{ readonly page: Readable; readonly bytes: number } | "busy" | undefined> {
    return await this.#asked(job, async (storage) => {
      if ((await storage.read(MANIFEST_FILE, MAX_MANIFEST_BYTES)) === undefined) return undefined;
      return await this.#options.reports.make(storage);
    });
  }

  /** The customer gets only the fact that the storage does not answer. The log gets the reason. */
  async #asked<Result>(job: JobRow, ask: (storage: RecordingStorage) => Promise<Result>): Promise<Result> {
    try {
      return await ask(await this.#options.storageOf(job));
    } catch (error) {
      this.#options.log.error({ err: error, jobId: job.id }, "the storage of a recording cannot be used");
      if (error instanceof StorageUnavailableError) throw error;
      throw new StorageUnavailableError("the recording's storage does not answer, or refuses access", { cause: error });
    }
  }
}
