import { SETTINGS, type SettingName } from "../../src/settings/settings.ts";
import { SERVICE_SETTINGS } from "../../src/settings/table/service.ts";
import { isSecret, type Setting } from "../../src/settings/table/setting.ts";
import { markdownTable } from "./markdown-table.ts";

/** The settings by what a reader wants to do with them, in the order of the page. */
const TOPICS: Readonly<Record<string, readonly SettingName[]>> = {
  "The bot and the call": [
    "DISCORD_BOT_TOKEN",
    "MEETBOT_MEETING_URL",
    "DISCORD_GUILD_ID",
    "DISCORD_CHANNEL_ID",
    "MEETBOT_JOB_ID",
    "MEETBOT_EXTERNAL_ID",
    "MEETBOT_ON_MOVED",
    "MEETBOT_TAKEOVER",
    "MEETBOT_RECORD_PLAINTEXT",
  ],
  "Notice and consent": [
    "MEETBOT_CONSENT",
    "MEETBOT_NOTICE",
    "MEETBOT_NOTICE_END",
    "MEETBOT_NOTICE_LANGUAGE",
    "MEETBOT_NOTICE_MESSAGE",
    "MEETBOT_CONSENT_DECLINED",
    "MEETBOT_CONSENT_GRANTED",
    "MEETBOT_NOTICE_AUDIO",
    "MEETBOT_NICKNAME_PREFIX",
  ],
  Chat: [
    "DISCORD_TEXT_CHANNEL_ID",
    "MEETBOT_CHAT_ATTACHMENTS",
    "MEETBOT_CHAT_ATTACHMENTS_MAX_FILE_MB",
    "MEETBOT_CHAT_ATTACHMENTS_MAX_TOTAL_MB",
  ],
  "Audio files": ["MEETBOT_ROTATE", "MEETBOT_ROTATE_SILENCE_SECONDS", "MEETBOT_MAX_PART_SECONDS"],
  "Leaving automatically": [
    "MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS",
    "MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS",
    "MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS",
    "MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS",
    "MEETBOT_AUTO_LEAVE_ON_BOT_DETECTED",
  ],
  Storage: [
    "MEETBOT_STORAGE_URI",
    "MEETBOT_S3_ENDPOINT",
    "MEETBOT_S3_REGION",
    "MEETBOT_S3_FORCE_PATH_STYLE",
    "MEETBOT_S3_CHECKSUMS",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
  ],
  Spool: ["MEETBOT_SPOOL_DIR", "MEETBOT_SPOOL_LOW_MB", "MEETBOT_SPOOL_STOP_MB"],
  "Job events": [
    "MEETBOT_WEBHOOK_URL",
    "MEETBOT_WEBHOOK_SECRET",
    "MEETBOT_WEBHOOK_ALLOW_PRIVATE",
    "MEETBOT_INGEST_URL",
    "MEETBOT_INGEST_TOKEN",
  ],
  "Control, health and metrics": [
    "MEETBOT_HTTP_PORT",
    "MEETBOT_HTTP_HOST",
    "MEETBOT_HTTP_ADDRESS_FILE",
    "MEETBOT_HTTP_ALLOWED_HOSTS",
    "MEETBOT_CONTROL_TOKEN",
    "MEETBOT_LOGINS_FILE",
  ],
  "The process": [
    "MEETBOT_SHUTDOWN_GRACE_SECONDS",
    "MEETBOT_LOG_LEVEL",
    "MEETBOT_BATCHED_RECEIVE",
    "MEETBOT_DISCORD_API",
    "MEETBOT_CAPTURE_DIR",
  ],
};

/**
 * A heading and a table for each topic.
 *
 * @throws Error if a setting is in no topic, or in two
 */
export function settingsByTopic(): string {
  const listed = Object.values(TOPICS).flat();
  const rows: readonly Setting[] = SETTINGS;
  for (const { name } of rows) {
    const times = listed.filter((other) => other === name).length;
    if (times !== 1) throw new Error(`tools/reference/settings.ts: ${name} is in ${times} topics instead of 1`);
  }
  return Object.entries(TOPICS)
    .map(
      ([topic, names]) => `## ${topic}\n\n${tableOf(rows.filter(({ name }) => names.some((other) => other === name)))}`,
    )
    .join("\n\n");
}

/** Those of the job service. */
export function serviceSettings(): string {
  return tableOf(SERVICE_SETTINGS);
}

function tableOf(rows: readonly Setting[]): string {
  return markdownTable(
    ["variable", "accepts", "default", "meaning"],
    rows.map((setting) => [
      `\`${setting.name}\`${isSecret(setting) ? " (secret)" : ""}`,
      setting.type.accepts,
      setting.default === undefined ? (setting.defaultText ?? "none") : `\`${setting.default}\``,
      setting.meaning,
    ]),
  );
}
