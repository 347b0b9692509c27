import { messageOf } from "../errors.ts";

const LINE_END = 0x0a;
/** The maximum length of a line, far above that of ours. A longer one is refused. */
const MAX_LINE_BYTES = 16_000_000;
/** The most refused lines that are kept, which is enough to see a file's problem. The others are only counted. */
const MAX_REFUSED_KEPT = 100;
/** A file with more wrong lines is not one of ours, and each one costs as much time as a valid line. */
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

/** A line that does not match its schema; `problem` is a sentence. */
export interface RefusedLine {
  /** From 1. */
  readonly number: number;
  readonly problem: string;
}

export interface CheckedLines {
  /** The first 100 lines that were cut off by a kill, damaged, or of another version. */
  readonly refused: readonly RefusedLine[];
  /** The number of refused lines, including lines that were not read. */
  readonly refusedCount: number;
  /** The number of lines after the 10,000th refused one, which are not read. */
  readonly unreadCount: number;
  /** Bytes up to the end of the last complete line, because a kill may have torn the rest. */
  readonly wholeBytes: number;
  /** Whether the file contains only complete lines, so it can be appended to. */
  readonly isClean: boolean;
}

export interface ReadLines<Line> extends CheckedLines {
  readonly lines: readonly Line[];
}

/**
 * Reads a file of JSON objects, one a line. A kill may have torn the last line. A loss of power leaves zeros for data
 * that never reached the disk, at the end or between lines. JSON never contains zeros, so they only separate lines.
 * Empty lines are skipped. Never throws.
 */
export function readJsonLines<Line>(bytes: Buffer, schema: LineSchema<Line>): ReadLines<Line> {
  const lines: Line[] = [];
  return { lines, ...checkJsonLines(bytes, schema, (line) => lines.push(line)) };
}

/** The same without a list of the lines, which would use several times the file's size in memory. */
export function checkJsonLines<Line>(
  bytes: Buffer,
  schema: LineSchema<Line>,
  onLine: (line: Line) => void,
): CheckedLines {
  const refused: RefusedLine[] = [];
  let refusedCount = 0;
  let lastRefused = 0;
  /** Zeros may split a line into several texts. */
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

/** @returns the problem as a sentence if the text is not a valid line */
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
  /** The line's number, from 1. */
  readonly number: number;
  /** Undefined if it is too long. */
  readonly text: string | undefined;
  /** The position where the line ends in the file. */
  readonly end: number;
}

/** Yields possible lines one by one, so a long file is not in memory twice. */
function* textsOf(bytes: Buffer): Generator<Text> {
  for (let start = 0, number = 1; start < bytes.length; start += 1, number += 1) {
    // Searching for the end of each of millions of empty lines would take minutes.
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
