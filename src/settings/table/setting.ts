import type * as z from "zod";

/** How a value is read, and a description of accepted values. */
export interface SettingType<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly accepts: string;
  /** The problem of a refused text, if it is more specific than `accepts`. */
  readonly explain?: (text: string) => string | undefined;
}

export interface Setting {
  /** Environment variable. */
  readonly name: string;
  /** Key in a configuration file. */
  readonly key: string;
  readonly type: SettingType;
  readonly default: string | number | boolean | undefined;
  /** The documented default if there is no value. */
  readonly defaultText?: string;
  /** Can come from a file, is never quoted, and is removed from the environment after reading. */
  readonly secret?: boolean;
  /** An address whose user name, password or query may be secret, so it is treated as a secret. */
  readonly holdsCredentials?: boolean;
  readonly meaning: string;
}

/** Whether a value is never quoted, and may come from a file. */
export function isSecret({ secret, holdsCredentials }: Setting): boolean {
  return secret === true || holdsCredentials === true;
}

export const DAY_SECONDS = 86_400;
export const MAX_MEGABYTES = 1_000_000_000;
