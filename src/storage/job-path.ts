import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode, InputError } from "../errors.ts";
import { makeFolder } from "../files.ts";

/** The schemas already require this form; it is checked again here, where names become paths. */
const JOB_FILE = /^(?:attachments\/)?[^/\\\p{Cc}]+$/u;

/** Whether a file in a job's folder can be the job's. Others are somebody else's, and are left alone. */
export function isJobFileName(name: string): boolean {
  return JOB_FILE.test(name) && name.split("/").every((part) => part !== "." && part !== "..");
}

/**
 * The path of one of a job's files.
 *
 * @throws InputError if the name leads out of the folder
 */
export function jobPath(directory: string, name: string): string {
  if (isJobFileName(name)) return join(directory, name);
  throw new InputError(`${JSON.stringify(name)} leads out of the job's folder, expected the name of a job's file`);
}

/**
 * Makes sure that a job's file is not behind a link, because its subfolder could be one.
 *
 * @throws InputError if it is
 */
export async function expectNoLinkAbove(directory: string, name: string): Promise<void> {
  if (name.includes("/")) await expectNoLink(join(directory, dirname(name)));
}

/** @throws InputError if the path is a link; a missing file is fine */
export async function expectNoLink(path: string): Promise<void> {
  refuseLink(await infoOf(path), path);
}

/**
 * Makes sure that a job's folder is there, and makes it if it is not.
 *
 * @throws InputError if it is a link
 */
export async function expectFolder(path: string): Promise<void> {
  const info = await infoOf(path);
  refuseLink(info, path);
  if (info?.isDirectory() === true) return;
  await makeFolder(path);
  // Somebody may have put a link there meanwhile.
  await expectNoLink(path);
}

/** @returns undefined if nothing is there */
async function infoOf(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
}

function refuseLink(info: Stats | undefined, path: string): void {
  if (info?.isSymbolicLink() !== true) return;
  throw new InputError(
    `${path} is a link, expected a folder of the job's own; remove the link if you know who made it`,
  );
}
