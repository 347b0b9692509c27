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
  const { name, bytes } = file;
  if ((await sizeOf(path)) === bytes && (await isWhole(meetbot, id, file, path))) {
    return { name, path, bytes, isOld: true };
  }
  const part = `${path}.part`;
  await makeFolder(dirname(path));
  const known = await sizeOf(part);
  const have = known === undefined || known === 0 ? [] : createReadStream(part);
  try {
    await pipeline(
      Readable.from(meetbot.downloadFile(id, file, { have })),
      createWriteStream(part, { flags: "a", mode: FILE_MODE }),
    );
  } catch (error) {
    // It cannot become the right file by more bytes.
    if (error instanceof MeetbotChecksumError) await rm(part, { force: true });
    throw error;
  }
  await rename(part, path);
  return { name, path, bytes, isOld: false };
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

/** Names come from the service: none may name a place outside of the folder. */
function assertInside(name: string): void {
  const isSafe = name.split("/").every((part) => /^[^\\\0]+$/.test(part) && part !== "." && part !== "..");
  if (!isSafe)
    throw new InputError(`the service names a file ${JSON.stringify(name)}, which is not a name in a folder`);
}
