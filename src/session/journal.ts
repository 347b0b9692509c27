import { z } from "zod";
import type { FailureCode } from "../errors.ts";
import { CONSENT_MODES } from "./consent.ts";
import { datagramFates } from "./datagram-fates.ts";
import { gapReason } from "./events.ts";
import { EXIT_REASONS, type ExitReason, FAILURES } from "./exit.ts";
import { audioFileForm, fileNameForm, jobIdForm, nameForm, sha256Form, sideFileForm, snowflake } from "./forms.ts";
import { linesOf } from "./lines.ts";

/**
 * `journal.jsonl` in a job's spool: what cannot be read from the files themselves, one JSON object a line, only ever
 * appended to. Together with `events.jsonl` and the audio it is enough to finish the job after a kill. It is no part
 * of what a customer gets, and no secret is ever in it.
 */

const count = z.number().int().min(0);
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
const packets = z.object({
  received: count,
  lost: count,
  concealed: count,
  late: count,
  duplicate: count,
  undecryptable: count,
  unattributed: count,
});
const exitReasons = Object.keys(EXIT_REASONS) as [ExitReason, ...ExitReason[]];
const failureCodes = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

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
  packets,
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
  e2ee: z.object({ daveProtocolVersion: count, epochs: count, plaintextPackets: count.default(0) }),
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
  /** So is another file; `lines` where it has lines. */
  z.object({
    type: z.literal("file"),
    contentType: nameForm,
    lines: count.optional(),
    file: z.object({ name: sideFileForm, ...stored }),
    attachment: attachment.optional(),
  }),
  /** The storage has the file, verified: the local copy may be gone. */
  z.object({ type: z.literal("stored"), name: z.union([audioFileForm, sideFileForm, z.literal("manifest.json")]) }),
  /** A file that a line above tells of is nowhere any more; the recording is finished without it. */
  z.object({ type: z.literal("lost"), name: z.union([audioFileForm, sideFileForm]), reason: z.string().max(1_000) }),
  /** So many lines could not be read: a machine lost its power, or a disk was full. */
  z.object({ type: z.literal("damaged"), lines: count }),
  /** Where the counters stand. */
  countsLine,
  /** The call is over. */
  z.object({
    type: z.literal("end"),
    atMs: z.number(),
    exitReason: z.enum(exitReasons),
    detail: z.string(),
    failureCode: z.enum(failureCodes).optional(),
  }),
  /** The manifest is stored. */
  z.object({ type: z.literal("finalized") }),
  /** Everybody who was to be told has been told: nothing is left to do. */
  z.object({ type: z.literal("delivered") }),
]);

export type JournalLine = z.infer<typeof journalLine>;
export type JobLine = z.infer<typeof jobLine>;
export type FileLine = JournalLine & { readonly type: "file" };
export type PartLine = z.infer<typeof partLine>;
export type CountsLine = z.infer<typeof countsLine>;

/** Lines that were read, and those that could not be: cut off by a kill, or of another version. */
export interface ReadLines<Line> {
  readonly lines: readonly Line[];
  readonly refused: number;
  /** Whether the file holds whole lines and nothing else, so that it can be appended to. */
  readonly isClean: boolean;
}

const LINE_END = 0x0a;

interface LineSchema<Line> {
  safeParse(line: unknown): { success: true; data: Line } | { success: false };
}

/**
 * Reads a file of JSON lines. A kill may have left the last one torn; a loss of power leaves zeros where data had not
 * reached the disk, at the end or between lines. Never throws.
 */
export function readJsonLines<Line>(bytes: Buffer, schema: LineSchema<Line>): ReadLines<Line> {
  const lines: Line[] = [];
  let refused = 0;
  for (const text of textsOf(bytes)) {
    if (text === "") continue;
    const result = schema.safeParse(parseJson(text));
    if (result.success) lines.push(result.data);
    else refused += 1;
  }
  const isWhole = bytes.length === 0 || bytes.at(-1) === LINE_END;
  return { lines, refused, isClean: refused === 0 && isWhole && !bytes.includes(0) };
}

/** What may be a line: JSON has no zeros in it. */
function* textsOf(bytes: Buffer): Generator<string> {
  for (const line of linesOf(bytes)) yield* line.split("\0");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No schema of ours takes undefined: the line counts as refused.
    return undefined;
  }
}
