import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import PQueue from "p-queue";
import { StorageError, TooLongError } from "../../errors.ts";
import { unlessIdle } from "../unless-idle.ts";
import { statusOf } from "./s3-errors.ts";
import { S3Presigner } from "./s3-presigner.ts";
import { listVersions, type ObjectVersion } from "./s3-versions.ts";

export interface S3RecordingOptions {
  /** Without a limit for idle connections: this class has its own, which do not count time in which nobody reads. */
  readonly client: S3Client;
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
  readonly limits?: S3Limits;
}

export interface S3Limits {
  /** For a request and its answer, and for an object until its first byte. */
  readonly requestMs: number;
  /** For an object that is read into memory. */
  readonly readMs: number;
  /** The pause within an object's bytes after which the storage counts as hanging. */
  readonly idleMs: number;
  /** More than any recording has: a storage that always has another page must not be listed forever. */
  readonly maxObjects: number;
}

const AT_ONCE = 8;
const LIMITS: S3Limits = { requestMs: 15_000, readMs: 60_000, idleMs: 15_000, maxObjects: 200_000 };

/**
 * A job's objects in a bucket, `<prefix>/<jobId>/`, to read from and to delete. Each request has a deadline, also if
 * the storage begins to answer and then hangs.
 */
export class S3RecordingStorage {
  readonly #client: S3Client;
  readonly #bucket: string;
  /** With a slash at its end, so that no other job's name begins with it. */
  readonly #prefix: string;
  readonly #presigner: S3Presigner;
  readonly #limits: S3Limits;

  constructor(options: S3RecordingOptions, jobId: string) {
    this.#limits = options.limits ?? LIMITS;
    this.#client = options.client;
    this.#bucket = options.bucket;
    this.#prefix = options.prefix === "" ? `${jobId}/` : `${options.prefix}/${jobId}/`;
    this.#presigner = new S3Presigner(options.client);
  }

  uriOf(name: string): string {
    return `s3://${this.#bucket}/${this.#prefix}${name}`;
  }

  async list(
    signal?: AbortSignal,
  ): Promise<{ readonly name: string; readonly bytes: number; readonly version: string }[]> {
    const files = [];
    let next: string | undefined;
    do {
      const input = { Bucket: this.#bucket, Prefix: this.#prefix, ContinuationToken: next };
      const { Contents = [], NextContinuationToken } = await this.#client.send(
        new ListObjectsV2Command(input),
        within(this.#limits.requestMs, signal),
      );
      for (const { Key = "", Size = 0, ETag = "" } of Contents) {
        files.push({ name: Key.slice(this.#prefix.length), bytes: Size, version: ETag.replaceAll('"', "") });
      }
      const { maxObjects } = this.#limits;
      if (files.length > maxObjects) throw new Error(`the storage lists more than ${maxObjects} objects`);
      next = NextContinuationToken;
    } while (next !== undefined);
    return files;
  }

  async stat(name: string): Promise<{ readonly bytes: number; readonly version: string } | undefined> {
    try {
      const command = new HeadObjectCommand(this.#addressOf(name));
      const { ContentLength = 0, ETag = "" } = await this.#client.send(command, within(this.#limits.requestMs));
      return { bytes: ContentLength, version: ETag.replaceAll('"', "") };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      const command = new GetObjectCommand(this.#addressOf(name));
      const { Body } = await this.#client.send(command, within(this.#limits.readMs));
      for await (const chunk of contentOf(name, Body)) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw new TooLongError(this.uriOf(name), maxBytes);
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof Error && error.name === "NoSuchKey") return undefined;
      throw error;
    }
    return Buffer.concat(chunks);
  }

  /** @param range first and last byte, both included */
  async stream(name: string, range?: { readonly first: number; readonly last: number }): Promise<Readable> {
    const input = {
      ...this.#addressOf(name),
      ...(range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` }),
    };
    const untilAnswer = new AbortController();
    const timer = setTimeout(() => untilAnswer.abort(), this.#limits.requestMs);
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(input), { abortSignal: untilAnswer.signal });
      return unlessIdle(contentOf(name, Body), this.#limits.idleMs);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Addresses that anybody can download the objects from for an hour.
   *
   * @param files names, and how the storage answers: content type and disposition
   * @param at epoch milliseconds
   */
  async presigned(
    files: readonly { readonly name: string; readonly mimeType: string; readonly disposition: string }[],
    at: number,
  ): Promise<{ readonly urls: readonly string[]; readonly expiresAt: number }> {
    const objects = files.map(({ name, mimeType, disposition }) => ({
      ...this.#addressOf(name),
      ...{ ResponseContentType: mimeType, ResponseContentDisposition: disposition },
    }));
    return await this.#presigner.presign(objects, at);
  }

  /**
   * Everything under the prefix with all its versions, and the parts of uploads that were never finished. What cannot be
   * deleted keeps nothing else from being deleted.
   *
   * @returns the names of the objects that there were
   * @throws StorageError if something could not be deleted
   */
  async removeAll(signal: AbortSignal): Promise<readonly string[]> {
    const versions = await this.#versions(signal);
    const uploads = await this.#unfinishedUploads(signal);
    const queue = new PQueue({ concurrency: AT_ONCE });
    const removals = [
      ...versions.map((version) => () => this.#remove(version, signal)),
      ...uploads.map((upload) => async () => {
        await this.#client.send(new AbortMultipartUploadCommand(upload), within(this.#limits.requestMs, signal));
      }),
    ];
    const results = await Promise.allSettled(removals.map((removal) => queue.add(removal, { signal })));
    const refusal = results.find((result) => result.status === "rejected");
    if (refusal !== undefined) {
      const left = results.filter(({ status }) => status === "rejected").length;
      const why = statusOf(refusal.reason) === 403 ? ": they are locked, or the service may not delete them" : "";
      throw new StorageError(`the storage did not delete ${left} of ${results.length} objects${why}`, true, {
        cause: refusal.reason,
      });
    }
    return versions.filter(({ isMarker }) => !isMarker).map(({ Key }) => Key.slice(this.#prefix.length));
  }

  /** Whether no version of any object and no unfinished upload is left. */
  async isEmpty(signal: AbortSignal): Promise<boolean> {
    return (await this.#versions(signal)).length + (await this.#unfinishedUploads(signal)).length === 0;
  }

  async #versions(signal: AbortSignal): Promise<ObjectVersion[]> {
    return await listVersions(
      this.#client,
      { Bucket: this.#bucket, Prefix: this.#prefix },
      this.#limits.maxObjects,
      () => within(this.#limits.requestMs, signal),
    );
  }

  async #remove({ Key, VersionId }: ObjectVersion, signal: AbortSignal): Promise<void> {
    const version = VersionId === undefined ? {} : { VersionId };
    await this.#client.send(
      new DeleteObjectCommand({ Bucket: this.#bucket, Key, ...version }),
      within(this.#limits.requestMs, signal),
    );
  }

  /** The first thousand; a job's worker has one at a time. */
  async #unfinishedUploads(signal: AbortSignal) {
    const command = new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: this.#prefix });
    const { Uploads = [] } = await this.#client.send(command, within(this.#limits.requestMs, signal));
    return Uploads.map(({ Key, UploadId }) => ({ Bucket: this.#bucket, Key, UploadId }));
  }

  #addressOf(name: string) {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${name}` };
  }
}

/** Over a whole exchange, however slowly the answer comes. */
function within(limitMs: number, signal?: AbortSignal): { readonly abortSignal: AbortSignal } {
  const timeout = AbortSignal.timeout(limitMs);
  return { abortSignal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) };
}

function contentOf(name: string, body: unknown): Readable {
  if (body instanceof Readable) return body;
  throw new Error(`${name}: the storage sent no content`);
}
