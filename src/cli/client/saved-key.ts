import { readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { hasCode, InputError, isSystemError } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { whyUnwritable } from "../../unwritable.ts";

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

/** Only the user can read the file. @throws InputError if it cannot be written */
export async function saveKey(env: Environment, key: string): Promise<string> {
  const file = savedKeyFile(env);
  return await changing(file, async () => {
    await makeFolder(dirname(file));
    // An earlier file would keep its mode.
    await rm(file, { force: true });
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: "wx" });
    return file;
  });
}

/** @returns whether there was one. @throws InputError if it cannot be removed */
export async function removeSavedKey(env: Environment): Promise<boolean> {
  const file = savedKeyFile(env);
  return await changing(file, async () => {
    try {
      await rm(file);
      return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  });
}

async function changing<Result>(file: string, change: () => Promise<Result>): Promise<Result> {
  try {
    return await change();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reason = await whyUnwritable(dirname(file), error);
    throw new InputError(
      `${file} cannot be changed: ${reason}. XDG_CONFIG_HOME names another folder; MEETBOT_API_KEY needs no file`,
      { cause: error },
    );
  }
}
