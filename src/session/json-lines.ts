import { messageOf } from "../errors.ts";

const LINE_END = 0x0a;
/** No line of ours comes near it. A longer one counts as refused. */
const MAX_LINE_BYTES = 16_000_000;
/** Enough to see what is wrong with a file. Of the others only the number is kept, however many a file holds. */
const MAX_REFUSED_KEPT = 100;
/** A file with more wrong lines is not one of ours, and each of them costs as much time as a good one. */
const MAX_REFUSED_READ = 10_000;

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

export interface CheckedLines {
  /** Cut off by a kill, damaged, or of another version: the first 100 of them. */
  readonly refused: readonly RefusedLine[];
  /** How many lines were refused in all, those among them that were not read. */
  readonly refusedCount: number;
  /** Lines behind the 10,000th that was refused. They are counted and not read. */
  readonly unreadCount: number;
  /** Bytes up to the end of the last line that is whole: a kill may have torn what follows. */
  readonly wholeBytes: number;
  /** Whether the file holds whole lines and nothing else, so that it can be appended to. */
  readonly isClean: boolean;
}

export interface ReadLines<Line> extends CheckedLines {
  readonly lines: readonly Line[];
}

/**
 * Reads a file of JSON objects, one a line. A kill may have left the last line torn. A loss of power leaves zeros for
 * data that had not reached the disk, at the end or between lines; no JSON holds any, so they only separate lines.
 * Empty lines are skipped. Never throws.
 */
export function readJsonLines<Line>(bytes: Buffer, schema: LineSchema<Line>): ReadLines<Line> {
  const lines: Line[] = [];
  return { lines, ...checkJsonLines(bytes, schema, (line) => lines.push(line)) };
}

/** The same without a list of the lines, which would take several times the file's size in memory. */
export function checkJsonLines<Line>(
  bytes: Buffer,
  schema: LineSchema<Line>,
  onLine: (line: Line) => void,
): CheckedLines {
  const refused: RefusedLine[] = [];
  let refusedCount = 0;
  let lastRefused = 0;
  /** Zeros may part a line into several texts. */
  let refusedTexts = 0;
  let unreadCount = 0;
  for (const { number, text, end } of textsOf(bytes)) {
    const line = parsed(text, schema);
    if (typeof line !== "string") {
      onLine(line.data);
      continue;
    }
    if (lastRefused !== number) {
      lastRefused = number;
      refusedCount += 1;
      if (refused.length < MAX_REFUSED_KEPT) refused.push({ number, problem: line });
    }
    refusedTexts += 1;
    if (refusedTexts < MAX_REFUSED_READ) continue;
    unreadCount = countLines(bytes.subarray(end));
    break;
  }
  refusedCount += unreadCount;
  const wholeBytes = wholeLines(bytes).length;
  const isClean = refusedCount === 0 && wholeBytes === bytes.length && !bytes.includes(0);
  return { refused, refusedCount, unreadCount, wholeBytes, isClean };
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

interface Text {
  /** Of the line, from 1. */
  readonly number: number;
  /** Undefined if it is too long. */
  readonly text: string | undefined;
  /** Where the line ends in the file. */
  readonly end: number;
}

/** What may be a line. One by one, so that a long file is not held twice. */
function* textsOf(bytes: Buffer): Generator<Text> {
  for (let start = 0, number = 1; start < bytes.length; start += 1, number += 1) {
    // A search for the end of each of millions of empty lines would take minutes.
    if (bytes[start] === LINE_END) continue;
    const found = bytes.indexOf(LINE_END, start);
    const end = found === -1 ? bytes.length : found;
    if (end - start > MAX_LINE_BYTES) yield { number, text: undefined, end };
    else {
      for (const text of bytes.toString("utf8", start, end).split(/\0+/)) if (text !== "") yield { number, text, end };
    }
    start = end;
  }
}

/** Lines that are not empty. */
function countLines(bytes: Buffer): number {
  let count = 0;
  let before = LINE_END;
  for (const byte of bytes) {
    if (before === LINE_END && byte !== LINE_END) count += 1;
    before = byte;
  }
  return count;
}

function problemOf({ issues: [issue] }: SchemaError): string {
  return issue === undefined ? "not as its schema says" : `${issue.path.join(".") || "the line"}: ${issue.message}`;
}
