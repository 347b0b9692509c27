import { randomUUID } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { Command } from "commander";
import { hasCode, InputError } from "../../errors.ts";
import { readPageAssets } from "../../report/assets.ts";
import { GENERATOR_MARK } from "../../report/html.ts";
import { MAX_EMBEDDED_BYTES } from "../../report/size.ts";
import { openFolder } from "../open-recording.ts";
import { pathFor } from "../path-argument.ts";

export interface ReportCommandOptions {
  readonly out?: string;
  readonly embed?: boolean;
  readonly force?: boolean;
  readonly showDeleted?: boolean;
}

export function reportCommand(): Command {
  return new Command("report")
    .description("make one HTML page of a recording, to look at it and listen to it")
    .argument("<dir>", "a job's folder, which holds its manifest.json", pathFor("report"))
    .option("--out <file>", "file to write; default DIR/report.html", pathFor("--out"))
    .option(
      "--embed",
      `hold the sound however much it is; without this up to ${MAX_EMBEDDED_BYTES / 1_000_000} MB of it are held`,
    )
    .option("--no-embed", "leave the sound out: timeline, waveforms, chat and statistics, in a small file")
    .option("--show-deleted", "show what deleted messages said; without this the page does not hold it")
    .option("--force", "replace a file that is not a report")
    .addHelpText(
      "after",
      `
The page needs nothing but a browser: it holds everything in itself, and works from a disk, from mail and offline.
Silence is left out of it; sound takes a third more room than in the recording, and is decoded only as it is played.`,
    )
    .action(async (directory: string, options: ReportCommandOptions) => {
      process.stdout.write(`${await report(directory, options)}\n`);
    });
}

/**
 * @returns the page's path
 * @throws InputError where there is no recording, or where the page cannot go
 */
export async function report(directory: string, options: ReportCommandOptions = {}): Promise<string> {
  const path = options.out ?? join(directory, "report.html");
  const files = await openFolder(directory);
  if (options.force !== true) await refuseToReplace(path);
  const { makeReport } = await import("../../report/report.ts");
  const page = makeReport(files, {
    assets: await readPageAssets(),
    embed: options.embed,
    showDeleted: options.showDeleted === true,
    wayToFiles: wayBetween(dirname(path), directory),
    onProgress: progressOn(process.stderr),
  });
  await writeWhole(path, page);
  return path;
}

/** @returns the folders to go through; undefined from one disk to another, which only an absolute path can say */
function wayBetween(from: string, to: string): string[] | undefined {
  const way = relative(resolve(from), resolve(to));
  return isAbsolute(way) ? undefined : way.split(sep).filter((segment) => segment !== "");
}

async function refuseToReplace(path: string): Promise<void> {
  const start = await readStart(path);
  if (start !== undefined && !start.includes(GENERATOR_MARK)) {
    throw new InputError(`--out: ${path} is there already, and is not a report; give another file, or --force`);
  }
}

/** @returns the file's first bytes; undefined where there is no such file */
async function readStart(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1_024), 0, 1_024, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (hasCode(error, "EISDIR")) throw new InputError(`--out: ${path} is a folder; give a file`, { cause: error });
    throw error;
  }
}

/** A page that could not be finished leaves nothing behind, and an earlier one as it was. */
async function writeWhole(path: string, page: AsyncIterable<string>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(temporary, page, { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (hasCode(error, "ENOENT") || hasCode(error, "EACCES") || hasCode(error, "EROFS")) {
      throw new InputError(`--out: ${path} cannot be written; give a file in a folder that is there and writable`, {
        cause: error,
      });
    }
    if (hasCode(error, "ENOSPC")) {
      throw new InputError(
        `--out: there is no room for ${path}; free some, give a file on another disk, or --no-embed`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** One line that is renewed, on a terminal alone. */
function progressOn(terminal: NodeJS.WriteStream): (readMs: number, allMs: number) => void {
  return (readMs, allMs) => {
    if (!terminal.isTTY) return;
    const done = readMs >= allMs;
    terminal.write(done ? "\r\x1b[K" : `\r\x1b[Kread ${Math.floor((100 * readMs) / allMs)} % of the audio`);
  };
}
