import { access, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InputError, messageOf } from "../errors.ts";

/**
 * Makes a file or folder that is either complete or absent. It is written under a temporary name next to its place, and
 * renamed once it is complete. If anything fails, what was written is removed.
 *
 * @param write makes the file or folder at the path it is given
 * @returns what `write` does
 * @throws InputError if the target exists, or its folder cannot be written to
 */
export async function intoPlace<Result>(target: string, write: (path: string) => Promise<Result>): Promise<Result> {
  await expectNothing(target);
  const temporary = await temporaryNextTo(target);
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
    // Any other reason shows when it is written.
    return;
  }
  throw new InputError(`${target}: exists already and was not changed; remove it, or name another place with --output`);
}

async function temporaryNextTo(target: string): Promise<string> {
  try {
    return await mkdtemp(join(dirname(target), `.${basename(target)}.partial-`));
  } catch (error) {
    throw new InputError(
      `${target}: cannot be written (${messageOf(error)}); with --output, name a place in a folder that exists and is writable`,
      { cause: error },
    );
  }
}
