import * as z from "zod";
import { type JobEvent, jobEvent } from "../session/job-events.ts";
import { readJsonLines, wholeLines } from "../session/json-lines.ts";

/**
 * `outbox.jsonl`: events in the order in which they were emitted, who has accepted which, and which were given up. It holds no address and
 * no secret.
 */

const kind = z.enum(["webhook", "ingest"]);
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);

const eventLine = z.object({
  type: z.literal("event"),
  deliveryId: z.string(),
  emittedAt: z.iso.datetime(),
  /** Whom it is for: SHA-256 of the address that was set when it was emitted. */
  to: z.partialRecord(kind, fingerprint),
  data: jobEvent,
});

const acceptedLine = z.object({
  type: z.literal("accepted"),
  deliveryId: z.string(),
  by: kind,
  at: z.iso.datetime(),
});

/** Nobody will accept it: it is tried no more. */
const givenUpLine = z.object({
  type: z.literal("given_up"),
  deliveryId: z.string(),
  by: kind,
  at: z.iso.datetime(),
  /** A sentence without the address, which may hold credentials. */
  reason: z.string(),
});

const outboxLine = z.discriminatedUnion("type", [eventLine, acceptedLine, givenUpLine]);

export type OutboxLine = z.infer<typeof outboxLine>;
export type GivenUpLine = z.infer<typeof givenUpLine>;
export type OutboxEvent = z.infer<typeof eventLine> & { readonly data: JobEvent };

export interface OutboxContent {
  readonly lines: readonly OutboxLine[];
  /** What is before a last line that a crash cut off. */
  readonly wholeBytes: number;
  /** Numbers of lines, from 1, that are none of ours: the first 100 of them. */
  readonly unreadable: readonly number[];
  /** How many lines are none of ours. */
  readonly unreadableCount: number;
}

/** Events of another job than this one count as none of ours: somebody else has put them there. */
export function readOutbox(bytes: Buffer, jobId: string): OutboxContent {
  const oursOnly = outboxLine.refine((line) => line.type !== "event" || line.data.jobId === jobId);
  const { lines, wholeBytes, refused, refusedCount } = readJsonLines(wholeLines(bytes), oursOnly);
  return { lines, wholeBytes, unreadable: refused.map(({ number }) => number), unreadableCount: refusedCount };
}

export function writeLine(line: OutboxLine): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`, "utf8");
}
