import { Readable } from "node:stream";
import { deliveryIdOf } from "../../delivery/delivery-id.ts";
import { StorageError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { lastJobEvents } from "../../session/build-job-events.ts";
import { type Envelope, envelope, onceKeyOf } from "../../session/job-events.ts";
import { MANIFEST_FILE, MAX_MANIFEST_BYTES } from "../../session/job-files.ts";
import { parseManifest, type RecordingFiles } from "../../session/recording-files.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import type { Downloads } from "../ports/downloads.ts";
import {
  type Presigned,
  type RecordingFile,
  type RecordingStorage,
  type Recordings,
  StorageUnavailableError,
  type StoredRecording,
} from "../ports/recordings.ts";
import type { Launcher } from "../ports/workers.ts";
import { exactly } from "./exactly.ts";
import { dispositionOf, manifestFiles, type NamedFile } from "./manifest-files.ts";
import { Readers } from "./readers.ts";
import { type OpenManifest, RecentManifests } from "./recent-manifests.ts";
import type { ReportMaker } from "./report-maker.ts";

export interface RecordingsOptions {
  /** Opens the storage of a job's recording, without a request to it. */
  readonly storageOf: (job: JobRow) => Promise<RecordingStorage>;
  readonly launcher: Pick<Launcher, "cleanUp" | "remains">;
  readonly reports: ReportMaker;
  /** What was made of recordings. It is deleted with them. */
  readonly downloads: Pick<Downloads, "remove">;
  readonly clock: Clock;
  readonly log: Log;
}

/** An object may appear while others are deleted, so deletion is repeated. After this many rounds somebody is writing. */
const REMOVE_ROUNDS = 3;
/** Less than the time after which the connection of whoever waits is closed. What is deleted by then stays deleted. */
const REMOVE_MS = 45_000;
/** Hours of a call with many people are decoded in less. */
const REPORT_MS = 600_000;

/** Reads and deletes recordings, in a folder or a bucket. */
export class StoredRecordings implements Recordings {
  readonly #options: RecordingsOptions;
  readonly #readers = new Readers();
  readonly #recent = new RecentManifests();

  constructor(options: RecordingsOptions) {
    this.#options = options;
  }

  async open(job: JobRow): Promise<StoredRecording | undefined> {
    return await this.#asked(job, async (storage) => {
      const manifest = await this.#manifestOf(job, storage);
      if (manifest === undefined) return undefined;
      const there = new Map((await storage.list()).map((object) => [object.name, object]));
      const files = manifest.files.flatMap((file) => {
        const object = there.get(file.name);
        return object === undefined ? [] : [fileOf(file, object, storage)];
      });
      return { manifest: manifest.json, files };
    });
  }

  async presign(job: JobRow, files: readonly RecordingFile[]): Promise<Presigned | undefined> {
    return await this.#asked(job, async (storage) => {
      const named = files.map(({ name, mimeType }) => ({ name, mimeType, disposition: dispositionOf(name) }));
      return await storage.presigned(named, this.#options.clock.now());
    });
  }

  async file(job: JobRow, name: string): Promise<RecordingFile | undefined> {
    return await this.#asked(job, async (storage) => {
      const manifest = await this.#manifestOf(job, storage);
      const file = manifest?.files.find((each) => each.name === name);
      if (file === undefined) return undefined;
      const object = await storage.stat(name);
      return object && fileOf(file, object, storage);
    });
  }

  /** The last events of a job that has a manifest, with the ids that its worker gave them. */
  async storedEnd(job: JobRow): Promise<Envelope[]> {
    return await this.#asked(job, async (storage) => {
      const bytes = await storage.read(MANIFEST_FILE, MAX_MANIFEST_BYTES);
      if (bytes === undefined) return [];
      const manifest = parseManifest(bytes);
      if (typeof manifest === "string") throw new StorageUnavailableError(`the recording's manifest: ${manifest}`);
      if (manifest.jobId !== job.id) return [];
      const manifestUri = storage.uriOf(MANIFEST_FILE);
      const emittedAt = new Date(this.#options.clock.now()).toISOString();
      return lastJobEvents({ ...job, jobId: job.id }, { manifest, manifestUri }).map((data) =>
        envelope.parse({
          ...{ deliveryId: deliveryIdOf(job.id, onceKeyOf(data) ?? ""), event: data.event },
          ...{ emittedAt, attempt: 1, version: 2, data },
        }),
      );
    });
  }

  async read(
    job: JobRow,
    { name, bytes }: RecordingFile,
    range?: { readonly first: number; readonly last: number },
  ): Promise<Readable> {
    if (bytes === 0) return Readable.from([]);
    const { first, last } = range ?? { first: 0, last: bytes - 1 };
    const stream = await this.#asked(job, (storage) => storage.stream(name, { first, last }));
    return this.#readers.watch(job.id, exactly(stream, last - first + 1));
  }

  async remove(job: JobRow): Promise<number> {
    const { launcher } = this.#options;
    const signal = AbortSignal.timeout(REMOVE_MS);
    const removed = await this.#asked(job, async (storage) => {
      const names = new Set<string>();
      for (let round = 0; round < REMOVE_ROUNDS; round += 1) {
        this.#readers.end(job.id);
        for (const name of await storage.removeAll(signal)) names.add(name);
        if (await storage.isEmpty(signal)) return names.size;
      }
      throw new StorageUnavailableError(
        "the recording has new objects after each deletion; another program writes them",
      );
    });
    this.#recent.forget(job.id);
    this.#readers.end(job.id);
    await this.#options.reports.removeLeft();
    await this.#options.downloads.remove(job.id);
    await launcher.cleanUp(job.id, true);
    if ((await launcher.remains(job.id)) === "nothing") return removed;
    throw new StorageUnavailableError("the job's spool still has files after the deletion");
  }

  async report(
    job: JobRow,
    unwanted: AbortSignal,
  ): Promise<{ readonly page: Readable; readonly bytes: number } | "busy" | undefined> {
    const reader = this.#readers.begin(job.id);
    const unused = AbortSignal.any([unwanted, reader.signal]);
    const signal = AbortSignal.any([unused, AbortSignal.timeout(REPORT_MS)]);
    try {
      const made = await this.#asked(job, async (storage) => {
        const manifest = await this.#manifestOf(job, storage);
        if (manifest === undefined) return undefined;
        return await this.#options.reports.make(filesOf(storage, manifest), signal).catch((error: unknown) => {
          if (!unused.aborted) throw error;
          return undefined;
        });
      });
      if (made !== undefined && made !== "busy") this.#readers.watch(job.id, made.page);
      return made;
    } finally {
      reader.done();
    }
  }

  async #manifestOf(job: JobRow, storage: RecordingStorage): Promise<OpenManifest | undefined> {
    const now = this.#options.clock.now();
    const recent = this.#recent.get(job.id, now);
    if (recent !== undefined) return recent;
    const bytes = await storage.read(MANIFEST_FILE, MAX_MANIFEST_BYTES);
    if (bytes === undefined) return undefined;
    const parsed = parseManifest(bytes);
    if (typeof parsed === "string") throw new StorageUnavailableError(`the recording's manifest: ${parsed}`);
    if (parsed.jobId !== job.id) throw new StorageUnavailableError("the stored manifest is another job's");
    const manifest = { bytes, json: JSON.parse(bytes.toString("utf8")), files: manifestFiles(parsed) };
    this.#recent.keep(job.id, manifest, now);
    return manifest;
  }

  /** The customer gets only the fact that the storage does not answer. The log gets the reason. */
  async #asked<Result>(job: JobRow, ask: (storage: RecordingStorage) => Promise<Result>): Promise<Result> {
    try {
      return await ask(await this.#options.storageOf(job));
    } catch (error) {
      this.#options.log.error({ err: error, jobId: job.id }, "the storage of a recording cannot be used");
      if (error instanceof StorageUnavailableError) throw error;
      if (error instanceof StorageError) throw new StorageUnavailableError(error.message, { cause: error });
      throw new StorageUnavailableError("the recording's storage does not answer, or refuses access", { cause: error });
    }
  }
}

function fileOf(
  { name, mimeType, sha256 }: NamedFile,
  { bytes, version }: { readonly bytes: number; readonly version: string },
  storage: RecordingStorage,
): RecordingFile {
  return { name, mimeType, sha256, bytes, etag: sha256 ?? version, uri: storage.uriOf(name) };
}

/** The manifest is not read a second time. */
function filesOf(storage: RecordingStorage, { bytes }: OpenManifest): RecordingFiles {
  return {
    read: async (name, maxBytes) => (name === MANIFEST_FILE ? bytes : await storage.read(name, maxBytes)),
  };
}
