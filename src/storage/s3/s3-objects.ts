import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { StorageError, TooLongError } from "../../errors.ts";
import { MAX_FILE_BYTES } from "../../session/job-files.ts";
import { createS3Client, type S3ClientOptions } from "./s3-client.ts";
import { S3Error, statusOf } from "./s3-errors.ts";
import { withSignal } from "./s3-signal.ts";

export interface S3ObjectsOptions extends S3ClientOptions {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
  /** `sha256` sends each request's checksum, which the storage compares; `none` is for S3 servers that refuse the header. */
  readonly checksums: "sha256" | "none";
}

/**
 * The bytes of one part of a multipart upload, which are in memory while it is sent. S3 servers take 5 MiB at least, and
 * 10,000 parts at most (Amazon S3 User Guide, "Multipart upload limits"), so a file may have 50 GB.
 */
export const PART_BYTES = 5 << 20;

export interface PartsOptions {
  readonly signal: AbortSignal | undefined;
  /** Called after each part with the bytes stored so far. */
  readonly onStored: (bytes: number) => void;
}

/**
 * The objects under one prefix of a bucket. Each request is made once and ends with its signal; a failed one throws an
 * S3Error.
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

  /** @returns the storage's SHA-256 of the object, in Base64; undefined if it reports none */
  async put(name: string, bytes: Buffer, contentType: string, signal?: AbortSignal): Promise<string | undefined> {
    const input = { ...this.#inputFor(name, contentType), Body: bytes };
    const { ChecksumSHA256 } = await this.#request(name, signal, (options) =>
      this.#client.send(new PutObjectCommand(input), options),
    );
    return ChecksumSHA256;
  }

  /**
   * Sends a stream in parts of `PART_BYTES`, one after another. If one fails, the storage drops the others before this
   * throws.
   *
   * @returns the storage's own checksum: the SHA-256 of the parts' SHA-256s, in Base64, with their number (Amazon S3
   *   User Guide, "Checking object integrity", composite checksums); undefined if the storage gives none
   */
  async putInParts(
    name: string,
    body: Readable,
    contentType: string,
    { signal, onStored }: PartsOptions,
  ): Promise<string | undefined> {
    return await this.#request(name, signal, async () => {
      const upload = new Upload({
        client: withSignal(this.#client, signal),
        params: { ...this.#inputFor(name, contentType), Body: body },
        partSize: PART_BYTES,
        queueSize: 1,
      });
      upload.on("httpUploadProgress", ({ loaded = 0 }) => onStored(loaded));
      const { ChecksumSHA256 } = await upload.done();
      return ChecksumSHA256;
    });
  }

  /**
   * Hashes the stored object.
   *
   * @returns lower-case hex
   */
  async hash(name: string, signal?: AbortSignal): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of this.stream(name, signal)) hash.update(chunk);
    return hash.digest("hex");
  }

  /** An object's bytes as they arrive. */
  async *stream(name: string, signal?: AbortSignal): AsyncIterable<Buffer> {
    try {
      const options = signal === undefined ? {} : { abortSignal: signal };
      const { Body } = await this.#client.send(new GetObjectCommand(this.#addressOf(name)), options);
      if (!(Body instanceof Readable)) throw new StorageError(`${name}: the storage sent no content`, true);
      yield* Body;
    } catch (error) {
      signal?.throwIfAborted();
      throw new S3Error(name, error);
    }
  }

  /**
   * @returns undefined if the object does not exist
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

  /** Whether the object exists. Without permission to look, such as Amazon's ListBucket, the result is no. */
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

  /**
   * @returns false if the object does not exist
   * @throws S3Error if the storage does not say, as Amazon does not without ListBucket, or if the bucket does not exist
   */
  async has(name: string): Promise<boolean> {
    try {
      await this.#request(name, undefined, (options) =>
        this.#client.send(new HeadObjectCommand(this.#addressOf(name)), options),
      );
      return true;
    } catch (error) {
      if (!(error instanceof S3Error) || statusOf(error.cause) !== 404) throw error;
      // The response to a HEAD has no body; only that to a GET says if the object or the bucket is missing.
      return (await this.read(name, MAX_FILE_BYTES)) !== undefined;
    }
  }

  /** Whether there are no objects under the prefix. */
  async isEmpty(): Promise<boolean> {
    const input = { Bucket: this.#bucket, Prefix: this.#keyOf(""), MaxKeys: 1 };
    const { Contents = [] } = await this.#request("the list of files", undefined, (options) =>
      this.#client.send(new ListObjectsV2Command(input), options),
    );
    return Contents.length === 0;
  }

  /** Does nothing if the object does not exist. */
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

  #inputFor(name: string, contentType: string) {
    return {
      ...this.#addressOf(name),
      ContentType: contentType,
      ...(this.#checksums ? { ChecksumAlgorithm: "SHA256" as const } : {}),
    };
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
      // An error of the body is not a response of the storage.
      throw error instanceof StorageError ? error : new S3Error(name, error);
    }
  }
}

/** Whether the storage says that the object does not exist. */
export function isNoSuchKey({ cause }: S3Error): boolean {
  return cause instanceof Error && cause.name === "NoSuchKey";
}
