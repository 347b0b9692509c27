import { posix } from "node:path";
import { z } from "zod";
import { MAX_MESSAGE_LENGTH } from "../session/forms.ts";
import { channelPlace } from "./channel-address.ts";
import { bucketProblem, fileUriPath, localPath, s3UriPlace } from "./storage-uri.ts";

/**
 * Every setting: one row each. The reader, the defaults file and `docs/reference/settings.md` are made from this.
 */

/** How a value is read, and what is accepted in a person's words. */
export interface SettingType {
  readonly schema: z.ZodType;
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

const text: SettingType = { schema: z.string().min(1), accepts: "text" };

const snowflake: SettingType = {
  schema: z.string().regex(/^\d{17,20}$/),
  accepts: "a Discord id of 17 to 20 digits",
};

const token: SettingType = {
  // Three parts in Base64url; the first is the bot's id. Only length and shape are checked, so that new forms pass.
  schema: z.string().regex(/^[\w-]{10,}\.[\w-]{4,}\.[\w-]{10,}$/),
  accepts: "a bot token: three parts with dots between them, from Bot, Reset Token in the Developer Portal",
};

const meetingUrl: SettingType = {
  schema: z.string().refine((text) => channelPlace(text) !== undefined),
  accepts:
    "discord://GUILD_ID/CHANNEL_ID, a link such as https://discord.com/channels/GUILD_ID/CHANNEL_ID, or both ids, of 17 to 20 digits each",
};

const httpUrl: SettingType = {
  schema: z.url({ protocol: /^https?$/ }).refine((url) => !/^\w+:\/\/[^/]*@/.test(url)),
  accepts: "an http:// or https:// address without user name and password",
};

const webhookUrl: SettingType = {
  schema: z.url({ protocol: /^https?$/ }),
  accepts: "an https:// address",
};

/** Of the shortest secrets that the redactor takes out of logs. */
const sharedSecret: SettingType = { schema: z.string().min(6), accepts: "a text of at least 6 characters" };

const bearerToken: SettingType = {
  // What an HTTP header can hold without harm: RFC 9110 §5.5, VCHAR.
  schema: z.string().regex(/^[\x21-\x7e]{6,}$/),
  accepts: "a token of at least 6 ASCII characters without spaces",
};

/** As long as Discord takes them. */
const messageText: SettingType = {
  schema: z.string().regex(/\S/).max(MAX_MESSAGE_LENGTH),
  accepts: `a text of at most ${MAX_MESSAGE_LENGTH} characters, or off`,
};

/** With room for a name in Discord's 32 characters. */
const nicknamePrefix: SettingType = {
  schema: z.string().regex(/\S/).max(16),
  accepts: "a text of at most 16 characters, or off",
};

const ipAddress: SettingType = {
  schema: z.union([z.ipv4(), z.ipv6()]),
  accepts: "an IP address",
};

/** Becomes a folder's name. */
const pathSafe: SettingType = {
  schema: z
    .string()
    .regex(/^[\w.:@=+-]{1,128}$/)
    .refine((value) => posix.basename(value) === value && value !== "." && value !== ".."),
  accepts: "1 to 128 letters, digits and any of . _ : @ = + -",
};

const storageUri: SettingType = {
  schema: z.string().refine((uri) => (fileUriPath(uri) ?? s3UriPlace(uri)) !== undefined),
  accepts: "file:DIR, a folder on this machine, or s3://BUCKET/PREFIX",
  explain: bucketProblem,
};

const path: SettingType = {
  schema: z
    .string()
    .min(1)
    .transform(localPath)
    .refine((place) => place !== undefined),
  accepts: "a path on this machine",
};

/** A file's and an environment variable's numbers: digits, nothing else. */
function wholeNumber(min: number, max: number, unit: string): SettingType {
  return {
    schema: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(min).max(max)),
    accepts: `a whole number of ${unit} from ${min} to ${max}`,
  };
}

const yesOrNo: SettingType = {
  schema: z.union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")]),
  accepts: "true or false",
};

/** RFC 1123 §2.1. */
const hostnames: SettingType = {
  schema: z.string().regex(/^[a-z\d]([a-z\d.-]{0,252})(,[a-z\d]([a-z\d.-]{0,252}))*$/i),
  accepts: "host names without ports, separated by commas, such as recorder.example.org,recorder",
};

const port: SettingType = { ...wholeNumber(0, 65_535, ""), accepts: "a port number from 0 to 65535" };

function oneOf(...values: [string, ...string[]]): SettingType {
  return { schema: z.enum(values), accepts: `one of ${values.join(", ")}` };
}

const DAY_SECONDS = 86_400;
const MAX_MEGABYTES = 1_000_000_000;
const threshold = (meaning: string) => `${meaning}; 0 turns the rule off`;

/** A file is held in memory whole, two at a time. */
const MAX_ATTACHMENT_MEGABYTES = 100;

export const SETTINGS = [
  {
    name: "DISCORD_BOT_TOKEN",
    key: "botToken",
    type: token,
    default: undefined,
    defaultText: "required",
    secret: true,
    meaning: "the bot's token",
  },
  {
    name: "MEETBOT_MEETING_URL",
    key: "meetingUrl",
    type: meetingUrl,
    default: undefined,
    defaultText: "required, or the two ids",
    meaning:
      "the voice channel: `discord://GUILD_ID/CHANNEL_ID`, its link `https://discord.com/channels/…`, or both ids",
  },
  {
    name: "DISCORD_GUILD_ID",
    key: "guildId",
    type: snowflake,
    default: undefined,
    meaning: "the server, instead of the URL",
  },
  {
    name: "DISCORD_CHANNEL_ID",
    key: "channelId",
    type: snowflake,
    default: undefined,
    meaning: "the voice channel, instead of the URL",
  },
  {
    name: "DISCORD_TEXT_CHANNEL_ID",
    key: "textChannelId",
    type: snowflake,
    default: undefined,
    meaning:
      "the text channel for chat and notices. Without it chat is not captured, and notices go to the voice channel's own chat",
  },
  {
    name: "MEETBOT_CHAT_ATTACHMENTS",
    key: "chatAttachments",
    type: oneOf("metadata", "download"),
    default: "metadata",
    meaning: "`download` also stores the files attached to messages; `metadata` only describes them",
  },
  {
    name: "MEETBOT_CHAT_ATTACHMENTS_MAX_FILE_MB",
    key: "chatAttachmentsMaxFileMb",
    type: wholeNumber(1, MAX_ATTACHMENT_MEGABYTES, "megabytes"),
    default: 25,
    meaning: "with `download`: larger files are not stored, with a warning",
  },
  {
    name: "MEETBOT_CHAT_ATTACHMENTS_MAX_TOTAL_MB",
    key: "chatAttachmentsMaxTotalMb",
    type: wholeNumber(1, MAX_MEGABYTES, "megabytes"),
    default: 1_000,
    meaning: "with `download`: limit for all attached files of a job together",
  },
  {
    name: "MEETBOT_JOB_ID",
    key: "jobId",
    type: pathSafe,
    default: undefined,
    defaultText: "`job_` and a ULID",
    meaning: "the job's id, and the name of its folder",
  },
  {
    name: "MEETBOT_EXTERNAL_ID",
    key: "externalId",
    type: pathSafe,
    default: undefined,
    meaning: "your own id for the job, repeated in the manifest and in job events",
  },
  {
    name: "MEETBOT_STORAGE_URI",
    key: "storageUri",
    type: storageUri,
    default: "file:./recordings",
    meaning: "where recordings go, `file:DIR` or `s3://BUCKET/PREFIX`; each job writes under `<prefix>/<jobId>/`",
  },
  {
    name: "MEETBOT_S3_ENDPOINT",
    key: "s3Endpoint",
    type: httpUrl,
    default: undefined,
    defaultText: "Amazon's",
    meaning: "address of another store, such as R2, MinIO or Ceph",
  },
  {
    name: "MEETBOT_S3_REGION",
    key: "s3Region",
    type: text,
    default: undefined,
    defaultText: "`AWS_REGION`",
    meaning: "the bucket's region",
  },
  {
    name: "MEETBOT_S3_FORCE_PATH_STYLE",
    key: "s3ForcePathStyle",
    type: yesOrNo,
    default: false,
    meaning: "put the bucket's name into the path of the address instead of its host; MinIO and Ceph mostly need it",
  },
  {
    name: "MEETBOT_S3_CHECKSUMS",
    key: "s3Checksums",
    type: oneOf("sha256", "none"),
    default: "sha256",
    meaning: "`sha256` sends a checksum with each upload; `none` is for stores that refuse the header",
  },
  {
    name: "AWS_ACCESS_KEY_ID",
    key: "awsAccessKeyId",
    type: text,
    default: undefined,
    defaultText: "as the AWS SDK finds it",
    secret: true,
    meaning: "credentials for `s3:`",
  },
  {
    name: "AWS_SECRET_ACCESS_KEY",
    key: "awsSecretAccessKey",
    type: text,
    default: undefined,
    defaultText: "as the AWS SDK finds it",
    secret: true,
    meaning: "the secret half of the credentials",
  },
  {
    name: "AWS_SESSION_TOKEN",
    key: "awsSessionToken",
    type: text,
    default: undefined,
    secret: true,
    meaning: "needed with temporary credentials",
  },
  {
    name: "MEETBOT_SPOOL_DIR",
    key: "spoolDir",
    type: path,
    default: undefined,
    defaultText: "`meetbot-discord` in `XDG_STATE_HOME` or `~/.local/state`",
    meaning: "local folder for a recording until it is stored and verified",
  },
  {
    name: "MEETBOT_SPOOL_LOW_MB",
    key: "spoolLowMb",
    type: wholeNumber(0, MAX_MEGABYTES, "megabytes"),
    default: 1_000,
    meaning: "with less free space on the spool's disk, open files are closed and stored early",
  },
  {
    name: "MEETBOT_SPOOL_STOP_MB",
    key: "spoolStopMb",
    type: wholeNumber(0, MAX_MEGABYTES, "megabytes"),
    default: 100,
    meaning: "with less free space, the recording ends with what is there; 0 turns this off",
  },
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS",
    key: "autoLeaveAfterEntryDelaySeconds",
    type: wholeNumber(0, DAY_SECONDS, "seconds"),
    default: 300,
    meaning: threshold("leave if no person has joined since the bot connected"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS",
    key: "autoLeaveAfterSoloSeconds",
    type: wholeNumber(0, DAY_SECONDS, "seconds"),
    default: 60,
    meaning: threshold("leave if everybody has left; a person who comes back resets the time"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS",
    key: "autoLeaveAfterSilenceSeconds",
    type: wholeNumber(0, DAY_SECONDS, "seconds"),
    default: 900,
    meaning: threshold("leave if people are there and nobody speaks"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS",
    key: "autoLeaveAfterMaxSeconds",
    type: wholeNumber(0, 7 * DAY_SECONDS, "seconds"),
    default: 14_400,
    meaning: threshold("leave this long after the bot connected"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_ON_BOT_DETECTED",
    key: "autoLeaveOnBotDetected",
    type: yesOrNo,
    default: false,
    meaning: "leave if another recorder is in the channel: a bot with a known id or name, never a person",
  },
  {
    name: "MEETBOT_ROTATE",
    key: "rotate",
    type: oneOf("utterance", "duration", "never"),
    default: "utterance",
    meaning: "when a speaker's file ends and the next one begins",
  },
  {
    name: "MEETBOT_ROTATE_SILENCE_SECONDS",
    key: "rotateSilenceSeconds",
    type: wholeNumber(1, 3_600, "seconds"),
    default: 2,
    meaning: "with `utterance`: a silence of this length ends a file",
  },
  {
    name: "MEETBOT_MAX_PART_SECONDS",
    key: "maxPartSeconds",
    type: wholeNumber(10, DAY_SECONDS, "seconds"),
    default: 600,
    meaning: "with `utterance` and `duration`: the longest file",
  },
  {
    name: "MEETBOT_WEBHOOK_URL",
    key: "webhookUrl",
    type: webhookUrl,
    default: undefined,
    defaultText: "off",
    holdsCredentials: true,
    meaning: "where signed job events are sent",
  },
  {
    name: "MEETBOT_WEBHOOK_SECRET",
    key: "webhookSecret",
    type: sharedSecret,
    default: undefined,
    defaultText: "required with the webhook's address",
    secret: true,
    meaning: "key of the webhook's signatures",
  },
  {
    name: "MEETBOT_WEBHOOK_ALLOW_PRIVATE",
    key: "webhookAllowPrivate",
    type: yesOrNo,
    default: false,
    meaning: "allow webhooks in a private network, on this machine, and with `http://`",
  },
  {
    name: "MEETBOT_INGEST_URL",
    key: "ingestUrl",
    type: httpUrl,
    default: undefined,
    defaultText: "off",
    holdsCredentials: true,
    meaning: "address of an orchestrator, which gets the same job events",
  },
  {
    name: "MEETBOT_INGEST_TOKEN",
    key: "ingestToken",
    type: bearerToken,
    default: undefined,
    defaultText: "required with the ingest address",
    secret: true,
    meaning: "sent to the ingest endpoint as `Authorization: Bearer`",
  },
  {
    name: "MEETBOT_HTTP_PORT",
    key: "httpPort",
    type: port,
    default: undefined,
    defaultText: "off",
    meaning: "port for control, `/healthz`, `/readyz` and `/metrics`; 0 takes any free port and logs it",
  },
  {
    name: "MEETBOT_HTTP_HOST",
    key: "httpHost",
    type: ipAddress,
    default: "127.0.0.1",
    meaning: "the address to listen on",
  },
  {
    name: "MEETBOT_HTTP_ALLOWED_HOSTS",
    key: "httpAllowedHosts",
    type: hostnames,
    default: undefined,
    defaultText: "none",
    meaning:
      "host names that requests may use, such as that of a Kubernetes Service; IP addresses and `localhost` are always allowed",
  },
  {
    name: "MEETBOT_CONTROL_TOKEN",
    key: "controlToken",
    type: bearerToken,
    default: undefined,
    defaultText: "nobody may control it",
    secret: true,
    meaning: "token that control requests have to send",
  },
  {
    name: "MEETBOT_SHUTDOWN_GRACE_SECONDS",
    key: "shutdownGraceSeconds",
    type: wholeNumber(1, 3_600, "seconds"),
    default: 25,
    meaning: "time to finish after SIGTERM; keep it below the limit of whatever stops the worker",
  },
  {
    name: "MEETBOT_CONSENT",
    key: "consent",
    type: oneOf("none", "notice", "opt-out", "opt-in"),
    default: "notice",
    meaning: "who is informed or asked before being recorded",
  },
  {
    name: "MEETBOT_NOTICE",
    key: "notice",
    type: messageText,
    default: undefined,
    defaultText: "a text for each mode",
    meaning: "message at the start of the recording; `off` posts nothing",
  },
  {
    name: "MEETBOT_NOTICE_END",
    key: "noticeEnd",
    type: messageText,
    default: undefined,
    defaultText: "a text",
    meaning: "message at the end of the recording; `off` posts nothing",
  },
  {
    name: "MEETBOT_NOTICE_AUDIO",
    key: "noticeAudio",
    type: path,
    default: "off",
    meaning: "spoken notice at the start: `default`, `off`, or the path of an Ogg Opus file",
  },
  {
    name: "MEETBOT_NICKNAME_PREFIX",
    key: "nicknamePrefix",
    type: nicknamePrefix,
    default: "off",
    meaning: "text in front of the bot's nickname while it records, such as `[REC] `",
  },
  {
    name: "MEETBOT_ON_MOVED",
    key: "onMoved",
    type: oneOf("follow", "leave"),
    default: "follow",
    meaning: "what to do if somebody moves the bot to another voice channel",
  },
  {
    name: "MEETBOT_TAKEOVER",
    key: "takeover",
    type: yesOrNo,
    default: false,
    meaning:
      "join even if the bot is in a voice channel of the server through another session; that session then loses its call",
  },
  {
    name: "MEETBOT_RECORD_PLAINTEXT",
    key: "recordPlaintext",
    type: yesOrNo,
    default: false,
    meaning:
      "also record audio without end-to-end encryption in an encrypted call; Discord's own clients do not play it. The manifest counts it (`e2ee.plaintextPackets`)",
  },
  {
    name: "MEETBOT_DISCORD_API",
    key: "discordApi",
    type: httpUrl,
    default: undefined,
    defaultText: "Discord's",
    meaning: "base URL of the REST API without a version: a proxy, or the loopback",
  },
  {
    name: "MEETBOT_CAPTURE_DIR",
    key: "captureDir",
    type: path,
    default: undefined,
    meaning: "also write the call as a fixture for `replay`, into `<dir>/<jobId>/`",
  },
  {
    name: "MEETBOT_LOG_LEVEL",
    key: "logLevel",
    type: oneOf("trace", "debug", "info", "warn", "error", "silent"),
    default: "info",
    meaning: "how much is logged on standard error: JSON lines, or readable lines at a terminal",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]["name"];

/** The settings whose values appear nowhere, and stay in the environment no longer than it takes to read them. */
export const SECRET_NAMES: readonly SettingName[] = SETTINGS.flatMap((row) => (isSecret(row) ? [row.name] : []));

/** Whether a value is never quoted, and may come from a file. */
export function isSecret({ secret, holdsCredentials }: Setting): boolean {
  return secret === true || holdsCredentials === true;
}

/** The defaults as a configuration file. */
export function defaultsFile(): Record<string, string | number | boolean> {
  const rows: readonly Setting[] = SETTINGS;
  return Object.fromEntries(rows.flatMap(({ key, default: value }) => (value === undefined ? [] : [[key, value]])));
}
