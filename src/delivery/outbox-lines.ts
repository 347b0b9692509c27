import * as z from "zod";
import { type JobEvent, jobEvent } from "../session/job-events.ts";
import { readJsonLines, wholeLines } from "../session/json-lines.ts";

/**
 * `outbox.jsonl`: the emitted events in order, who has accepted which, and which were given up. It contains no address
 * and no secret.
 */

const kind = z.enum(["webhook", "ingest"]);
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);

const eventLine = z.object({
  type: z.literal("event"),
  deliveryId: z.string(),
  emittedAt: z.iso.datetime(),
  /** The destination: SHA-256 of the address that was set when the event was emitted. */
  to: z.partialRecord(kind, fingerprint),
  data: jobEvent,
});

const acceptedLine = z.object({
  type: z.literal("accepted"),
  deliveryId: z.string(),
  by: kind,
  at: z.iso.datetime(),
});

/** The event was given up and is not tried again. */
const givenUpLine = z.object({
  type: z.literal("given_up"),
  deliveryId: z.string(),
  by: kind,
  at: z.iso.datetime(),
  /** A sentence without the address, which may contain credentials. */
  reason: z.string(),
});

const outboxLine = z.discriminatedUnion("type", [eventLine, acceptedLine, givenUpLine]);

export type OutboxLine = z.infer<typeof outboxLine>;
export type GivenUpLine = z.infer<typeof givenUpLine>;
export type OutboxEvent = z.infer<typeof eventLine> & { readonly data: JobEvent };

export interface OutboxContent {
  readonly lines: readonly OutboxLine[];
  /** The length without a last line that a crash cut off. */
  readonly wholeBytes: number;
  /** The numbers of the first 100 foreign lines, from 1. */
  readonly unreadable: readonly number[];
  /** The number of foreign lines. */
  readonly unreadableCount: number;
}

/** Events of another job count as foreign, because somebody else has put them there. */
export function readOutbox(bytes: Buffer, jobId: string): OutboxContent {
  const oursOnly = outboxLine.refine((line) => line.type !== "event" || line.data.jobId === jobId);
  const { lines, wholeBytes, refused, refusedCount } = readJsonLines(wholeLines(bytes), oursOnly);
  return { lines, wholeBytes, unreadable: refused.map(({ number }) => number), unreadableCount: refusedCount };
}

export function writeLine(line: OutboxLine): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`, "utf8");
}
