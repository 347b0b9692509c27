import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { hasCode, InputError, isSystemError } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { FILE_MODE } from "../../own-files.ts";
import { type MeetBot, MeetbotChecksumError, type RecordingFile } from "../../sdk/index.ts";
import { whyUnwritable } from "../../unwritable.ts";

/** Downloads that run at the same time. */
const PARALLEL = 4;

export interface DownloadedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** It was there already, as it should be. */
  readonly isOld: boolean;
}

/**
 * Downloads files into a folder. What is there is compared and not fetched again; a part of a file is completed.
 *
 * @param onFile called after each one
 * @throws MeetbotError, or InputError if a file's name would leave the folder, or it cannot be written
 */
export async function downloadFiles(
  meetbot: MeetBot,
  id: string,
  files: readonly RecordingFile[],
  folder: string,
  onFile: (file: DownloadedFile) => void,
): Promise<void> {
  for (const { name } of files) assertInside(name);
  assertDistinct(files);
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const path = join(folder, file.name);
      try {
        onFile(await downloadOne(meetbot, id, file, path));
      } catch (error) {
        // The other workers end after their file.
        waiting.length = 0;
        if (!isSystemError(error)) throw error;
        const reason = await whyUnwritable(dirname(path), error);
        throw new InputError(`--out: cannot write ${path}: ${reason}`, { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

async function downloadOne(meetbot: MeetBot, id: string, file: RecordingFile, path: string): Promise<DownloadedFile> {
  const { name, bytes, sha256 } = file;
  // Without a hash nobody can say whether what is there belongs to this recording. Such files are small.
  if (sha256 !== null && (await sizeOf(path)) === bytes && (await isWhole(meetbot, id, file, path))) {
    return { name, path, bytes, isOld: true };
  }
  const part = `${path}.part`;
  await makeFolder(dirname(path));
  const known = sha256 === null ? 0 : ((await sizeOf(part)) ?? 0);
  try {
    await complete(meetbot, id, file, part, known);
  } catch (error) {
    if (!(error instanceof MeetbotChecksumError)) throw error;
    // It cannot become the right file by more bytes. It may be of another recording, so a fresh one is tried.
    await rm(part, { force: true });
    if (known === 0) throw error;
    await complete(meetbot, id, file, part, 0).catch(async (again: unknown) => {
      if (again instanceof MeetbotChecksumError) await rm(part, { force: true });
      throw again;
    });
  }
  await rename(part, path);
  return { name, path, bytes, isOld: false };
}

/** @param known how many bytes of the part are kept */
async function complete(meetbot: MeetBot, id: string, file: RecordingFile, part: string, known: number): Promise<void> {
  const have = known === 0 ? [] : createReadStream(part);
  await pipeline(
    Readable.from(meetbot.downloadFile(id, file, { have })),
    createWriteStream(part, { flags: known === 0 ? "w" : "a", mode: FILE_MODE }),
  );
}

/** Whether a file that has the right length is the right one. */
async function isWhole(meetbot: MeetBot, id: string, file: RecordingFile, path: string): Promise<boolean> {
  try {
    for await (const _ of meetbot.downloadFile(id, file, { have: createReadStream(path) })) return false;
    return true;
  } catch (error) {
    if (error instanceof MeetbotChecksumError) return false;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Two downloads into one file would spoil it. */
function assertDistinct(files: readonly RecordingFile[]): void {
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name)) throw new InputError(`the service names the file ${JSON.stringify(name)} twice`);
    names.add(name);
  }
  const unsafe = files.find(({ name }) => names.has(`${name}.part`));
  if (unsafe === undefined) return;
  throw new InputError(
    `the service names the files ${JSON.stringify(unsafe.name)} and ${JSON.stringify(`${unsafe.name}.part`)}, which cannot be downloaded together`,
  );
}

/** Names come from the service: none may name a place outside of the folder. */
function assertInside(name: string): void {
  const isSafe = name.split("/").every((part) => /^[^\\\0]+$/.test(part) && part !== "." && part !== "..");
  if (!isSafe)
    throw new InputError(`the service names a file ${JSON.stringify(name)}, which is not a name in a folder`);
}
