import type * as z from "zod";
import { CONSENT_SETTINGS } from "./table/consent.ts";
import { CONTROL_SETTINGS } from "./table/control.ts";
import { DELIVERY_SETTINGS } from "./table/delivery.ts";
import { JOB_SETTINGS } from "./table/job.ts";
import { PROCESS_SETTINGS } from "./table/process.ts";
import { RECORDING_SETTINGS } from "./table/recording.ts";
import { isSecret, type Setting } from "./table/setting.ts";
import { STORAGE_SETTINGS } from "./table/storage.ts";

/**
 * Every setting: one row each, in files by subject. The reader, its types, the defaults file and
 * `docs/reference/settings.md` are made from this.
 */
export const SETTINGS = [
  ...JOB_SETTINGS,
  ...STORAGE_SETTINGS,
  ...RECORDING_SETTINGS,
  ...DELIVERY_SETTINGS,
  ...CONTROL_SETTINGS,
  ...CONSENT_SETTINGS,
  ...PROCESS_SETTINGS,
] as const;

type Row = (typeof SETTINGS)[number];

export type SettingName = Row["name"];

/** The type of each setting after reading, inferred from its schema; undefined if an optional one was left out. */
export type SettingValues = {
  readonly [Each in Row as Each["name"]]:
    | z.output<Each["type"]["schema"]>
    | (Each["default"] extends undefined ? undefined : never);
};

/** The valid settings; invalid ones are left out. */
export type ReadSettings = Partial<SettingValues>;

/** The settings whose values never appear in output, and are removed from the environment after reading. */
export const SECRET_NAMES: readonly SettingName[] = SETTINGS.flatMap((row) => (isSecret(row) ? [row.name] : []));

/** The defaults as a configuration file. */
export function defaultsFile(): Record<string, string | number | boolean> {
  const rows: readonly Setting[] = SETTINGS;
  return Object.fromEntries(rows.flatMap(({ key, default: value }) => (value === undefined ? [] : [[key, value]])));
}
