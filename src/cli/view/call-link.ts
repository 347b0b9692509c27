import { symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf } from "../../errors.ts";
import type { Manifest } from "../../session/manifest.ts";

/** The most characters of a name, to keep the path short enough to type. */
const MAX_NAME_CHARACTERS = 40;

/** A name for the folder of a call, in local time: `2026-11-30_09-05_Stand-up_Acme`. */
export function callName({ startedAt, channel, guild }: Pick<Manifest, "startedAt" | "channel" | "guild">): string {
  const start = new Date(startedAt);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [start.getFullYear(), start.getMonth() + 1, start.getDate()].map(two).join("-");
  const time = [start.getHours(), start.getMinutes()].map(two).join("-");
  return [day, time, wordOf(channel.name), wordOf(guild.name)].filter((word) => word !== "").join("_");
}

/** Letters and digits of any script, with hyphens between the words. */
function wordOf(name: string): string {
  const word = name.replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "-");
  return [...word]
    .slice(0, MAX_NAME_CHARACTERS)
    .join("")
    .replaceAll(/^-+|-+$/g, "");
}

/**
 * Makes a link next to a job's folder that names the call, because the folder's name is a job id.
 *
 * @param debug gets a sentence if there is no link
 * @returns the path of the link, or of the folder if there is no link
 */
export function linkByCall(folder: string, manifest: Manifest, debug: (text: string) => void): string {
  const link = join(dirname(folder), callName(manifest));
  try {
    symlinkSync(basename(folder), link, "dir");
    return link;
  } catch (error) {
    // Another call in the same minute and channel, or a disk without links. The folder itself exists.
    debug(`no link that names the call: ${messageOf(error)}`);
    return folder;
  }
}
