import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../files.ts";
import { FILE_MODE, NEW_FILE } from "../../own-files.ts";

/** @returns the settings that name the secrets' files */
export async function writeSecrets(
  folder: string,
  secrets: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  try {
    const settings: Record<string, string> = {};
    for (const [name, value] of Object.entries(secrets)) {
      const path = join(folder, name);
      await writeSecret(path, value);
      settings[`${name}_FILE`] = path;
    }
    return settings;
  } catch (error) {
    // On a full disk some may have been written, and no worker will read them.
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function writeSecret(path: string, value: string): Promise<void> {
  const file = await open(path, NEW_FILE, FILE_MODE);
  try {
    await file.writeFile(value);
  } finally {
    await file.close();
  }
}
