import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
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
  #isBusy = false;

  constructor(options: ReportMakerOptions) {
    this.#options = options;
  }

  async make(files: RecordingFiles): Promise<{ readonly page: Readable; readonly bytes: number } | "busy"> {
    if (this.#isBusy) return "busy";
    this.#isBusy = true;
    const path = join(this.#options.folder, `${randomUUID()}.html`);
    try {
      await makeFolder(this.#options.folder);
      const file = await open(path, "wx", FILE_MODE);
      try {
        await file.writeFile(Readable.from(await this.#options.pageOf(files)));
      } finally {
        await file.close();
      }
      const page = await openOwnFile(path, constants.O_RDONLY);
      const { size: bytes } = await page.stat();
      return { page: page.createReadStream(), bytes };
    } finally {
      // The reader has the file open already.
      await rm(path, { force: true });
      this.#isBusy = false;
    }
  }
}
