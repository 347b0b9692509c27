import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError } from "../errors.ts";

/** Writable by the group or by everybody: inode(7), S_IWGRP and S_IWOTH. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Makes sure that a job's folder was not prepared by another user, who could read its contents or put paths to read and
 * write into its journal.
 *
 * On some volumes one user owns all files (NFS with `all_squash`). So the owner may also be the owner of the spool itself.
 * Root accepts any owner.
 *
 * @throws InputError if it is a link, not a folder, or owned by another user
 */
export async function expectOwnFolder(directory: string): Promise<void> {
  const { uid } = await folderAt(directory);
  const self = process.geteuid?.();
  if (self === undefined || self === 0 || uid === self || uid === (await lstat(dirname(directory))).uid) return;
  throw new InputError(
    `MEETBOT_SPOOL_DIR: ${directory} belongs to another user (uid ${uid}), expected a folder of this one's; run as that user, or name another folder`,
  );
}

/**
 * Makes sure that no other user could have put anything into a folder. This is for the default spool.
 *
 * @throws InputError if it is a link, not a folder, owned by another user, or writable by others
 */
export async function expectPrivateFolder(directory: string): Promise<void> {
  const { uid, mode } = await folderAt(directory);
  const self = process.geteuid?.();
  if (self === undefined) return;
  if (uid === self && (mode & WRITABLE_BY_OTHERS) === 0) return;
  const fault = uid === self ? "can be written to by other users" : `belongs to another user (uid ${uid})`;
  throw new InputError(
    `MEETBOT_SPOOL_DIR: the default spool ${directory} ${fault}, expected a folder that only this user can write to; fix it with chmod 700, or set MEETBOT_SPOOL_DIR to another folder`,
  );
}

async function folderAt(directory: string): Promise<{ readonly uid: number; readonly mode: number }> {
  const info = await lstat(directory);
  if (info.isDirectory()) return info;
  const found = info.isSymbolicLink() ? "a link" : "not a folder";
  throw new InputError(
    `MEETBOT_SPOOL_DIR: ${directory} is ${found}, expected a folder; remove it, or name another one`,
  );
}
