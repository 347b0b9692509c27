import * as z from "zod";
import { list } from "./bounded-list.ts";
import { CONSENT_MODES, CONSENT_STATES } from "./consent.ts";
import { fileNameForm, jobIdForm, labelForm, nameForm, sha256Form, snowflake } from "./forms.ts";
import { rosterEvent } from "./session-events.ts";
import { count, datagramFates, encryption, exitReason, failureCode, gapReason, partPackets } from "./shapes.ts";

/**
 * `manifest.json`: what a job recorded. It is written last, so everything that it names exists. This schema is the
 * TypeScript type, the check in `verify`, and, through `npm run generate`, `config/schemas/manifest.schema.json`.
 *
 * Fields added by later versions have defaults, so every reader accepts the manifests of earlier versions. Fields that
 * a reader does not know are ignored.
 *
 * Times ending in `Ms` are on the session clock, which starts with the recording; they may have a fraction, because a
 * millisecond is 48 samples.
 */

const milliseconds = z.number().min(0);

const track = z.object({
  trackId: z
    .string()
    .regex(/^\d{1,20}(?:-\d{1,9})?$/)
    .meta({ description: "the speaker's id for the first part, <id>-2, <id>-3 … for those after it" }),
  kind: z.literal("per-speaker"),
  format: z.literal("opus"),
  speakerId: snowflake,
  part: z.number().int().min(1).max(999_999_999),
  uri: z.string(),
  bytes: count,
  sha256: sha256Form,
  encoding: z.object({ mimeType: z.literal("audio/ogg; codecs=opus") }),
  startOffsetMs: milliseconds.meta({ description: "session time of the file's first sample" }),
  durationMs: milliseconds.meta({ description: "what a decoder gives out, exactly" }),
  packets: partPackets,
});

const span = z.object({ fromMs: milliseconds, toMs: milliseconds });

const participant = z.object({
  id: snowflake,
  username: nameForm,
  displayName: nameForm,
  bot: z.boolean(),
  speakerLabel: labelForm.meta({ description: "A, B, C … by first words; the silent ones come after" }),
  talkTimeMs: milliseconds,
  datagrams: datagramFates.meta({ description: "those known to be theirs, by fate" }),
  present: list(span),
  consent: z.enum(CONSENT_STATES).meta({ description: "their last answer to whether they may be recorded" }),
  withheld: list(span).meta({
    description: "when they were in the channel and not recorded, because their consent was missing",
  }),
});

const place = z.object({ id: snowflake, name: nameForm });

const attachment = z.object({
  attachmentId: snowflake,
  messageId: snowflake,
  filename: fileNameForm.meta({ description: "as the sender named it, which is not the stored file's name" }),
  contentType: nameForm.nullable().meta({ description: "as Discord says" }),
  uri: z.string(),
  bytes: count,
  sha256: sha256Form,
});

export const manifestSchema = z
  .object({
    schemaVersion: z.literal(1),
    platform: z.literal("discord"),
    jobId: jobIdForm,
    externalId: jobIdForm.nullable(),
    exitReason: exitReason,
    exitDetail: z.string(),
    failureCode: failureCode.nullable(),
    startedAt: z.iso.datetime().meta({ description: "wall-clock time of session time 0" }),
    endedAt: z.iso.datetime(),
    durationSeconds: z.number().min(0),
    guild: place,
    channel: place,
    textChannelId: snowflake.nullable(),
    consentMode: z
      .enum(CONSENT_MODES)
      .meta({ description: "how people are informed or asked before they are recorded" }),
    speakers: list(z.object({ id: snowflake, displayName: nameForm })),
    participants: list(participant),
    tracks: list(track),
    events: list(rosterEvent),
    eventsUri: z.string(),
    chatUri: z.string().optional(),
    chatEvents: count.optional(),
    attachments: list(attachment)
      .optional()
      .meta({ description: "files attached to messages that were fetched; absent if there are none" }),
    e2ee: encryption,
    gaps: list(z.object({ startMs: milliseconds, endMs: milliseconds, reason: gapReason })),
    datagrams: datagramFates.meta({
      description: "every datagram that arrived, by its fate: received = written + the sum of dropped",
    }),
    warnings: list(z.object({ code: z.string(), text: z.string() })),
    software: z.object({ name: z.string(), version: z.string() }),
  })
  .meta({ title: "Manifest of a recorded Discord call" });

/** `manifest.recording.json`: the provisional manifest of a running job, for an operator whose machine was lost. */
export const provisionalManifestSchema = manifestSchema
  .omit({
    exitReason: true,
    exitDetail: true,
    failureCode: true,
    eventsUri: true,
    chatUri: true,
    chatEvents: true,
    attachments: true,
  })
  .extend({ status: z.literal("recording") })
  .meta({ title: "Manifest of a Discord call that is being recorded" });

export type ProvisionalManifest = z.infer<typeof provisionalManifestSchema>;
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestTrack = z.infer<typeof track>;
export type ManifestAttachment = z.infer<typeof attachment>;
export type ManifestParticipant = z.infer<typeof participant>;
