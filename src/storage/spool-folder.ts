import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode, InputError } from "../errors.ts";
import { makeFolder } from "../files.ts";
import { whyUnwritable } from "../unwritable.ts";
import { expectPrivateFolder } from "./own-folder.ts";
import { isJobFolder } from "./spool.ts";

/** The folder for the jobs' folders. */
export interface SpoolFolder {
  readonly directory: string;
  /** It is the default, so nobody has checked who else can write to it. */
  readonly isDefault: boolean;
}

/**
 * Creates the default spool if it does not exist. A spool from the settings is the user's responsibility, and is
 * created with the first job's folder.
 *
 * @throws InputError if it cannot be created, or is the default one and others can write to it
 */
export async function openSpoolFolder(spool: SpoolFolder): Promise<void> {
  if (!spool.isDefault) return;
  try {
    await makeFolder(spool.directory);
  } catch (error) {
    const reason = await whyUnwritable(spool.directory, error);
    throw new InputError(`MEETBOT_SPOOL_DIR: cannot use the folder ${spool.directory}: ${reason}`, { cause: error });
  }
  await expectSpoolFolder(spool);
}

/** @throws InputError if the spool is the default one and others can write to it; a missing spool is fine */
export async function expectSpoolFolder({ directory, isDefault }: SpoolFolder): Promise<void> {
  if (!isDefault) return;
  try {
    await expectPrivateFolder(directory);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** How many unfinished jobs of this user a folder contains; 0 if it does not exist, is a link, or has another owner. */
export async function countOwnJobs(directory: string): Promise<number> {
  try {
    const info = await lstat(directory);
    if (!info.isDirectory() || info.uid !== process.geteuid?.()) return 0;
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && isJobFolder(join(directory, entry.name))).length;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "EACCES")) return 0;
    throw error;
  }
}
