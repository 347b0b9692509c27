import { MAX_MEGABYTES, type Setting } from "./setting.ts";
import { meetingUrl, oneOf, pathSafe, snowflake, token, wholeNumber } from "./types.ts";

/** A whole file is in memory, two at a time. */
const MAX_ATTACHMENT_MEGABYTES = 100;

/** Which call is recorded, and under which ids. */
export const JOB_SETTINGS = [
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
      "the text channel for chat and notices. Without it chat is not recorded, and notices go to the voice channel's own chat",
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
] as const satisfies readonly Setting[];
