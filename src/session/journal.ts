import * as z from "zod";
import { CONSENT_MODES } from "./consent.ts";
import { audioFileForm, fileNameForm, jobIdForm, nameForm, sha256Form, sideFileForm, snowflake } from "./forms.ts";
import { count, datagramFates, encryption, exitReason, failureCode, gapReason, partPackets } from "./shapes.ts";

/**
 * `journal.jsonl` in a job's spool: the facts that the other files do not contain, one JSON object a line, append-only.
 * Together with `events.jsonl` and the audio it is enough to finish the job after a kill. Customers do not get it, and
 * it never contains a secret.
 */

const stored = { bytes: count, sha256: sha256Form };
/** A file in `attachments/`. Everything except the ids comes from strangers. */
const attachment = z.object({
  id: snowflake,
  messageId: snowflake,
  filename: fileNameForm,
  contentType: nameForm.nullable(),
});
const place = z.object({
  guildId: snowflake,
  guildName: nameForm,
  channelId: snowflake,
  channelName: nameForm,
  selfId: snowflake,
});
const jobLine = z.object({
  type: z.literal("job"),
  version: z.literal(1),
  jobId: jobIdForm,
  externalId: jobIdForm.nullable(),
  guildId: snowflake,
  channelId: snowflake,
  textChannelId: snowflake.nullable(),
  /** Where the files go, from the configuration, without credentials. */
  storage: z.json(),
  consent: z.enum(CONSENT_MODES).default("none"),
  software: z.object({ name: z.string(), version: z.string() }),
});

const partLine = z.object({
  type: z.literal("part"),
  userId: snowflake,
  number: z.number().int().min(1).max(999_999_999),
  startSamples: z.number(),
  durationSamples: z.number(),
  packets: partPackets,
  file: z.object({ name: audioFileForm, ...stored }),
  /** Samples of sound in it; missing in lines of older versions. */
  talkSamples: z.number().min(0).optional(),
  /** The talkspurt that continues in the next part; its line in `events.jsonl` is written when it ends. */
  openTalkspurt: z.object({ start: z.number(), end: z.number() }).optional(),
  /** It was truncated, so it is unknown how many packets are missing at its end. */
  repaired: z.literal(true).optional(),
});

const countsLine = z.object({
  type: z.literal("counts"),
  atMs: z.number(),
  datagrams: datagramFates,
  /** Speakers whose counts have changed since the last line. */
  speakers: z.record(snowflake, z.object({ datagrams: datagramFates, talkSamples: z.number() })),
  e2ee: encryption,
});

export const journalLine = z.discriminatedUnion("type", [
  /** The first line, which identifies the job. */
  jobLine,
  /** The session clock starts. */
  z.object({ type: z.literal("recording"), startedAt: z.iso.datetime(), place }),
  /** A recovery has begun, because the previous process ended without finishing the call. */
  z.object({ type: z.literal("recovered") }),
  /** A person was heard for the first time. */
  z.object({ type: z.literal("spoke"), userId: snowflake }),
  /** A gap has begun; the line of its end is in `events.jsonl`. */
  z.object({ type: z.literal("away"), atMs: z.number(), reason: gapReason }),
  /** A part is complete on the local disk. */
  partLine,
  /** Another file is complete on the local disk; `lines` if it has lines. */
  z.object({
    type: z.literal("file"),
    contentType: nameForm,
    lines: count.optional(),
    file: z.object({ name: sideFileForm, ...stored }),
    attachment: attachment.optional(),
  }),
  /** The storage has the file, verified: the local copy may be gone. */
  z.object({ type: z.literal("stored"), name: z.union([audioFileForm, sideFileForm, z.literal("manifest.json")]) }),
  /** A file that an earlier line names no longer exists; the recording is finished without it. */
  z.object({ type: z.literal("lost"), name: z.union([audioFileForm, sideFileForm]), reason: z.string().max(1_000) }),
  /** This many lines could not be read, because a machine lost power or a disk was full. */
  z.object({ type: z.literal("damaged"), lines: count }),
  /** The current counters. */
  countsLine,
  /** The call is over. */
  z.object({
    type: z.literal("end"),
    atMs: z.number(),
    exitReason: exitReason,
    detail: z.string(),
    failureCode: failureCode.optional(),
  }),
  /** The manifest is stored. */
  z.object({ type: z.literal("finalized") }),
  /** All job events are delivered, and nothing is left to do. */
  z.object({ type: z.literal("delivered") }),
]);

export type JournalLine = z.infer<typeof journalLine>;
export type JobLine = z.infer<typeof jobLine>;
export type FileLine = JournalLine & { readonly type: "file" };
export type PartLine = z.infer<typeof partLine>;
export type CountsLine = z.infer<typeof countsLine>;
