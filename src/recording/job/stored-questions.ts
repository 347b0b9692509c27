import { InputError, messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Storage } from "../ports/storage.ts";

/** Asks a storage whether it still has files that it has taken. */
export class StoredQuestions {
  readonly #storage: Storage;
  readonly #log: Log;
  /** After one failed question the others would only take their time too. */
  #isAnswering = true;

  constructor({ storage, log }: { readonly storage: Storage; readonly log: Log }) {
    this.#storage = storage;
    this.#log = log;
  }

  /**
   * Only a storage that says so has lost a file: one that does not answer, or refuses to, may still have it.
   *
   * @throws InputError if the folder or bucket of the job is gone
   */
  async isGone(name: string): Promise<boolean> {
    if (!this.#isAnswering) return false;
    try {
      return !(await this.#storage.has(name));
    } catch (error) {
      if (error instanceof InputError) throw error;
      if (!this.#isAnswering) return false;
      this.#isAnswering = false;
      const text = `whether the storage still has the files that were stored cannot be seen: ${messageOf(error)}`;
      this.#log.warn({ err: error, file: name }, text);
      return false;
    }
  }
}
