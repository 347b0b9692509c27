import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode, messageOf } from "./errors.ts";
import { quoted } from "./text/shell-words.ts";

/**
 * Says why nothing can be written at a path, and what to do. Docker makes the host's folder as root if it does not exist,
 * so people meet this at their first job.
 *
 * @param path the folder that could not be made, or the one of a file that could not
 * @param error what the system said
 * @returns the folder's owner and the command that helps, if rights are missing; otherwise the system's words
 */
export async function whyUnwritable(path: string, error: unknown): Promise<string> {
  const obstacle = await inTheWay(path);
  if (obstacle !== undefined) return obstacle;
  const self = process.geteuid?.();
  const group = process.getegid?.();
  const folder = await deepestFolder(path);
  if (folder === undefined || self === undefined || group === undefined) return messageOf(error);
  if (hasCode(error, "EROFS")) {
    return `${folder.path} is mounted read-only; mount it so that it can be written to, or name another folder`;
  }
  if (!hasCode(error, "EACCES") && !hasCode(error, "EPERM")) return messageOf(error);
  if (folder.uid === self) return `${messageOf(error)}; try chmod u+rwx ${quoted(folder.path)}`;
  const asOwner = folder.uid === 0 ? "" : `, run as that user (docker run --user ${folder.uid}:${folder.gid})`;
  return `${folder.path} belongs to user ${folder.uid}, and this process runs as user ${self}; run sudo chown ${self}:${group} ${quoted(folder.path)} (with Docker: on the host's folder that is mounted there)${asOwner}, or name another folder`;
}

/** Finds a file or link in the place of a folder; undefined if there is none. */
async function inTheWay(path: string): Promise<string | undefined> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    try {
      const info = await lstat(at);
      if (info.isSymbolicLink() && (await isMissing(at))) {
        return `${at} is a link to something that does not exist; remove the link, or name another folder`;
      }
      if ((await stat(at)).isDirectory()) return undefined;
      return `${at} is not a folder, expected one; remove it, or name another folder`;
    } catch (error) {
      if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) return undefined;
    }
  }
  return undefined;
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    return hasCode(error, "ENOENT");
  }
}

/** The deepest part of a path that exists. */
async function deepestFolder(path: string): Promise<{ path: string; uid: number; gid: number } | undefined> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { uid, gid } = await stat(at);
      return { path: at, uid, gid };
    } catch (error) {
      const isHidden = ["ENOENT", "ENOTDIR", "EACCES"].some((code) => hasCode(error, code));
      if (!isHidden || at === dirname(at)) return undefined;
    }
  }
}
