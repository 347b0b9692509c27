import { constants, type Stats } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { hasCode, UnreadableFileError } from "../errors.ts";
import { openOwnFile, readOwnFile } from "../own-files.ts";
import { expectNoLink, expectNoLinkAbove, jobPath } from "./job-path.ts";

/** A job's folder, `<root>/<jobId>/`, to read from and to delete. No link is followed, and nothing outside it is touched. */
export class FolderRecordingStorage {
  readonly #directory: string;

  constructor(root: string, jobId: string) {
    this.#directory = join(root, jobId);
  }

  uriOf(name: string): string {
    return pathToFileURL(jobPath(this.#directory, name)).href;
  }

  /** Files of the folder and of the folders in it; none if there is no folder. */
  async list(): Promise<{ readonly name: string; readonly bytes: number; readonly version: string }[]> {
    await expectNoLink(this.#directory);
    const files = [];
    for (const path of await pathsIn(this.#directory)) {
      const name = relative(this.#directory, path).split(sep).join("/");
      files.push({ name, ...described(await lstat(path)) });
    }
    return files;
  }

  async stat(name: string): Promise<{ readonly bytes: number; readonly version: string } | undefined> {
    try {
      const path = await this.#pathOf(name);
      const info = await lstat(path);
      if (info.isFile()) return described(info);
      throw new UnreadableFileError(`${path} is not a file`);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    try {
      return await readOwnFile(await this.#pathOf(name), maxBytes);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** @param range first and last byte, both included */
  async stream(name: string, range?: { readonly first: number; readonly last: number }): Promise<Readable> {
    const file = await openOwnFile(await this.#pathOf(name), constants.O_RDONLY);
    return file.createReadStream(range === undefined ? {} : { start: range.first, end: range.last });
  }

  /** Only the service can give these files out. */
  async presigned(): Promise<undefined> {
    return undefined;
  }

  /** Everything, whatever it is called. @returns the names of the files that there were */
  async removeAll(): Promise<readonly string[]> {
    const files = await this.list();
    await rm(this.#directory, { recursive: true, force: true });
    return files.map(({ name }) => name);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.list()).length === 0;
  }

  async #pathOf(name: string): Promise<string> {
    const path = jobPath(this.#directory, name);
    await expectNoLink(this.#directory);
    await expectNoLinkAbove(this.#directory, name);
    return path;
  }
}

function described({ size, mtimeMs }: Stats) {
  return { bytes: size, version: `${size}-${Math.floor(mtimeMs)}` };
}

/** Everything but folders, in this one and those in it; what is behind a link is not read. */
async function pathsIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
