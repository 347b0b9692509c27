import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { FILE_MODE, NEW_FILE } from "../../own-files.ts";

/**
 * Writes secrets at once: each is a hundred bytes, on the disk of the database, and nothing of a job's start waits for a
 * thread.
 *
 * @param folder it is made again; the folder above exists
 * @returns the settings that name the secrets' files
 */
export function writeSecrets(
  folder: string,
  secrets: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  try {
    const settings: Record<string, string> = {};
    for (const [name, value] of Object.entries(secrets)) {
      const path = join(folder, name);
      writeSecret(path, value);
      settings[`${name}_FILE`] = path;
    }
    return settings;
  } catch (error) {
    // On a full disk some may have been written, and no worker will read them.
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function writeSecret(path: string, value: string): void {
  const bytes = Buffer.from(value, "utf8");
  const file = openSync(path, NEW_FILE, FILE_MODE);
  try {
    // A disk that is nearly full takes some of it, and then refuses the rest.
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  } finally {
    closeSync(file);
  }
}
