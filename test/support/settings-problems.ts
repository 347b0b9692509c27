import { ConfigError } from "../../src/errors.ts";

/** All problems of the settings that `load` reads; none if they are accepted. */
export function problemsIn(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
