import { ConfigError } from "../../src/errors.ts";

/** What is wrong with the settings that `load` reads, all of it; nothing if they are taken. */
export function problemsIn(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
