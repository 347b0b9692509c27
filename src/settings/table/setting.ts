import type * as z from "zod";

/** How a value is read, and what is accepted in a person's words. */
export interface SettingType<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly accepts: string;
  /** What is wrong with a text that is refused, if more than `accepts` can be said. */
  readonly explain?: (text: string) => string | undefined;
}

export interface Setting {
  /** Environment variable. */
  readonly name: string;
  /** Key in a configuration file. */
  readonly key: string;
  readonly type: SettingType;
  readonly default: string | number | boolean | undefined;
  /** What the documentation shows as the default if there is no value. */
  readonly defaultText?: string;
  /** Can come from a file, is never quoted, and leaves the environment once it is read. */
  readonly secret?: boolean;
  /** An address in which user name, password or query may be secrets: treated as one. */
  readonly holdsCredentials?: boolean;
  readonly meaning: string;
}

/** Whether a value is never quoted, and may come from a file. */
export function isSecret({ secret, holdsCredentials }: Setting): boolean {
  return secret === true || holdsCredentials === true;
}

export const DAY_SECONDS = 86_400;
export const MAX_MEGABYTES = 1_000_000_000;
