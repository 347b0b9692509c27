import { existsSync } from "node:fs";
// An older Node loads this file too, and has no such name to import.
import nodeModule from "node:module";
import { posix, win32 } from "node:path";

const NAME = "meetbot-discord";

/** The folder for a user's caches. */
interface UserFolders {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a folder exists. Service users have homes that do not exist, such as Debian's /nonexistent. */
  readonly exists: (folder: string) => boolean;
}

/**
 * Makes Node keep V8's compiled code between starts, which saves a third of the time until a job records. The image has
 * its own cache: NODE_COMPILE_CACHE names it there, and Node then ignores this call. NODE_DISABLE_COMPILE_CACHE=1
 * switches every cache off. If the folder is not writable, only the time saving is lost.
 */
export function keepCompiledCode(): void {
  const folder = compileCacheFolder({ platform: process.platform, environment: process.env, exists: existsSync });
  if (folder !== undefined) nodeModule.enableCompileCache(folder);
}

/**
 * The folder in the user's own cache folder (XDG Base Directory Specification; Apple's File System Programming Guide;
 * Windows' LOCALAPPDATA). Node makes a folder in it for each version, set of V8 flags and user.
 *
 * @returns undefined if the environment names no existing home, so nothing is written to unexpected places
 */
export function compileCacheFolder({ platform, environment, exists }: UserFolders): string | undefined {
  const { join, isAbsolute } = platform === "win32" ? win32 : posix;
  const { HOME = "", XDG_CACHE_HOME = "", LOCALAPPDATA = "" } = environment;
  const within = (folder: string, ...names: string[]): string | undefined =>
    isAbsolute(folder) && exists(folder) ? join(folder, ...names) : undefined;
  if (platform === "win32") return within(LOCALAPPDATA, NAME, "Cache", "compiled");
  if (platform === "darwin") return within(HOME, "Library", "Caches", NAME, "compiled");
  return within(XDG_CACHE_HOME, NAME, "compiled") ?? within(HOME, ".cache", NAME, "compiled");
}
