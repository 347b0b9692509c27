import { resolve } from "node:path";
import { ulid } from "ulid";
import { ConfigError } from "../errors.ts";
import { Redactor } from "../redactor.ts";
import { channelPlace, type Place } from "./channel-address.ts";
import { type ConsentConfig, consentOf } from "./consent.ts";
import { credentialsIn, type DeliverySettings, deliveryOf } from "./delivery.ts";
import { checkRows } from "./read-rows.ts";
import { type ReadSettings, SECRET_NAMES, SETTINGS, type SettingName, type SettingValues } from "./settings.ts";
import { type ConfigSources, type GivenSettings, readSources } from "./sources.ts";
import { type SpoolPlace, spoolPlace } from "./spool-place.ts";
import { credentialsOf, type S3Credentials, type StorageConfig, storageOf } from "./storage.ts";

const BYTES_PER_MEGABYTE = 1_000_000;
const MS_PER_SECOND = 1_000;

/** The worker's validated settings. Times have the units in their names. */
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
  readonly rotate: SettingValues["MEETBOT_ROTATE"];
  readonly rotateSilenceSeconds: number;
  readonly maxPartSeconds: number;
  /** Where to serve health, metrics and control; undefined if off. Without a token the worker cannot be controlled. */
  readonly http:
    | {
        readonly host: string;
        readonly port: number;
        readonly token: string | undefined;
        readonly allowedHosts: readonly string[];
        /** Where to write the address; undefined for nowhere. */
        readonly addressFile: string | undefined;
      }
    | undefined;
  /** Where to note logins; undefined for nowhere. */
  readonly loginsFile: string | undefined;
  readonly onMoved: SettingValues["MEETBOT_ON_MOVED"];
  readonly takeover: boolean;
  readonly recordPlaintext: boolean;
  readonly batchedReceive: boolean;
  readonly consent: ConsentConfig;
  readonly discordApi: string | undefined;
  readonly captureDirectory: string | undefined;
}

/** Settings of commands that need no call. */
export interface SharedConfig extends DeliverySettings {
  readonly storage: StorageConfig;
  /** Undefined if the AWS SDK must find them, or if none are needed. */
  readonly s3Credentials: S3Credentials | undefined;
  /** The endpoint that the credentials are for; Amazon's if undefined. */
  readonly s3Endpoint: string | undefined;
  readonly spool: SpoolPlace;
  readonly shutdownGraceMs: number;
  readonly logLevel: SettingValues["MEETBOT_LOG_LEVEL"];
  /** Values that must never appear in output. */
  readonly secrets: readonly string[];
}

/**
 * Reads the settings of a recording.
 *
 * @throws ConfigError with every problem at once
 */
export function loadConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const { given, values, place, delivery, consent } = checkRecording(sources, problems);
  refuseIfAny(problems, given);
  const { DISCORD_BOT_TOKEN: token } = values;
  if (place === undefined || token === undefined) throw new TypeError("what is not given is a problem");
  return { token, ...place, ...assemble(complete(values), delivery, sources), consent };
}

/** The settings of a recording, both raw and parsed. */
export interface CheckedRecording {
  readonly given: GivenSettings;
  readonly values: ReadSettings;
  /** Undefined if it is invalid. */
  readonly place: Place | undefined;
  readonly delivery: DeliverySettings;
  readonly consent: ConsentConfig;
}

/**
 * Checks the settings of a recording. Errors are added to `problems`.
 *
 * @param elsewhere secrets that another machine will have; they count as set and cannot be checked here
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
  const delivery = deliveryOf(values, given, problems);
  const consent = consentOf(values, problems);
  if (!given.has("DISCORD_BOT_TOKEN")) {
    problems.push(
      "DISCORD_BOT_TOKEN is not set; give the path of a file that holds the bot's token as DISCORD_BOT_TOKEN_FILE, or the token itself as DISCORD_BOT_TOKEN",
    );
  }
  return { given, values, place, delivery, consent };
}

/**
 * Reads the settings for commands without a call, which need no token or channel.
 *
 * @throws ConfigError with every problem at once
 */
export function loadSharedConfig(sources: ConfigSources): SharedConfig {
  const problems: string[] = [];
  const raw = readSources(sources, problems);
  const values = checkValues(raw, problems);
  checkCredentials(raw, problems);
  const delivery = deliveryOf(values, raw, problems);
  refuseIfAny(problems, raw);
  return sharedOf(complete(values), delivery, sources);
}

function checkValues(raw: GivenSettings, problems: string[]): ReadSettings {
  // Each value comes from the schema of its own row.
  return checkRows(SETTINGS, raw, problems) as ReadSettings;
}

/** Settings without a problem: none that has a default is left out. */
export function complete(values: ReadSettings): SettingValues {
  return values as SettingValues;
}

function checkCredentials(raw: GivenSettings, problems: string[]): void {
  if (raw.has("AWS_ACCESS_KEY_ID") === raw.has("AWS_SECRET_ACCESS_KEY")) return;
  problems.push("only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set, expected both or none");
}

function placeOf(values: ReadSettings, raw: ReadonlyMap<SettingName, unknown>, problems: string[]): Place | undefined {
  const { MEETBOT_MEETING_URL: url, DISCORD_GUILD_ID: guildId, DISCORD_CHANNEL_ID: channelId } = values;
  if (url !== undefined) {
    const place = channelPlace(url);
    if (place === undefined) throw new TypeError("a channel that was not understood is a problem");
    if ((guildId ?? place.guildId) !== place.guildId || (channelId ?? place.channelId) !== place.channelId) {
      problems.push(
        `MEETBOT_MEETING_URL is "${url}", but DISCORD_GUILD_ID and DISCORD_CHANNEL_ID name another channel`,
      );
    }
    return place;
  }
  if (guildId !== undefined && channelId !== undefined) return { guildId, channelId };
  const badlyGiven = ["MEETBOT_MEETING_URL", "DISCORD_GUILD_ID", "DISCORD_CHANNEL_ID"] as const;
  if (!badlyGiven.some((name) => raw.has(name) && values[name] === undefined)) {
    problems.push(
      "no voice channel is given: set MEETBOT_MEETING_URL to discord://GUILD_ID/CHANNEL_ID, or DISCORD_GUILD_ID and DISCORD_CHANNEL_ID",
    );
  }
  return undefined;
}

function assemble(
  values: SettingValues,
  delivery: DeliverySettings,
  sources: ConfigSources,
): Omit<Config, "consent" | "token" | keyof Place> {
  const { MEETBOT_CAPTURE_DIR: captureDirectory, MEETBOT_HTTP_PORT: port } = values;
  return {
    ...sharedOf(values, delivery, sources),
    textChannelId: values.DISCORD_TEXT_CHANNEL_ID,
    jobId: jobIdOf(values),
    externalId: values.MEETBOT_EXTERNAL_ID,
    attachments: {
      maxFileBytes: values.MEETBOT_CHAT_ATTACHMENTS_MAX_FILE_MB * BYTES_PER_MEGABYTE,
      maxTotalBytes: values.MEETBOT_CHAT_ATTACHMENTS_MAX_TOTAL_MB * BYTES_PER_MEGABYTE,
    },
    downloadAttachments: values.MEETBOT_CHAT_ATTACHMENTS === "download",
    spoolSpace: {
      lowBytes: values.MEETBOT_SPOOL_LOW_MB * BYTES_PER_MEGABYTE,
      stopBytes: values.MEETBOT_SPOOL_STOP_MB * BYTES_PER_MEGABYTE,
    },
    autoLeave: {
      entryDelayMs: values.MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS * MS_PER_SECOND,
      soloMs: values.MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS * MS_PER_SECOND,
      silenceMs: values.MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS * MS_PER_SECOND,
      maxMs: values.MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS * MS_PER_SECOND,
      onBotDetected: values.MEETBOT_AUTO_LEAVE_ON_BOT_DETECTED,
    },
    rotate: values.MEETBOT_ROTATE,
    rotateSilenceSeconds: values.MEETBOT_ROTATE_SILENCE_SECONDS,
    maxPartSeconds: values.MEETBOT_MAX_PART_SECONDS,
    http:
      port === undefined
        ? undefined
        : {
            host: values.MEETBOT_HTTP_HOST,
            port,
            token: values.MEETBOT_CONTROL_TOKEN,
            allowedHosts: values.MEETBOT_HTTP_ALLOWED_HOSTS?.toLowerCase().split(",") ?? [],
            addressFile: values.MEETBOT_HTTP_ADDRESS_FILE,
          },
    loginsFile: values.MEETBOT_LOGINS_FILE,
    onMoved: values.MEETBOT_ON_MOVED,
    takeover: values.MEETBOT_TAKEOVER,
    recordPlaintext: values.MEETBOT_RECORD_PLAINTEXT,
    batchedReceive: values.MEETBOT_BATCHED_RECEIVE,
    discordApi: values.MEETBOT_DISCORD_API,
    captureDirectory: captureDirectory === undefined ? undefined : resolve(captureDirectory),
  };
}

/** The given id, or a new one. */
export function jobIdOf(values: ReadSettings): string {
  return values.MEETBOT_JOB_ID ?? `job_${ulid()}`;
}

function sharedOf(values: SettingValues, delivery: DeliverySettings, { environment }: ConfigSources): SharedConfig {
  return {
    storage: storageOf(values),
    s3Credentials: credentialsOf(values),
    s3Endpoint: values.MEETBOT_S3_ENDPOINT,
    spool: spoolPlace(values.MEETBOT_SPOOL_DIR, environment),
    shutdownGraceMs: values.MEETBOT_SHUTDOWN_GRACE_SECONDS * MS_PER_SECOND,
    logLevel: values.MEETBOT_LOG_LEVEL,
    ...delivery,
    secrets: [
      ...SECRET_NAMES.map((name) => values[name]).filter((value) => typeof value === "string"),
      ...credentialsIn(delivery),
    ],
  };
}

/**
 * A secret that was put into another setting by mistake would be quoted as that setting's value, so secrets are
 * removed.
 *
 * @throws ConfigError if there are problems
 */
export function refuseIfAny(problems: readonly string[], given: GivenSettings): void {
  if (problems.length === 0) return;
  const secrets = SECRET_NAMES.map((name) => given.get(name)?.value).filter((value) => typeof value === "string");
  const redactor = new Redactor(secrets);
  throw new ConfigError(problems.map((problem) => redactor.redact(problem)));
}
