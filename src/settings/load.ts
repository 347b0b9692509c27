import { resolve } from "node:path";
import { ulid } from "ulid";
import { ConfigError } from "../errors.ts";
import { Redactor } from "../redactor.ts";
import { channelPlace, type Place } from "./channel-address.ts";
import { type ConsentConfig, consentOf } from "./consent.ts";
import { credentialsIn, type Reporting, reportingOf } from "./reporting.ts";
import { isSecret, SECRET_NAMES, SETTINGS, type Setting, type SettingName } from "./settings.ts";
import { type ConfigSources, type GivenSettings, readSources } from "./sources.ts";
import { type SpoolPlace, spoolPlace } from "./spool-place.ts";
import type { S3Credentials, StorageConfig } from "./storage.ts";
import { fileUriPath, s3UriPlace } from "./storage-uri.ts";
import { Values } from "./values.ts";

const BYTES_PER_MEGABYTE = 1_000_000;

/** The worker's settings, checked. Times in the units of their names. */
export interface Config extends SharedConfig {
  readonly token: string;
  readonly guildId: string;
  readonly channelId: string;
  readonly textChannelId: string | undefined;
  readonly jobId: string;
  readonly externalId: string | undefined;
  /** Whether files attached to messages are fetched. */
  readonly downloadAttachments: boolean;
  readonly attachments: { readonly maxFileBytes: number; readonly maxTotalBytes: number };
  readonly spoolSpace: { readonly lowBytes: number; readonly stopBytes: number };
  readonly autoLeave: {
    readonly entryDelayMs: number;
    readonly soloMs: number;
    readonly silenceMs: number;
    readonly maxMs: number;
    readonly onBotDetected: boolean;
  };
  readonly rotate: "utterance" | "duration" | "never";
  readonly rotateSilenceSeconds: number;
  readonly maxPartSeconds: number;
  /** Where to serve health, metrics and control; undefined if off. Without a token nobody controls the worker. */
  readonly http:
    | {
        readonly host: string;
        readonly port: number;
        readonly token: string | undefined;
        readonly allowedHosts: readonly string[];
      }
    | undefined;
  readonly onMoved: "follow" | "leave";
  readonly takeover: boolean;
  readonly recordPlaintext: boolean;
  readonly consent: ConsentConfig;
  readonly discordApi: string | undefined;
  readonly captureDirectory: string | undefined;
}

/** Settings of commands that need no call. */
export interface SharedConfig extends Reporting {
  readonly storage: StorageConfig;
  /** Undefined if the AWS SDK has to find them, or none are needed. */
  readonly s3Credentials: S3Credentials | undefined;
  /** The endpoint that the credentials are for; Amazon's if undefined. */
  readonly s3Endpoint: string | undefined;
  readonly spool: SpoolPlace;
  readonly shutdownGraceMs: number;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** Values that must appear nowhere. */
  readonly secrets: readonly string[];
}

/**
 * Reads the settings of a recording.
 *
 * @throws ConfigError with every problem at once
 */
export function loadConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const { given, values, place, reporting, consent } = checkRecording(sources, problems);
  refuseIfAny(problems, given);
  if (place === undefined) throw new TypeError("a channel that is not given is a problem");
  return { ...assemble(values, place, reporting, sources), consent };
}

/** The settings of a recording, as somebody gave them and as they were understood. */
export interface CheckedRecording {
  readonly given: GivenSettings;
  readonly values: Values;
  /** Undefined if it is a problem. */
  readonly place: Place | undefined;
  readonly reporting: Reporting;
  readonly consent: ConsentConfig;
}

/**
 * Checks the settings of a recording. What is wrong goes to `problems`.
 *
 * @param elsewhere secrets that another machine will have: they count as given, and cannot be looked at here
 */
export function checkRecording(
  sources: ConfigSources,
  problems: string[],
  elsewhere: readonly SettingName[] = [],
): CheckedRecording {
  const given = readSources(sources, problems);
  for (const name of elsewhere) if (!given.has(name)) given.set(name, { value: undefined, origin: name });
  const values = checkValues(given, problems);
  checkCredentials(given, problems);
  const place = placeOf(values, given, problems);
  const reporting = reportingOf(values, given, problems);
  const consent = consentOf(values, problems);
  if (!given.has("DISCORD_BOT_TOKEN")) {
    problems.push(
      "DISCORD_BOT_TOKEN is not set; give the path of a file that holds the bot's token as DISCORD_BOT_TOKEN_FILE, or the token itself as DISCORD_BOT_TOKEN",
    );
  }
  return { given, values: new Values(values), place, reporting, consent };
}

/**
 * Reads the settings that matter if there is no call: neither token nor channel need be there.
 *
 * @throws ConfigError with every problem at once
 */
export function loadSharedConfig(sources: ConfigSources): SharedConfig {
  const problems: string[] = [];
  const raw = readSources(sources, problems);
  const values = checkValues(raw, problems);
  checkCredentials(raw, problems);
  const reporting = reportingOf(values, raw, problems);
  refuseIfAny(problems, raw);
  return sharedOf(new Values(values), reporting, sources);
}

function checkValues(raw: GivenSettings, problems: string[]): Map<SettingName, unknown> {
  const values = new Map<SettingName, unknown>();
  for (const setting of SETTINGS) {
    const given = raw.get(setting.name);
    if (given === undefined) {
      if (setting.default !== undefined) values.set(setting.name, setting.default);
      continue;
    }
    if (given.value === undefined) continue; // a secret's file that could not be read: told already
    const result = setting.type.schema.safeParse(given.value);
    if (result.success) values.set(setting.name, result.data);
    else
      problems.push(`${given.origin} is ${quote(given.value, setting)}, expected ${expectedOf(setting, given.value)}`);
  }
  return values;
}

function checkCredentials(raw: GivenSettings, problems: string[]): void {
  if (raw.has("AWS_ACCESS_KEY_ID") === raw.has("AWS_SECRET_ACCESS_KEY")) return;
  problems.push("only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set, expected both or none");
}

function placeOf(
  values: ReadonlyMap<SettingName, unknown>,
  raw: ReadonlyMap<SettingName, unknown>,
  problems: string[],
): Place | undefined {
  const url = values.get("MEETBOT_MEETING_URL");
  const guildId = values.get("DISCORD_GUILD_ID");
  const channelId = values.get("DISCORD_CHANNEL_ID");
  if (typeof url === "string") {
    const place = channelPlace(url);
    if (place === undefined) throw new TypeError("a channel that was not understood is a problem");
    if ((guildId ?? place.guildId) !== place.guildId || (channelId ?? place.channelId) !== place.channelId) {
      problems.push(
        `MEETBOT_MEETING_URL is "${url}", but DISCORD_GUILD_ID and DISCORD_CHANNEL_ID name another channel`,
      );
    }
    return place;
  }
  if (typeof guildId === "string" && typeof channelId === "string") return { guildId, channelId };
  const badlyGiven = ["MEETBOT_MEETING_URL", "DISCORD_GUILD_ID", "DISCORD_CHANNEL_ID"] as const;
  if (!badlyGiven.some((name) => raw.has(name) && !values.has(name))) {
    problems.push(
      "no voice channel is given: set MEETBOT_MEETING_URL to discord://GUILD_ID/CHANNEL_ID, or DISCORD_GUILD_ID and DISCORD_CHANNEL_ID",
    );
  }
  return undefined;
}

function assemble(values: Values, place: Place, reporting: Reporting, sources: ConfigSources): Omit<Config, "consent"> {
  const captureDirectory = values.optionalText("MEETBOT_CAPTURE_DIR");
  return {
    ...sharedOf(values, reporting, sources),
    token: values.text("DISCORD_BOT_TOKEN"),
    ...place,
    textChannelId: values.optionalText("DISCORD_TEXT_CHANNEL_ID"),
    jobId: jobIdOf(values),
    externalId: values.optionalText("MEETBOT_EXTERNAL_ID"),
    attachments: {
      maxFileBytes: values.number("MEETBOT_CHAT_ATTACHMENTS_MAX_FILE_MB") * BYTES_PER_MEGABYTE,
      maxTotalBytes: values.number("MEETBOT_CHAT_ATTACHMENTS_MAX_TOTAL_MB") * BYTES_PER_MEGABYTE,
    },
    downloadAttachments: values.text("MEETBOT_CHAT_ATTACHMENTS") === "download",
    spoolSpace: {
      lowBytes: values.number("MEETBOT_SPOOL_LOW_MB") * BYTES_PER_MEGABYTE,
      stopBytes: values.number("MEETBOT_SPOOL_STOP_MB") * BYTES_PER_MEGABYTE,
    },
    autoLeave: {
      entryDelayMs: values.ms("MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS"),
      soloMs: values.ms("MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS"),
      silenceMs: values.ms("MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS"),
      maxMs: values.ms("MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS"),
      onBotDetected: values.flag("MEETBOT_AUTO_LEAVE_ON_BOT_DETECTED"),
    },
    rotate: values.text("MEETBOT_ROTATE") as Config["rotate"],
    rotateSilenceSeconds: values.number("MEETBOT_ROTATE_SILENCE_SECONDS"),
    maxPartSeconds: values.number("MEETBOT_MAX_PART_SECONDS"),
    http: values.has("MEETBOT_HTTP_PORT")
      ? {
          host: values.text("MEETBOT_HTTP_HOST"),
          port: values.number("MEETBOT_HTTP_PORT"),
          token: values.optionalText("MEETBOT_CONTROL_TOKEN"),
          allowedHosts: values.optionalText("MEETBOT_HTTP_ALLOWED_HOSTS")?.toLowerCase().split(",") ?? [],
        }
      : undefined,
    onMoved: values.text("MEETBOT_ON_MOVED") as Config["onMoved"],
    takeover: values.flag("MEETBOT_TAKEOVER"),
    recordPlaintext: values.flag("MEETBOT_RECORD_PLAINTEXT"),
    discordApi: values.optionalText("MEETBOT_DISCORD_API"),
    captureDirectory: captureDirectory === undefined ? undefined : resolve(captureDirectory),
  };
}

/** The one that was given, or a new one. */
export function jobIdOf(values: Values): string {
  return values.optionalText("MEETBOT_JOB_ID") ?? `job_${ulid()}`;
}

function sharedOf(values: Values, reporting: Reporting, { environment }: ConfigSources): SharedConfig {
  return {
    storage: storageOf(values),
    s3Credentials: credentialsOf(values),
    s3Endpoint: values.optionalText("MEETBOT_S3_ENDPOINT"),
    spool: spoolPlace(values.optionalText("MEETBOT_SPOOL_DIR"), environment),
    shutdownGraceMs: values.ms("MEETBOT_SHUTDOWN_GRACE_SECONDS"),
    logLevel: values.text("MEETBOT_LOG_LEVEL") as SharedConfig["logLevel"],
    ...reporting,
    secrets: [...SECRET_NAMES.flatMap((name) => values.optionalText(name) ?? []), ...credentialsIn(reporting)],
  };
}

function storageOf(values: Values): StorageConfig {
  const uri = values.text("MEETBOT_STORAGE_URI");
  const place = s3UriPlace(uri);
  if (place === undefined) return { kind: "file", directory: resolve(fileUriPath(uri) ?? "") };
  const endpoint = values.optionalText("MEETBOT_S3_ENDPOINT");
  const region = values.optionalText("MEETBOT_S3_REGION");
  return {
    kind: "s3",
    ...place,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    forcePathStyle: values.flag("MEETBOT_S3_FORCE_PATH_STYLE"),
    checksums: values.text("MEETBOT_S3_CHECKSUMS") === "none" ? "none" : "sha256",
  };
}

function credentialsOf(values: Values): S3Credentials | undefined {
  const accessKeyId = values.optionalText("AWS_ACCESS_KEY_ID");
  const secretAccessKey = values.optionalText("AWS_SECRET_ACCESS_KEY");
  const sessionToken = values.optionalText("AWS_SESSION_TOKEN");
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function expectedOf({ type: { accepts, explain } }: Setting, value: unknown): string {
  const why = typeof value === "string" ? explain?.(value) : undefined;
  return why === undefined ? accepts : `${accepts}; ${why}`;
}

function quote(value: unknown, setting: Setting): string {
  return isSecret(setting) ? "not a usable value (not shown)" : JSON.stringify(value);
}

/**
 * A secret that was put into another setting by mistake is quoted as that setting's value: secrets are taken out.
 *
 * @throws ConfigError if there are problems
 */
export function refuseIfAny(problems: readonly string[], given: GivenSettings): void {
  if (problems.length === 0) return;
  const secrets = SECRET_NAMES.map((name) => given.get(name)?.value).filter((value) => typeof value === "string");
  const redactor = new Redactor(secrets);
  throw new ConfigError(problems.map((problem) => redactor.redact(problem)));
}
