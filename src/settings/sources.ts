import { messageOf } from "../errors.ts";
import { readBounded } from "../files.ts";
import { nearestName } from "./nearest-name.ts";
import { isSecret, SETTINGS, type SettingName } from "./settings.ts";
import type { Setting } from "./table/setting.ts";

/** A file of settings is a page or two, a secret is a line. */
const MAX_CONFIG_BYTES = 1 << 20;
const MAX_SECRET_BYTES = 1 << 16;

/** Settings as somebody wrote them, with where; undefined for a secret's file that could not be read. */
export type GivenSettings = Map<SettingName, { readonly value: unknown; readonly origin: string }>;

export interface ConfigSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file with the same settings; the environment wins. */
  readonly file?: string | undefined;
  /** Wins over everything, as an argument on the command line does. */
  readonly meetingUrl?: string | undefined;
}

/** Collects what was given, from the least to the most important source. What is wrong is added to `problems`. */
export function readSources(sources: ConfigSources, problems: string[]): GivenSettings {
  const raw: GivenSettings = new Map();
  readFile(sources.file, raw, problems);
  readEnvironment(sources.environment, raw, problems);
  if (sources.meetingUrl !== undefined) {
    raw.set("MEETBOT_MEETING_URL", { value: sources.meetingUrl, origin: "the channel to record" });
    raw.delete("DISCORD_GUILD_ID");
    raw.delete("DISCORD_CHANNEL_ID");
  }
  return raw;
}

function readFile(path: string | undefined, raw: GivenSettings, problems: string[]): void {
  if (path === undefined) return;
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
  for (const [key, value] of Object.entries(content)) {
    const setting = SETTINGS.find((candidate) => candidate.key === key);
    if (setting !== undefined) raw.set(setting.name, { value, origin: `${path}: "${key}"` });
    else
      problems.push(
        `${path}: "${key}" is not a setting${suggestion(
          key,
          SETTINGS.map((row) => row.key),
        )}`,
      );
  }
}

function readEnvironment(environment: ConfigSources["environment"], raw: GivenSettings, problems: string[]): void {
  const rows: readonly Setting[] = SETTINGS;
  const known = new Set(rows.flatMap((setting) => [setting.name, ...(isSecret(setting) ? [fileOf(setting)] : [])]));
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("MEETBOT_") || known.has(name) || environment[name] === "") continue;
    problems.push(`${name} is not a setting${suggestion(name, [...known])}`);
  }
  // Either way of naming the channel in the environment wins over the other way in the file.
  if (isGiven(environment.MEETBOT_MEETING_URL)) {
    raw.delete("DISCORD_GUILD_ID");
    raw.delete("DISCORD_CHANNEL_ID");
  }
  if (isGiven(environment.DISCORD_GUILD_ID) || isGiven(environment.DISCORD_CHANNEL_ID)) {
    raw.delete("MEETBOT_MEETING_URL");
  }
  for (const setting of SETTINGS) {
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

/** The variable that names the file with a secret. */
function fileOf({ name }: Setting): string {
  return `${name}_FILE`;
}

/** An empty variable is how orchestrators say "not set". */
function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function readSecret(name: string, path: string, problems: string[]): string | undefined {
  try {
    return readBounded(path, MAX_SECRET_BYTES).toString("utf8").trim();
  } catch (error) {
    problems.push(`${name} is "${path}", expected a file that can be read: ${messageOf(error)}`);
    return undefined;
  }
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "; docs/reference/settings.md lists all" : `; did you mean ${nearest}?`;
}

/** Where the parser stumbled. The rest of its message is left out: it quotes the text around, which may be a secret. */
function placeInJson(error: unknown): string {
  const place = /\bline \d+ column \d+\b/.exec(messageOf(error));
  return place === null ? "" : ` (${place[0]})`;
}
