import { readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { hasCode, InputError, isSystemError } from "../../errors.ts";
import { makeFolder } from "../../files.ts";
import { whyUnwritable } from "../../unwritable.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What `login` keeps for the other commands. */
export interface SavedLogin {
  readonly key: string;
  /** The service that the key is for; undefined if an earlier version kept the key. */
  readonly baseUrl: string | undefined;
}

/** Where `login` keeps the API key. */
export function savedKeyFile(env: Environment): string {
  const base = env.XDG_CONFIG_HOME ?? "";
  return join(base === "" ? join(env.HOME ?? homedir(), ".config") : base, "meetbot", "token");
}

/** Next to the key, because other programs read that file as nothing but a key. */
function addressFile(env: Environment): string {
  return join(dirname(savedKeyFile(env)), "base-url");
}

/** @returns undefined if nobody is logged in. @throws InputError if a file cannot be read */
export async function readSavedLogin(env: Environment): Promise<SavedLogin | undefined> {
  const key = await contentOf(savedKeyFile(env));
  if (key === undefined || key === "") return undefined;
  return { key, baseUrl: (await contentOf(addressFile(env))) || undefined };
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new InputError(`${file}: cannot be read; log in again, or set MEETBOT_API_KEY`, { cause: error });
  }
}

/** Only the user can read the files. @returns the key's file. @throws InputError if they cannot be written */
export async function saveLogin(env: Environment, { key, baseUrl }: Required<SavedLogin>): Promise<string> {
  const file = savedKeyFile(env);
  return await changing(file, async () => {
    await makeFolder(dirname(file));
    // An earlier file would keep its mode, and an earlier key must never be there with the new address.
    await rm(file, { force: true });
    await rm(addressFile(env), { force: true });
    if (baseUrl !== undefined) await writeFile(addressFile(env), `${baseUrl}\n`, { mode: 0o600, flag: "wx" });
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: "wx" });
    return file;
  });
}

/** @returns whether there was one. @throws InputError if it cannot be removed */
export async function removeSavedLogin(env: Environment): Promise<boolean> {
  const file = savedKeyFile(env);
  return await changing(file, async () => {
    try {
      await rm(file);
      await rm(addressFile(env), { force: true });
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
