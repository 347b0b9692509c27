import { stat } from "node:fs/promises";
import { hasCode, InputError, UnreadableFileError } from "../errors.ts";
import { openUserFile, readUserFile } from "../own-files.ts";
import type { RecordingStreams } from "../session/recording-files.ts";
import { jobPath } from "./job-path.ts";

/** A finished job's folder on disk, as `file:` storage leaves it. */
export class RecordingFolder implements RecordingStreams {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @throws InputError if the path is not a folder */
  static async open(directory: string): Promise<RecordingFolder> {
    const info = await stat(directory).catch((error: unknown) => {
      throw new InputError(`${directory}: no such folder; give the folder of one job, which holds its manifest.json`, {
        cause: error,
      });
    });
    if (!info.isDirectory())
      throw new InputError(`${directory}: a file; give the folder of one job, which holds its manifest.json`);
    return new RecordingFolder(directory);
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    try {
      return await readUserFile(jobPath(this.directory, name), maxBytes);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw this.#readable(name, error);
    }
  }

  async *stream(name: string, signal?: AbortSignal): AsyncIterable<Buffer> {
    try {
      const handle = await openUserFile(jobPath(this.directory, name));
      yield* handle.createReadStream({ signal });
    } catch (error) {
      if (hasCode(error, "ENOENT")) throw new InputError(`${name}: missing in ${this.directory}`, { cause: error });
      throw this.#readable(name, error);
    }
  }

  #readable(name: string, error: unknown): unknown {
    if (!hasCode(error, "EACCES")) return error;
    const sentence = `${jobPath(this.directory, name)}: cannot be read; run the command as the user who owns it`;
    return new UnreadableFileError(sentence, { cause: error });
  }
}
