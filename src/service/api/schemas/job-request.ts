import * as z from "zod";
import { channelPlace } from "../../../settings/channel-address.ts";
import { choice, fields, flag, form, instant, snowflakeField, text, whole } from "./fields.ts";
import { recordingSettings } from "./recording-settings.ts";

/** The bodies of `POST` and `PATCH /api/v1/jobs`. Names are those of the public API that customers know. */

const DAY_SECONDS = 86_400;
const MAX_METADATA_BYTES = 16 * 1024;
const MAX_URL_LENGTH = 2_048;

const channelAddress = z
  .string({ error: "expected discord://GUILD_ID/CHANNEL_ID, or the channel's link" })
  .max(200, { error: "expected at most 200 characters" })
  .refine((url) => channelPlace(url) !== undefined, {
    error:
      "expected discord://GUILD_ID/CHANNEL_ID, or a link such as https://discord.com/channels/GUILD_ID/CHANNEL_ID; both ids are numbers of 17 to 20 digits",
  })
  .meta({
    pattern: String.raw`^discord://\d{17,20}/\d{17,20}$`,
    description: "discord://GUILD_ID/CHANNEL_ID; a channel's link is accepted too",
  });

const WEBHOOK_ACCEPTS = `expected a web address such as https://example.org/hook, of at most ${MAX_URL_LENGTH} characters`;

const webhookAddress = z
  .url({ protocol: /^https?$/, error: WEBHOOK_ACCEPTS })
  .max(MAX_URL_LENGTH, { error: WEBHOOK_ACCEPTS })
  .meta({ pattern: String.raw`^https?://[a-z0-9.-]+(:\d{1,4})?(/[\w./-]*)?$` });

const botToken = form(
  /^[\w-]{10,100}\.[\w-]{4,100}\.[\w-]{10,100}$/,
  "a bot token: three parts with dots between them, from Bot, Reset Token in the Developer Portal",
);

const discord = fields({
  botToken: botToken.optional().meta({ description: "required with a live key; no answer ever shows it" }),
  guildId: snowflakeField.optional().meta({ description: "the server, if `meetingUrl` does not name it" }),
  channelId: snowflakeField.optional().meta({ description: "the voice channel, if `meetingUrl` does not name it" }),
  textChannelId: snowflakeField
    .nullable()
    .optional()
    .meta({ description: "the text channel to record; without it, chat is not recorded" }),
});

const webhooks = fields({
  onFinalize: webhookAddress.optional().meta({ description: "gets `job.finalized` and `job.failed`" }),
  onStatus: webhookAddress.optional().meta({ description: "gets every other job event" }),
});

const autoLeave = fields({
  afterEntryDelaySeconds: whole(0, DAY_SECONDS, "seconds").optional(),
  afterSoloSeconds: whole(0, DAY_SECONDS, "seconds").optional(),
  afterSilenceSeconds: whole(0, DAY_SECONDS, "seconds").optional(),
  afterMaxSeconds: whole(0, 7 * DAY_SECONDS, "seconds").optional(),
  onBotDetected: flag.optional(),
}).meta({ description: "thresholds of the auto-leave rules; 0 turns a rule off" });

const metadata = z
  .record(z.string(), z.unknown(), { error: "expected a JSON object" })
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_METADATA_BYTES, {
    error: `expected at most ${MAX_METADATA_BYTES} bytes of JSON`,
  })
  .refine((value) => !Object.hasOwn(value, "discord"), {
    error: "expected no key discord: the service writes it; use the field discord",
  })
  .meta({ description: `your own JSON object, shown with the job; at most ${MAX_METADATA_BYTES} bytes` });

/** Fields of both requests. */
const settings = {
  joinAt: instant.optional().meta({ description: "when to join the call; without it, at once" }),
  late: choice(["join", "skip"]).optional().meta({
    description: "what to do if the service could not start the job in time: join within the window, or fail",
  }),
  lateWindowSeconds: whole(0, DAY_SECONDS, "seconds").optional().meta({ description: "with late `join`; default 600" }),
  autoLeave: autoLeave.optional(),
  leaveBehavior: form(
    /^(when-host-leaves|explicit|after-silence:[1-9]\d{0,4}s)$/,
    "when-host-leaves, explicit, or after-silence:300s with 1 to 86400 seconds",
  ).optional(),
  metadata: metadata.optional(),
  recording: recordingSettings.optional().meta({ description: "the worker's own settings, by their config keys" }),
};

export const jobRequest = fields({
  externalId: form(/^(?!\.{1,2}$)[\w.:@=+-]{1,128}$/, "1 to 128 letters, digits and any of . _ : @ = + -")
    .optional()
    .meta({ description: "your own id; a second request with it is answered with the job that is there" }),
  meetingUrl: channelAddress.optional(),
  url: channelAddress.optional().meta({ description: "the same as meetingUrl" }),
  platform: choice(["discord"]).optional(),
  discord: discord.optional(),
  webhooks: webhooks.optional(),
  displayName: text(1, 100).optional().meta({ description: "ignored: on Discord a bot has the application's name" }),
  sandbox: fields({
    fixture: form(/^[a-z\d][a-z\d-]{0,63}$/, "the name of a fixture, such as standup").optional(),
  })
    .optional()
    .meta({ description: "only with a test key: the recorded call to play" }),
  ...settings,
});

export type JobRequest = z.infer<typeof jobRequest>;

export const jobChange = fields(settings);

export type JobChangeRequest = z.infer<typeof jobChange>;
