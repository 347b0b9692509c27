import { z } from "zod";
import { type Notice, notice } from "../session/notices.ts";

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
  data: notice,
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
export type OutboxEvent = z.infer<typeof eventLine> & { readonly data: Notice };

export interface OutboxContent {
  readonly lines: readonly OutboxLine[];
  /** What stands before a last line that a crash cut off. */
  readonly wholeBytes: number;
  /** Numbers of lines, from 1, that are none of ours. */
  readonly unreadable: readonly number[];
}

const LINE_END = 0x0a;

/** Events of another job than this one count as none of ours: somebody else has put them there. */
export function readOutbox(bytes: Buffer, jobId: string): OutboxContent {
  const wholeBytes = bytes.lastIndexOf(LINE_END) + 1;
  const texts = bytes.subarray(0, wholeBytes).toString("utf8").split("\n").slice(0, -1);
  const lines: OutboxLine[] = [];
  const unreadable: number[] = [];
  for (const [index, text] of texts.entries()) {
    // Zeros are what a loss of power leaves of lines that had not reached the disk.
    const line = outboxLine.safeParse(parsed(text.replace(/^\0+/, "")));
    const isOurs = line.success && (line.data.type !== "event" || line.data.data.jobId === jobId);
    if (isOurs) lines.push(line.data);
    else unreadable.push(index + 1);
  }
  return { lines, wholeBytes, unreadable };
}

export function writeLine(line: OutboxLine): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`, "utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is no line of ours, as little as JSON of another shape.
    return undefined;
  }
}
