import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { hasCode, InputError } from "../../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where `login` keeps the API key. */
export function savedKeyFile(env: Environment): string {
  const base = env.XDG_CONFIG_HOME ?? "";
  return join(base === "" ? join(env.HOME ?? homedir(), ".config") : base, "meetbot", "token");
}

/** @returns undefined if nobody is logged in. @throws InputError if the file cannot be read */
export async function readSavedKey(env: Environment): Promise<string | undefined> {
  const file = savedKeyFile(env);
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new InputError(`${file}: cannot be read; log in again, or set MEETBOT_API_KEY`, { cause: error });
  }
}

/** Only the user can read the file. */
export async function saveKey(env: Environment, key: string): Promise<string> {
  const file = savedKeyFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // An earlier file would keep its mode.
  await rm(file, { force: true });
  await writeFile(file, `${key}\n`, { mode: 0o600, flag: "wx" });
  return file;
}

/** @returns whether there was one */
export async function removeSavedKey(env: Environment): Promise<boolean> {
  try {
    await rm(savedKeyFile(env));
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
