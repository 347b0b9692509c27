import { messageOf } from "../errors.ts";
import { readBounded } from "../files.ts";
import { nearestName } from "./nearest-name.ts";
import { isSecret, type Setting } from "./table/setting.ts";

/** Reads any table of settings: a file, the environment, and each row's schema. Problems are sentences for people. */

/** A settings file has a page or two, a secret has one line. */
const MAX_CONFIG_BYTES = 1 << 20;
const MAX_SECRET_BYTES = 1 << 16;

/** Raw settings with their sources; undefined for a secret's file that could not be read. */
export type GivenRows<Name extends string> = Map<Name, { readonly value: unknown; readonly origin: string }>;

/** A table, and how its settings are found. */
export interface SettingTable<Name extends string> {
  readonly rows: readonly (Setting & { readonly name: Name })[];
  /** Whether a variable must be one of the table's settings. */
  readonly isOurs: (variable: string) => boolean;
  /** The page that lists all. */
  readonly page: string;
}

export function readSettingsFile<Name extends string>(
  path: string,
  table: SettingTable<Name>,
  raw: GivenRows<Name>,
  problems: string[],
): void {
  let text: string;
  try {
    text = readBounded(path, MAX_CONFIG_BYTES).toString("utf8");
  } catch (error) {
    problems.push(`--config ${path}: ${messageOf(error)}, expected a file that can be read`);
    return;
  }
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, "")); // RFC 8259 §8.1: a parser may ignore a byte order mark
  } catch (error) {
    problems.push(`--config ${path}: not JSON${placeInJson(error)}, expected a JSON object of settings`);
    return;
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    problems.push(`--config ${path}: expected a JSON object of settings`);
    return;
  }
  const keys = table.rows.map(({ key }) => key);
  for (const [key, value] of Object.entries(content)) {
    const setting = table.rows.find((candidate) => candidate.key === key);
    if (setting !== undefined) raw.set(setting.name, { value, origin: `${path}: "${key}"` });
    else problems.push(`${path}: "${key}" is not a setting${suggestion(key, keys, table.page)}`);
  }
}

export function readEnvironment<Name extends string>(
  environment: Readonly<Record<string, string | undefined>>,
  { rows, isOurs, page }: SettingTable<Name>,
  raw: GivenRows<Name>,
  problems: string[],
): void {
  const known = new Set<string>(rows.flatMap((row) => [row.name, ...(isSecret(row) ? [fileOf(row)] : [])]));
  for (const name of Object.keys(environment)) {
    if (!isOurs(name) || known.has(name) || environment[name] === "") continue;
    problems.push(`${name} is not a setting${suggestion(name, [...known], page)}`);
  }
  for (const setting of rows) {
    const { name } = setting;
    const value = environment[name];
    const path = isSecret(setting) ? environment[fileOf(setting)] : undefined;
    if (isGiven(value)) raw.set(name, { value, origin: name });
    if (path === undefined || path === "") continue;
    if (isGiven(value)) problems.push(`${name} and ${name}_FILE are both set, expected one of them`);
    const secret = readSecret(`${name}_FILE`, path, problems);
    raw.set(name, { value: secret, origin: `${name}_FILE` });
  }
}

/** An empty variable is how orchestrators say "not set". */
export function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

/** Each value from the schema of its row, or the row's default. Invalid settings are left out. */
export function checkRows<Name extends string>(
  rows: SettingTable<Name>["rows"],
  raw: GivenRows<Name>,
  problems: string[],
): Partial<Record<Name, unknown>> {
  const values: Partial<Record<Name, unknown>> = {};
  for (const setting of rows) {
    const given = raw.get(setting.name);
    if (given === undefined) {
      if (setting.default !== undefined) values[setting.name] = setting.default;
      continue;
    }
    if (given.value === undefined) continue; // a secret's file that could not be read, which is a problem already
    const result = setting.type.schema.safeParse(given.value);
    if (result.success) values[setting.name] = result.data;
    else
      problems.push(`${given.origin} is ${quote(given.value, setting)}, expected ${expectedOf(setting, given.value)}`);
  }
  return values;
}

function expectedOf({ type: { accepts, explain } }: Setting, value: unknown): string {
  const why = typeof value === "string" ? explain?.(value) : undefined;
  return why === undefined ? accepts : `${accepts}; ${why}`;
}

function quote(value: unknown, setting: Setting): string {
  return isSecret(setting) ? "not a usable value (not shown)" : JSON.stringify(value);
}

/** The variable that names the file with a secret. */
function fileOf({ name }: Setting): string {
  return `${name}_FILE`;
}

function readSecret(name: string, path: string, problems: string[]): string | undefined {
  try {
    return readBounded(path, MAX_SECRET_BYTES).toString("utf8").trim();
  } catch (error) {
    problems.push(`${name} is "${path}", expected a file that can be read: ${messageOf(error)}`);
    return undefined;
  }
}

function suggestion(name: string, known: readonly string[], page: string): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `; ${page} lists all` : `; did you mean ${nearest}?`;
}

/**
 * The position of the parser's error. The rest of its message is left out, because it quotes nearby text, which may be
 * secret.
 */
function placeInJson(error: unknown): string {
  const place = /\bline \d+ column \d+\b/.exec(messageOf(error));
  return place === null ? "" : ` (${place[0]})`;
}
