import { createHash, randomUUID } from "node:crypto";
import pRetry from "p-retry";
import { InputError, StorageError } from "../errors.ts";
import { MANIFEST_FILE } from "../recording/manifest-builder.ts";
import type { PutOptions, SpooledFile, Storage } from "../recording/ports.ts";
import { MAX_FILE_BYTES } from "../recording/read-bounds.ts";
import { explained, S3Error } from "./s3-errors.ts";
import { S3Objects, type S3ObjectsOptions } from "./s3-objects.ts";
import { type Piece, pieceOf, piecesOf } from "./s3-pieces.ts";

/**
 * What is sent in one request, and held in memory for each file on its way. Multipart uploads take 5 MiB at least, and
 * 10,000 parts at the most (Amazon S3 User Guide, "Multipart upload limits").
 */
const PIECE_BYTES = 8 << 20;
/** Time for proving, before the call is joined, that the store works. */
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
    // One name for all attempts: the last one takes away what an interrupted one has left.
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
      throw explained(failure, this.uriOf(""), this.#endpoint);
    }
  }

  uriOf(name: string): string {
    return this.#objects.uriOf(name);
  }

  async put(file: SpooledFile, contentType: string, { signal, onProgress }: PutOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const hashes: Buffer[] = [];
    let storedBytes = 0;
    const onStored = ({ bytes, sha256 }: Piece): void => {
      hashes.push(sha256);
      storedBytes += bytes.length;
      onProgress?.(storedBytes);
    };
    const pieces = piecesOf(file, PIECE_BYTES);
    if (file.bytes > PIECE_BYTES) {
      const told = await this.#objects.putPieces(file.name, pieces, contentType, { signal, onStored });
      const composite = createHash("sha256").update(Buffer.concat(hashes)).digest("base64");
      if (told !== `${composite}-${hashes.length}`) await this.#readBack(file, signal);
      return;
    }
    for await (const piece of pieces) {
      const told = await this.#objects.put(file.name, piece, contentType, signal);
      if (told !== piece.sha256.toString("base64")) await this.#readBack(file, signal);
      onStored(piece);
    }
  }

  async read(name: string): Promise<Buffer | undefined> {
    return await this.#objects.read(name, MAX_FILE_BYTES);
  }

  async remove(name: string): Promise<void> {
    await this.#objects.remove(name);
  }

  /** Where the store tells no checksum of its own, nothing but its bytes can prove what it holds. */
  async #readBack({ name, sha256 }: Pick<SpooledFile, "name" | "sha256">, signal: AbortSignal | undefined) {
    if ((await this.#objects.hash(name, signal)) === sha256) return;
    throw new StorageError(`${name}: the stored copy has another content than what was recorded`, true);
  }

  /** A small object is stored and taken away as a recording would be. */
  async #prove(name: string, signal: AbortSignal): Promise<void> {
    const piece = pieceOf(Buffer.from(name));
    const told = await this.#objects.put(name, piece, "text/plain", signal);
    try {
      if (told !== piece.sha256.toString("base64")) {
        await this.#readBack({ name, sha256: piece.sha256.toString("hex") }, signal);
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
