import { randomUUID } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { Command } from "commander";
import { hasCode, InputError } from "../../errors.ts";
import { GENERATOR_MARK, MAX_EMBEDDED_BYTES, readPageAssets } from "../../report/html.ts";
import { printable } from "../../text/safe-text.ts";
import { openFolder } from "../open-recording.ts";
import { pathFor } from "../path-argument.ts";
import { clearRow, showRow } from "../view/status-row.ts";

export interface ReportCommandOptions {
  readonly out?: string;
  readonly embed?: boolean;
  readonly force?: boolean;
  readonly showDeleted?: boolean;
}

export function reportCommand(): Command {
  return new Command("report")
    .description("make an HTML page of a recording, to read it and listen to it")
    .argument("<dir>", "folder of a finished job, with its manifest.json", pathFor("report"))
    .option("--out <file>", "file to write; default DIR/report.html", pathFor("--out"))
    .option(
      "--embed",
      `include the sound whatever its size; by default up to ${MAX_EMBEDDED_BYTES / 1_000_000} MB are included`,
    )
    .option("--no-embed", "leave the sound out: a small file with timeline, waveforms, chat and statistics")
    .option("--show-deleted", "include the text of deleted messages; by default the page does not contain it")
    .option("--force", "replace a file that is not a report")
    .addHelpText(
      "after",
      `
The page is one file that needs only a browser. It works from a disk, from an email and offline. Silence is left out.
The rest of the sound takes a third more space than in the recording; the browser decodes it as it plays.

A track or log that is missing, cannot be read or is outside the call is left out, with a sentence in the page and on
standard error.`,
    )
    .action(async (directory: string, options: ReportCommandOptions) => {
      process.stdout.write(`${await report(directory, options)}\n`);
    });
}

/**
 * @returns the page's path
 * @throws InputError if there is no recording, or the page cannot be written there
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
    folderPath: wayBetween(dirname(path), directory),
    onProgress: progressOn(process.stderr),
    onWarning: (text) => process.stderr.write(`${printable(text)}\n`),
  });
  await writeWhole(path, page);
  return path;
}

/** @returns folder names from one to the other; undefined between two disks, which have no relative path */
function wayBetween(from: string, to: string): string[] | undefined {
  const way = relative(resolve(from), resolve(to));
  return isAbsolute(way) ? undefined : way.split(sep).filter((segment) => segment !== "");
}

async function refuseToReplace(path: string): Promise<void> {
  const start = await readStart(path);
  if (start !== undefined && !start.includes(GENERATOR_MARK)) {
    throw new InputError(`--out: ${path} exists and is not a report; give another file, or --force`);
  }
}

/** @returns the file's first bytes; undefined if there is no such file */
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

/** If the page cannot be finished, nothing of it remains, and an earlier page is unchanged. */
async function writeWhole(path: string, page: AsyncIterable<string>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(temporary, page, { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (hasCode(error, "ENOENT") || hasCode(error, "EACCES") || hasCode(error, "EROFS")) {
      throw new InputError(`--out: ${path} cannot be written; give a file in a folder that exists and is writable`, {
        cause: error,
      });
    }
    if (hasCode(error, "ENOSPC")) {
      throw new InputError(
        `--out: the disk has no space for ${path}; free some, give a file on another disk, or --no-embed`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** One row that is updated, only on a terminal. */
function progressOn(terminal: NodeJS.WriteStream): (readMs: number, allMs: number) => void {
  return (readMs, allMs) => {
    if (!terminal.isTTY) return;
    if (readMs >= allMs) clearRow(terminal);
    else showRow(terminal, `read ${Math.floor((100 * readMs) / allMs)} % of the audio`);
  };
}
