import { InputError, messageOf } from "../../errors.ts";
import { typed } from "../../invocation.ts";

/**
 * Loads the code of a command, and with it the libraries that it needs.
 *
 * @throws InputError if one cannot be loaded
 */
export async function loadWork<Work>(load: () => Promise<Work>): Promise<Work> {
  try {
    return await load();
  } catch (error) {
    throw new InputError(
      `a library cannot be loaded (${messageOf(error)}); install it again on this machine with this Node (npm ci in a checkout); to see which library it is: ${typed("doctor")}`,
      { cause: error },
    );
  }
}
