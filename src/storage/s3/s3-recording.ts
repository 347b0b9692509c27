import { InputError } from "../../errors.ts";
import { MANIFEST_FILE, MAX_MANIFEST_BYTES } from "../../session/job-files.ts";
import type { RecordingStreams } from "../../session/recording-files.ts";
import { errorForOperator, S3Error } from "./s3-errors.ts";
import { isNoSuchKey, S3Objects, type S3ObjectsOptions } from "./s3-objects.ts";

/** A finished job's files in a bucket, as `s3:` storage leaves them; `prefix` ends in the job's id. */
export class S3Recording implements RecordingStreams {
  readonly #objects: S3Objects;
  readonly #endpoint: string | undefined;

  private constructor(options: S3ObjectsOptions) {
    this.#objects = new S3Objects(options);
    this.#endpoint = options.endpoint;
  }

  /**
   * @throws InputError if the bucket cannot be used, or has nothing there
   * @throws JobError if the storage refuses the credentials, or does not answer
   */
  static async open(options: S3ObjectsOptions): Promise<S3Recording> {
    const recording = new S3Recording(options);
    if ((await recording.read(MANIFEST_FILE, MAX_MANIFEST_BYTES)) === undefined) await recording.#expectFiles();
    return recording;
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    return await this.#asked(() => this.#objects.read(name, maxBytes));
  }

  async *stream(name: string, signal?: AbortSignal): AsyncIterable<Buffer> {
    try {
      yield* this.#objects.stream(name, signal);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      if (isNoSuchKey(error)) throw new InputError(`${this.#objects.uriOf(name)}: missing`, { cause: error });
      throw this.#errorForOperator(error);
    }
  }

  async #expectFiles(): Promise<void> {
    if (!(await this.#asked(() => this.#objects.isEmpty()))) return;
    throw new InputError(
      `${this.#objects.uriOf("")}: nothing is there; give the address of one job, which holds its manifest.json`,
    );
  }

  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      throw error instanceof S3Error ? this.#errorForOperator(error) : error;
    }
  }

  #errorForOperator(error: S3Error): Error {
    return errorForOperator(error, this.#objects.uriOf(""), this.#endpoint);
  }
}
