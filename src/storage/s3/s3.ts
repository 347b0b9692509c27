import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import pRetry from "p-retry";
import { InputError, StorageError } from "../../errors.ts";
import type { SpooledFile } from "../../recording/ports/spool.ts";
import type { PutOptions, Storage } from "../../recording/ports/storage.ts";
import { MANIFEST_FILE, MAX_FILE_BYTES } from "../../session/job-files.ts";
import { spooledBytes } from "../spooled-bytes.ts";
import { CompositeChecksum } from "./composite-checksum.ts";
import { errorForOperator, S3Error } from "./s3-errors.ts";
import { PART_BYTES, S3Objects, type S3ObjectsOptions } from "./s3-objects.ts";

/** Time for the check of the storage before the call is joined. */
const CHECK_MS = 30_000;
const CHECK_RETRIES = 2;
const CHECK_PAUSE_MS = 500;

/** Stores a job's files in a bucket, under `<prefix>/<jobId>/`. */
export class S3Storage implements Storage {
  readonly #objects: S3Objects;
  readonly #endpoint: string | undefined;

  constructor(options: S3ObjectsOptions, jobId: string) {
    const prefix = options.prefix === "" ? jobId : `${options.prefix}/${jobId}`;
    this.#objects = new S3Objects({ ...options, prefix });
    this.#endpoint = options.endpoint;
  }

  async check(): Promise<void> {
    const signal = AbortSignal.timeout(CHECK_MS);
    // One name for all attempts, so the last one removes the leftovers of interrupted ones.
    const name = `.write-test-${randomUUID()}`;
    try {
      await pRetry(() => this.#prove(name, signal), {
        retries: CHECK_RETRIES,
        minTimeout: CHECK_PAUSE_MS,
        signal,
        shouldRetry: ({ error }) => error instanceof StorageError && error.retryable,
      });
    } catch (error) {
      if (error instanceof InputError) throw error;
      const failure = error instanceof S3Error ? error : new S3Error("the test file", error);
      throw errorForOperator(failure, this.uriOf(""), this.#endpoint);
    }
  }

  uriOf(name: string): string {
    return this.#objects.uriOf(name);
  }

  async put(file: SpooledFile, contentType: string, options: PutOptions = {}): Promise<void> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const isStored =
      file.bytes > PART_BYTES
        ? await this.#putInParts(file, contentType, options)
        : await this.#putWhole(file, contentType, signal);
    if (!isStored) await this.#readBack(file, signal);
    onProgress?.(file.bytes);
  }

  async read(name: string): Promise<Buffer | undefined> {
    return await this.#objects.read(name, MAX_FILE_BYTES);
  }

  async has(name: string): Promise<boolean> {
    return await this.#objects.has(name);
  }

  async remove(name: string): Promise<void> {
    await this.#objects.remove(name);
  }

  /** @returns whether the storage's own checksum says that it holds the file */
  async #putWhole(file: SpooledFile, contentType: string, signal: AbortSignal | undefined): Promise<boolean> {
    const bytes = await buffer(spooledBytes(file));
    const checksum = await this.#objects.put(file.name, bytes, contentType, signal);
    return checksum === Buffer.from(file.sha256, "hex").toString("base64");
  }

  /** @returns whether the storage's own checksum says that it holds the file */
  async #putInParts(file: SpooledFile, contentType: string, { signal, onProgress }: PutOptions): Promise<boolean> {
    const expected = new CompositeChecksum(PART_BYTES);
    const body = Readable.from(hashed(spooledBytes(file), expected), { objectMode: false });
    try {
      const onStored = (bytes: number): void => {
        if (bytes < file.bytes) onProgress?.(bytes);
      };
      const checksum = await this.#objects.putInParts(file.name, body, contentType, { signal, onStored });
      return checksum === expected.digest();
    } finally {
      body.destroy();
    }
  }

  /** If the storage reports no checksum, only reading the object back can prove its contents. */
  async #readBack({ name, sha256 }: Pick<SpooledFile, "name" | "sha256">, signal: AbortSignal | undefined) {
    if ((await this.#objects.hash(name, signal)) === sha256) return;
    throw new StorageError(`${name}: the stored copy has another content than what was recorded`, true);
  }

  /** A small object is stored and removed the way a recording would be. */
  async #prove(name: string, signal: AbortSignal): Promise<void> {
    const bytes = Buffer.from(name);
    const sha256 = createHash("sha256").update(bytes).digest();
    const checksum = await this.#objects.put(name, bytes, "text/plain", signal);
    try {
      if (checksum !== sha256.toString("base64")) {
        await this.#readBack({ name, sha256: sha256.toString("hex") }, signal);
      }
    } finally {
      await this.#objects.remove(name, signal);
    }
    if (await this.#objects.exists(MANIFEST_FILE, signal)) {
      throw new InputError(
        `MEETBOT_JOB_ID: ${this.uriOf("")} holds a finished recording already, expected a job of its own`,
      );
    }
  }
}

async function* hashed(blocks: AsyncIterable<Buffer>, checksum: CompositeChecksum): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    checksum.update(block);
    yield block;
  }
}
