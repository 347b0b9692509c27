import { messageOf } from "../errors.ts";

const LINE_END = 0x0a;
/** No line of ours comes near it. A longer one counts as refused. */
const MAX_LINE_BYTES = 16_000_000;
/** Enough to see what is wrong with a file. Of the others only the number is kept, however many a file holds. */
const MAX_REFUSED_KEPT = 100;

interface SchemaError {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** A schema of zod's. */
export interface LineSchema<Line> {
  safeParse(
    line: unknown,
  ): { readonly success: true; readonly data: Line } | { readonly success: false; readonly error: SchemaError };
}

/** A line that is not what its schema says; `problem` in a sentence. */
export interface RefusedLine {
  /** From 1. */
  readonly number: number;
  readonly problem: string;
}

export interface ReadLines<Line> {
  readonly lines: readonly Line[];
  /** Cut off by a kill, damaged, or of another version: the first 100 of them. */
  readonly refused: readonly RefusedLine[];
  /** How many lines were refused in all. */
  readonly refusedCount: number;
  /** Bytes up to the end of the last line that is whole: a kill may have torn what follows. */
  readonly wholeBytes: number;
  /** Whether the file holds whole lines and nothing else, so that it can be appended to. */
  readonly isClean: boolean;
}

/**
 * Reads a file of JSON objects, one a line. A kill may have left the last line torn. A loss of power leaves zeros for
 * data that had not reached the disk, at the end or between lines; no JSON holds any, so they only separate lines.
 * Empty lines are skipped. Never throws.
 */
export function readJsonLines<Line>(bytes: Buffer, schema: LineSchema<Line>): ReadLines<Line> {
  const lines: Line[] = [];
  const refused: RefusedLine[] = [];
  let refusedCount = 0;
  let lastRefused = 0;
  for (const { number, text } of textsOf(bytes)) {
    const line = parsed(text, schema);
    if (typeof line !== "string") lines.push(line.data);
    else if (lastRefused !== number) {
      lastRefused = number;
      refusedCount += 1;
      if (refused.length < MAX_REFUSED_KEPT) refused.push({ number, problem: line });
    }
  }
  const wholeBytes = wholeLines(bytes).length;
  const isClean = refusedCount === 0 && wholeBytes === bytes.length && !bytes.includes(0);
  return { lines, refused, refusedCount, wholeBytes, isClean };
}

/** The bytes without a last line that a kill may have torn. */
export function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(LINE_END) + 1);
}

/** @returns the problem as a sentence if the text is no such line */
function parsed<Line>(text: string | undefined, schema: LineSchema<Line>): { readonly data: Line } | string {
  if (text === undefined) return `longer than ${MAX_LINE_BYTES} bytes`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return messageOf(error);
  }
  const result = schema.safeParse(value);
  return result.success ? result : problemOf(result.error);
}

/** What may be a line; undefined if it is too long. One by one, so that a long file is not held twice. */
function* textsOf(bytes: Buffer): Generator<{ readonly number: number; readonly text: string | undefined }> {
  for (let start = 0, number = 1; start < bytes.length; number += 1) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found === -1 ? bytes.length : found;
    if (end - start > MAX_LINE_BYTES) yield { number, text: undefined };
    else {
      for (const text of bytes.toString("utf8", start, end).split(/\0+/)) if (text !== "") yield { number, text };
    }
    start = end + 1;
  }
}

function problemOf({ issues: [issue] }: SchemaError): string {
  return issue === undefined ? "not as its schema says" : `${issue.path.join(".") || "the line"}: ${issue.message}`;
}
