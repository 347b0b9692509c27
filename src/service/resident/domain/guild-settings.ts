import * as z from "zod";
import { CONSENT_MODES } from "../../../session/consent.ts";
import { NOTICE_LANGUAGES } from "../../../session/notice-texts.ts";
import { timeZone } from "./quiet-hours.ts";

/** What the people of a server decided for it. Kept as JSON in the database. */

/** What somebody may do. */
export const ACTIONS = ["start", "stop", "get", "configure"] as const;
export type Action = (typeof ACTIONS)[number];

const snowflake = z.string().regex(/^\d{1,20}$/);
const roles = z.array(snowflake).max(25).default([]);

const guildSettings = z.object({
  consent: z.enum(CONSENT_MODES).default("notice"),
  /** The language of the messages that everybody in a channel sees. */
  language: z.enum(NOTICE_LANGUAGES).default("en"),
  /** The zone of titles, and of quiet hours that are added. */
  timeZone: timeZone.default("UTC"),
  /** Where the link is posted when a call is over; null for the voice channel's own chat. */
  announceChannelId: snowflake.nullable().default(null),
  /** Roles that may do more than the defaults of `whoMay` let them. */
  roles: z
    .object({ start: roles, stop: roles, get: roles, configure: roles })
    .default({ start: [], stop: [], get: [], configure: [] }),
});

export type GuildSettings = Readonly<z.output<typeof guildSettings>>;

/** Quiet: nothing starts by itself, a notice is posted, and only those of `whoMay` get a link. */
export const DEFAULT_GUILD_SETTINGS: GuildSettings = guildSettings.parse({});

/** @param json of the database; null if the server has no row. @throws Error if it is not a server's settings */
export function readGuildSettings(json: string | null): GuildSettings {
  return json === null ? DEFAULT_GUILD_SETTINGS : guildSettings.parse(JSON.parse(json));
}
