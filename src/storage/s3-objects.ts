import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { StorageError, TooLongError } from "../errors.ts";
import { createS3Client, type S3ClientOptions } from "./s3-client.ts";
import { S3Error, statusOf } from "./s3-errors.ts";
import type { Piece } from "./s3-pieces.ts";

export interface S3ObjectsOptions extends S3ClientOptions {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
  /** `sha256` sends each piece's checksum, which the store compares; `none` is for stores that refuse the header. */
  readonly checksums: "sha256" | "none";
}

/** Time for taking half an upload away again; where that fails it only takes space. */
const ABORT_MS = 5_000;

/**
 * The objects under one prefix of a bucket. Each request is made once and ends with its signal; a failed one throws an
 * S3Error.
 *
 * Multipart uploads are made here, and not with `@aws-sdk/lib-storage`: its `abort` neither ends the requests under way
 * nor waits until the store has taken the parts away.
 */
export class S3Objects {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #checksums: boolean;

  constructor(options: S3ObjectsOptions) {
    this.#client = createS3Client(options);
    this.#bucket = options.bucket;
    this.#prefix = options.prefix;
    this.#checksums = options.checksums === "sha256";
  }

  uriOf(name: string): string {
    return `s3://${this.#bucket}/${this.#keyOf(name)}`;
  }

  /** @returns the store's own SHA-256 of the object, in Base64; undefined where it tells none */
  async put(name: string, piece: Piece, contentType: string, signal?: AbortSignal): Promise<string | undefined> {
    const input = { ...this.#addressOf(name), ContentType: contentType, ...this.#bodyOf(piece) };
    const { ChecksumSHA256 } = await this.#request(name, signal, (options) =>
      this.#client.send(new PutObjectCommand(input), options),
    );
    return ChecksumSHA256;
  }

  /**
   * Sends the pieces one after the other; where one fails, the store is told to drop the others.
   *
   * @returns the store's own checksum: the SHA-256 of the pieces' SHA-256s, in Base64, with their number (Amazon S3
   *   User Guide, "Checking object integrity", composite checksums); undefined where it tells none
   */
  async putPieces(
    name: string,
    pieces: AsyncIterable<Piece>,
    contentType: string,
    { signal, onStored }: { readonly signal: AbortSignal | undefined; readonly onStored: (piece: Piece) => void },
  ): Promise<string | undefined> {
    const input = {
      ...this.#addressOf(name),
      ContentType: contentType,
      ...(this.#checksums ? { ChecksumAlgorithm: "SHA256" as const } : {}),
    };
    const { UploadId } = await this.#request(name, signal, (options) =>
      this.#client.send(new CreateMultipartUploadCommand(input), options),
    );
    const upload = { ...this.#addressOf(name), UploadId };
    try {
      const parts: CompletedPart[] = [];
      for await (const piece of pieces) {
        const part = { ...upload, PartNumber: parts.length + 1, ...this.#bodyOf(piece) };
        const { ETag, ChecksumSHA256 } = await this.#request(name, signal, (options) =>
          this.#client.send(new UploadPartCommand(part), options),
        );
        parts.push({ PartNumber: part.PartNumber, ETag, ...(ChecksumSHA256 === undefined ? {} : { ChecksumSHA256 }) });
        onStored(piece);
      }
      const { ChecksumSHA256 } = await this.#request(name, signal, (options) =>
        this.#client.send(
          new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }),
          options,
        ),
      );
      return ChecksumSHA256;
    } catch (error) {
      // Where this fails too, the bucket's own rule for incomplete uploads removes them; the first error says more.
      await this.#client
        .send(new AbortMultipartUploadCommand(upload), { abortSignal: AbortSignal.timeout(ABORT_MS) })
        .catch(() => undefined);
      throw error;
    }
  }

  /**
   * Hashes what is stored.
   *
   * @returns lower-case hex
   */
  async hash(name: string, signal?: AbortSignal): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of this.stream(name, signal)) hash.update(chunk);
    return hash.digest("hex");
  }

  /** An object's bytes as they come. */
  async *stream(name: string, signal?: AbortSignal): AsyncIterable<Buffer> {
    try {
      const options = signal === undefined ? {} : { abortSignal: signal };
      const { Body } = await this.#client.send(new GetObjectCommand(this.#addressOf(name)), options);
      if (!(Body instanceof Readable)) throw new StorageError(`${name}: the store sent no content`, true);
      yield* Body;
    } catch (error) {
      signal?.throwIfAborted();
      throw new S3Error(name, error);
    }
  }

  /**
   * @returns undefined where there is no such object
   * @throws TooLongError if more than `maxBytes` come
   */
  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of this.stream(name)) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw new TooLongError(this.uriOf(name), maxBytes);
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof S3Error && isNoSuchKey(error)) return undefined;
      throw error;
    }
    return Buffer.concat(chunks);
  }

  /** Whether there is such an object. A store that lets nobody look, as Amazon does without ListBucket, says no. */
  async exists(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#request(name, signal, (options) =>
        this.#client.send(new HeadObjectCommand(this.#addressOf(name)), options),
      );
      return true;
    } catch (error) {
      const status = error instanceof S3Error ? statusOf(error.cause) : undefined;
      if (status === 404 || status === 403) return false;
      throw error;
    }
  }

  /** Whether nothing at all is there under the prefix. */
  async isEmpty(): Promise<boolean> {
    const input = { Bucket: this.#bucket, Prefix: this.#keyOf(""), MaxKeys: 1 };
    const { Contents = [] } = await this.#request("the list of files", undefined, (options) =>
      this.#client.send(new ListObjectsV2Command(input), options),
    );
    return Contents.length === 0;
  }

  /** Fine where there is no such object. */
  async remove(name: string, signal?: AbortSignal): Promise<void> {
    await this.#request(name, signal, (options) =>
      this.#client.send(new DeleteObjectCommand(this.#addressOf(name)), options),
    );
  }

  #keyOf(name: string): string {
    return this.#prefix === "" ? name : `${this.#prefix}/${name}`;
  }

  #addressOf(name: string) {
    return { Bucket: this.#bucket, Key: this.#keyOf(name) };
  }

  #bodyOf({ bytes, sha256 }: Piece) {
    return { Body: bytes, ...(this.#checksums ? { ChecksumSHA256: sha256.toString("base64") } : {}) };
  }

  async #request<Result>(
    name: string,
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await send(signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw new S3Error(name, error);
    }
  }
}

/** Whether the store says that there is no such object. */
export function isNoSuchKey({ cause }: S3Error): boolean {
  return cause instanceof Error && cause.name === "NoSuchKey";
}
