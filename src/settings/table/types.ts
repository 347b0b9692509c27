import { posix } from "node:path";
import * as z from "zod";
import { MAX_MESSAGE_LENGTH } from "../../session/forms.ts";
import { channelPlace } from "../channel-address.ts";
import { bucketProblem, fileUriPath, localPath, s3UriPlace } from "../storage-uri.ts";

import type { SettingType } from "./setting.ts";

/** How each kind of value is read. */

export const text = { schema: z.string().min(1), accepts: "text" } satisfies SettingType;

export const snowflake = {
  schema: z.string().regex(/^\d{17,20}$/),
  accepts: "a Discord id of 17 to 20 digits",
} satisfies SettingType;

export const token = {
  // Three parts in Base64url; the first is the bot's id. Only length and shape are checked, so that new forms pass.
  schema: z.string().regex(/^[\w-]{10,}\.[\w-]{4,}\.[\w-]{10,}$/),
  accepts: "a bot token: three parts with dots between them, from Bot, Reset Token in the Developer Portal",
} satisfies SettingType;

export const tokens = {
  schema: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(token.schema).max(100)),
  accepts: "up to 100 bot tokens, with commas between them",
} satisfies SettingType;

export const guildIds = {
  schema: z
    .string()
    .regex(/^\d{17,20}(,\d{17,20}){0,99}$/)
    .transform((text) => text.split(",")),
  accepts: "up to 100 ids of servers, of 17 to 20 digits, with commas between them",
} satisfies SettingType;

export const meetingUrl = {
  schema: z.string().refine((text) => channelPlace(text) !== undefined),
  accepts:
    "discord://GUILD_ID/CHANNEL_ID, a link such as https://discord.com/channels/GUILD_ID/CHANNEL_ID, or both ids, of 17 to 20 digits each",
} satisfies SettingType;

export const httpUrl = {
  schema: z.url({ protocol: /^https?$/ }).refine((url) => !/^\w+:\/\/[^/]*@/.test(url)),
  accepts: "an http:// or https:// address without user name and password",
} satisfies SettingType;

export const webhookUrl = {
  schema: z.url({ protocol: /^https?$/ }),
  accepts: "an https:// address",
} satisfies SettingType;

/** The length of the shortest secrets that the redactor removes from logs. */
export const sharedSecret = {
  schema: z.string().min(6),
  accepts: "a text of at least 6 characters",
} satisfies SettingType;

export const bearerToken = {
  // The characters that are safe in an HTTP header: RFC 9110 §5.5, VCHAR.
  schema: z.string().regex(/^[\x21-\x7e]{6,}$/),
  accepts: "a token of at least 6 ASCII characters without spaces",
} satisfies SettingType;

/** At most as long as Discord accepts. */
export const messageText = {
  schema: z.string().regex(/\S/).max(MAX_MESSAGE_LENGTH),
  accepts: `a text of at most ${MAX_MESSAGE_LENGTH} characters, or off`,
} satisfies SettingType;

/** What libpq calls a connection URI. A host that is empty is one of its parameters. */
export const postgresAddress = {
  schema: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/)
    // `pg` splits it as a URL, and decodes each part.
    .refine((address) => URL.canParse(address) && isDecodable(address)),
  // With a user in it, the example would be taken out of errors as a secret.
  accepts:
    "an address postgres://HOST:PORT/DATABASE, with USER:PASSWORD and an @ before the host; special characters as in a URL, such as %2F for a slash",
} satisfies SettingType;

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A message of Discord. */
export const messageAddress = {
  schema: z.string().regex(/^\d{17,20}\/\d{17,20}$/),
  accepts: "CHANNEL_ID/MESSAGE_ID",
} satisfies SettingType;

/** At most as many as fit into one environment variable with ease. */
export const userIds = {
  schema: z.string().regex(/^\d{17,20}(,\d{17,20}){0,1999}$/),
  accepts: "up to 2,000 Discord ids of 17 to 20 digits, with commas between them",
} satisfies SettingType;

/** Leaves space for a name in Discord's 32 characters. */
export const nicknamePrefix = {
  schema: z.string().regex(/\S/).max(16),
  accepts: "a text of at most 16 characters, or off",
} satisfies SettingType;

export const ipAddress = {
  schema: z.union([z.ipv4(), z.ipv6()]),
  accepts: "an IP address",
} satisfies SettingType;

/** Becomes a folder's name. */
export const pathSafe = {
  schema: z
    .string()
    .regex(/^[\w.:@=+-]{1,128}$/)
    .refine((value) => posix.basename(value) === value && value !== "." && value !== ".."),
  accepts: "1 to 128 letters, digits and any of . _ : @ = + -",
} satisfies SettingType;

export const storageUri = {
  schema: z.string().refine((uri) => (fileUriPath(uri) ?? s3UriPlace(uri)) !== undefined),
  accepts: "file:DIR, a folder on this machine, or s3://BUCKET/PREFIX",
  explain: bucketProblem,
} satisfies SettingType;

export const path = {
  schema: z.string().min(1).transform(localPath).pipe(z.string()),
  accepts: "a path on this machine",
} satisfies SettingType;

/** A file's and an environment variable's numbers: digits, nothing else. */
export function wholeNumber(min: number, max: number, unit: string) {
  return {
    schema: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(min).max(max)),
    accepts: `a whole number of ${unit} from ${min} to ${max}`,
  } satisfies SettingType;
}

export const yesOrNo = {
  schema: z.union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")]),
  accepts: "true or false",
} satisfies SettingType;

/** RFC 1123 §2.1. */
export const hostnames = {
  schema: z.string().regex(/^[a-z\d]([a-z\d.-]{0,252})(,[a-z\d]([a-z\d.-]{0,252}))*$/i),
  accepts: "host names without ports, separated by commas, such as recorder.example.org,recorder",
} satisfies SettingType;

export const port = { ...wholeNumber(0, 65_535, ""), accepts: "a port number from 0 to 65535" } satisfies SettingType;

export function oneOf<const Values extends [string, ...string[]]>(...values: Values) {
  return { schema: z.enum(values), accepts: `one of ${values.join(", ")}` } satisfies SettingType;
}
