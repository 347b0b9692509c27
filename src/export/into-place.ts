import { access, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InputError, messageOf } from "../errors.ts";

/**
 * Makes a file or folder that is there whole or not at all: it is written under a temporary name beside its place and
 * renamed when it is complete. What was written is removed where anything fails.
 *
 * @param write makes the file or folder at the path it is given
 * @returns what `write` does
 * @throws InputError where something is there already, or the folder around it cannot be written to
 */
export async function intoPlace<Result>(target: string, write: (path: string) => Promise<Result>): Promise<Result> {
  await expectNothing(target);
  const temporary = await temporaryBeside(target);
  try {
    const path = join(temporary, basename(target));
    const result = await write(path);
    await expectNothing(target);
    await rename(path, target);
    return result;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function expectNothing(target: string): Promise<void> {
  try {
    await access(target);
  } catch {
    // Whatever else keeps it from being seen shows when it is written.
    return;
  }
  throw new InputError(
    `${target}: exists already and is left as it is; remove it, or name another place with --output`,
  );
}

async function temporaryBeside(target: string): Promise<string> {
  try {
    return await mkdtemp(join(dirname(target), `.${basename(target)}.partial-`));
  } catch (error) {
    throw new InputError(
      `${target}: cannot be written there (${messageOf(error)}); name a place in a folder that is there and writable with --output`,
      { cause: error },
    );
  }
}
