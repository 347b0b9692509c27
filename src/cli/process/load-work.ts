import { InputError, messageOf } from "../../errors.ts";
import { typed } from "../../invocation.ts";

/**
 * Loads what a command does, and with it the libraries that it takes.
 *
 * @throws InputError where one cannot be loaded
 */
export async function loadWork<Work>(load: () => Promise<Work>): Promise<Work> {
  try {
    return await load();
  } catch (error) {
    throw new InputError(
      `a library cannot be loaded (${messageOf(error)}); run npm ci on this machine with this Node, and this to see which it is: ${typed("doctor")}`,
      { cause: error },
    );
  }
}
