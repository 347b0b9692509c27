import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { hasCode } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { FILE_MODE, openOwnFile } from "../../own-files.ts";
import type { RecordingFiles } from "../../session/recording-files.ts";

export interface ReportMakerOptions {
  /** Folder of reports until they are sent. */
  readonly folder: string;
  /** Returns a report in chunks. */
  readonly pageOf: (files: RecordingFiles) => Promise<AsyncIterable<string>>;
}

/**
 * Makes reports, one at a time, because each decodes a whole recording. A report is first written to a file, so a client
 * that reads slowly does not block the next one.
 */
export class ReportMaker {
  readonly #options: ReportMakerOptions;
  /** The file of the page that is being made. */
  #making: string | undefined;

  constructor(options: ReportMakerOptions) {
    this.#options = options;
  }

  /** @throws the signal's reason as soon as it is aborted */
  async make(
    files: RecordingFiles,
    signal: AbortSignal,
  ): Promise<{ readonly page: Readable; readonly bytes: number } | "busy"> {
    if (this.#making !== undefined) return "busy";
    const name = `${randomUUID()}.html`;
    const path = join(this.#options.folder, name);
    this.#making = name;
    try {
      await makeFolder(this.#options.folder);
      const file = await open(path, "wx", FILE_MODE);
      try {
        await file.writeFile(Readable.from(await this.#options.pageOf(untilAborted(files, signal))), { signal });
      } finally {
        await file.close();
      }
      const page = await openOwnFile(path, constants.O_RDONLY);
      const { size: bytes } = await page.stat();
      return { page: page.createReadStream(), bytes };
    } finally {
      // The reader has the file open already.
      await rm(path, { force: true });
      this.#making = undefined;
    }
  }

  /** Removes pages that a service left which was killed while it made them. */
  async removeLeft(): Promise<void> {
    const { folder } = this.#options;
    const names = await readdir(folder).catch((error: unknown) => {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    });
    const left = names.filter((name) => name !== this.#making);
    await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  }
}

function untilAborted(files: RecordingFiles, signal: AbortSignal): RecordingFiles {
  return {
    read: async (name, maxBytes) => {
      signal.throwIfAborted();
      return await files.read(name, maxBytes);
    },
  };
}
