import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import PQueue from "p-queue";
import { TooLongError } from "../../errors.ts";

export interface S3RecordingOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
}

const AT_ONCE = 8;
/** A presigned address is a secret for so long. */
const PRESIGNED_SECONDS = 3_600;

/** A job's objects in a bucket, `<prefix>/<jobId>/`, to read from and to delete. */
export class S3RecordingStorage {
  readonly #client: S3Client;
  readonly #bucket: string;
  /** With a slash at its end, so that no other job's name begins with it. */
  readonly #prefix: string;

  constructor(options: S3RecordingOptions, jobId: string) {
    this.#client = options.client;
    this.#bucket = options.bucket;
    this.#prefix = options.prefix === "" ? `${jobId}/` : `${options.prefix}/${jobId}/`;
  }

  uriOf(name: string): string {
    return `s3://${this.#bucket}/${this.#prefix}${name}`;
  }

  async list(): Promise<{ readonly name: string; readonly bytes: number; readonly version: string }[]> {
    const files = [];
    let next: string | undefined;
    do {
      const input = { Bucket: this.#bucket, Prefix: this.#prefix, ContinuationToken: next };
      const { Contents = [], NextContinuationToken } = await this.#client.send(new ListObjectsV2Command(input));
      for (const { Key = "", Size = 0, ETag = "" } of Contents) {
        files.push({ name: Key.slice(this.#prefix.length), bytes: Size, version: ETag.replaceAll('"', "") });
      }
      next = NextContinuationToken;
    } while (next !== undefined);
    return files;
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of await this.stream(name)) {
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
    const { Body } = await this.#client.send(new GetObjectCommand(input));
    if (Body instanceof Readable) return Body;
    throw new Error(`${name}: the storage sent no content`);
  }

  /**
   * An address that anybody can download the object from for an hour.
   *
   * @param as how the storage answers: content type and disposition
   * @param at epoch milliseconds
   */
  async presigned(
    name: string,
    as: { readonly mimeType: string; readonly disposition: string },
    at: number,
  ): Promise<{ readonly url: string; readonly expiresAt: number }> {
    const response = { ResponseContentType: as.mimeType, ResponseContentDisposition: as.disposition };
    const command = new GetObjectCommand({ ...this.#addressOf(name), ...response });
    const options = { expiresIn: PRESIGNED_SECONDS, signingDate: new Date(at) };
    const url = await getSignedUrl(this.#client, command, options);
    return { url, expiresAt: at + PRESIGNED_SECONDS * 1_000 };
  }

  /** Everything under the prefix, and the parts of uploads that were never finished. @returns how many objects there were */
  async removeAll(): Promise<number> {
    const queue = new PQueue({ concurrency: AT_ONCE });
    const files = await this.list();
    await queue.addAll(
      files.map(
        ({ name }) =>
          () =>
            this.#client.send(new DeleteObjectCommand(this.#addressOf(name))),
      ),
    );
    const uploads = await this.#unfinishedUploads();
    await queue.addAll(uploads.map((upload) => () => this.#client.send(new AbortMultipartUploadCommand(upload))));
    return files.length;
  }

  /** The first thousand; a job's worker has one at a time. */
  async #unfinishedUploads() {
    const input = { Bucket: this.#bucket, Prefix: this.#prefix };
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand(input));
    return Uploads.map(({ Key, UploadId }) => ({ Bucket: this.#bucket, Key, UploadId }));
  }

  #addressOf(name: string) {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${name}` };
  }
}
