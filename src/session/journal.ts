import * as z from "zod";
import { CONSENT_MODES } from "./consent.ts";
import { audioFileForm, fileNameForm, jobIdForm, nameForm, sha256Form, sideFileForm, snowflake } from "./forms.ts";
import { count, datagramFates, encryption, exitReason, failureCode, gapReason, partPackets } from "./shapes.ts";

/**
 * `journal.jsonl` in a job's spool: what cannot be read from the files themselves, one JSON object a line, only ever
 * appended to. Together with `events.jsonl` and the audio it is enough to finish the job after a kill. It is no part
 * of what a customer gets, and no secret is ever in it.
 */

const stored = { bytes: count, sha256: sha256Form };
/** What a file of `attachments/` is: all strangers' words but for the ids. */
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
  /** Where the files go, as the configuration has it; credentials are no part of it. */
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
  /** How much of it is sound; lines of older versions do not have it. */
  talkSamples: z.number().min(0).optional(),
  /** The talkspurt that goes on in the next part: its line in `events.jsonl` is written when it is over. */
  openTalkspurt: z.object({ start: z.number(), end: z.number() }).optional(),
  /** It had been cut off: how many packets are missing at its end is not known. */
  repaired: z.literal(true).optional(),
});

const countsLine = z.object({
  type: z.literal("counts"),
  atMs: z.number(),
  datagrams: datagramFates,
  /** Those whose counts have changed since the last line. */
  speakers: z.record(snowflake, z.object({ datagrams: datagramFates, talkSamples: z.number() })),
  e2ee: encryption,
});

export const journalLine = z.discriminatedUnion("type", [
  /** The first line: whose job this is. */
  jobLine,
  /** The session clock starts. */
  z.object({ type: z.literal("recording"), startedAt: z.iso.datetime(), place }),
  /** A recovery has begun: the process before it ended without finishing the call. */
  z.object({ type: z.literal("recovered") }),
  /** Somebody was heard for the first time. */
  z.object({ type: z.literal("spoke"), userId: snowflake }),
  /** A gap has begun; the line of its end is in `events.jsonl`. */
  z.object({ type: z.literal("away"), atMs: z.number(), reason: gapReason }),
  /** A part is complete on the local disk. */
  partLine,
  /** So is another file; `lines` if it has lines. */
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
  /** So many lines could not be read: a machine lost its power, or a disk was full. */
  z.object({ type: z.literal("damaged"), lines: count }),
  /** What the counters say so far. */
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
  /** All job events are delivered: nothing is left to do. */
  z.object({ type: z.literal("delivered") }),
]);

export type JournalLine = z.infer<typeof journalLine>;
export type JobLine = z.infer<typeof jobLine>;
export type FileLine = JournalLine & { readonly type: "file" };
export type PartLine = z.infer<typeof partLine>;
export type CountsLine = z.infer<typeof countsLine>;
