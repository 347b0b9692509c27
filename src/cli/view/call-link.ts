import { symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf } from "../../errors.ts";
import type { Manifest } from "../../session/manifest.ts";

/** Of a name; the path has to stay short enough to be typed. */
const MAX_NAME_CHARACTERS = 40;

/** A folder's name that says which call it was, in local time: `2026-11-30_09-05_Stand-up_Acme`. */
export function callName({ startedAt, channel, guild }: Pick<Manifest, "startedAt" | "channel" | "guild">): string {
  const start = new Date(startedAt);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [start.getFullYear(), start.getMonth() + 1, start.getDate()].map(two).join("-");
  const time = [start.getHours(), start.getMinutes()].map(two).join("-");
  return [day, time, wordOf(channel.name), wordOf(guild.name)].filter((word) => word !== "").join("_");
}

/** Letters and digits of any script, with a hyphen for whatever lies between them. */
function wordOf(name: string): string {
  const word = name.replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "-");
  return [...word]
    .slice(0, MAX_NAME_CHARACTERS)
    .join("")
    .replaceAll(/^-+|-+$/g, "");
}

/**
 * Makes a link beside a job's folder that names the call: a folder is named after its job, which says nothing to a person.
 *
 * @param tell what went wrong
 * @returns the link's path; the folder's own if there is none
 */
export function linkByCall(folder: string, manifest: Manifest, tell: (text: string) => void): string {
  const link = join(dirname(folder), callName(manifest));
  try {
    symlinkSync(basename(folder), link, "dir");
    return link;
  } catch (error) {
    // Another call of the same minute and place, or a disk without links: the folder itself is there.
    tell(`no link that names the call: ${messageOf(error)}`);
    return folder;
  }
}
