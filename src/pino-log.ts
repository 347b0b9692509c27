import { Writable } from "node:stream";
import pino, { type Logger } from "pino";
import pretty from "pino-pretty";
import { readableStack } from "./package/readable-stack.ts";
import { REDACTED, Redactor } from "./redactor.ts";
import { printable, printableLines } from "./text/safe-text.ts";

export { Redactor };

export interface LogOptions {
  readonly level: string;
  /** Is on every line; undefined if the process does several jobs. */
  readonly jobId?: string;
  readonly redactor: Redactor;
  /** Standard error in the worker. */
  readonly destination: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Keys whose values are never written, whoever's secrets they are. */
const SECRET_KEY = /(?:token|secret|password|authorization|cookie|(?:secret|private|api|access)[-_]?key)$/i;

/**
 * JSON lines, or readable ones on a terminal. Every line passes the redactor as its last step, so that no field, error
 * or stack gets around it. Lines are handed on at once: the one about a crash is out before the process is gone.
 */
export function createLog({ level, jobId, redactor, destination }: LogOptions): Logger {
  const redacting = new Writable({
    decodeStrings: false,
    write(chunk: Buffer | string, _encoding, done) {
      destination.write(visible(redactor.redact(String(chunk))));
      done();
    },
  });
  const isTerminal = destination.isTTY === true;
  const stream = isTerminal
    ? pretty({ destination: redacting, ignore: "pid,hostname,jobId", singleLine: true })
    : redacting;
  const write = (line: string): void => {
    const entry: unknown = JSON.parse(line, (key, value: unknown) => withoutSecret(key, value));
    if (!isTerminal) stream.write(`${JSON.stringify(entry)}\n`);
    else if (!isSaidAtTheEnd(entry)) stream.write(`${JSON.stringify(forTerminal(entry), printableValue)}\n`);
  };
  return pino({ level, base: jobId === undefined ? null : { jobId } }, { write });
}

/**
 * Characters that JSON does not escape and that a terminal obeys: C1 controls, line and paragraph separators, and the marks
 * that turn the direction of writing (Unicode UAX #9). A stranger's name must not change the log line that contains it.
 */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function visible(line: string): string {
  return line.replace(TERMINAL_CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * The printer for terminals shows some texts unchanged. So every character that a terminal obeys is taken out first, except
 * the line breaks of a stack.
 */
function printableValue(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return key === "stack" ? printableLines(value) : printable(value.replaceAll("\n", " "));
}

const FATAL = pino.levels.values.fatal ?? 60;

/** Why a job failed is the command's last sentence: a person reads it once. A fault of ours has its stack here. */
function isSaidAtTheEnd(entry: unknown): boolean {
  if (typeof entry !== "object" || entry === null) return false;
  return "failureCode" in entry && entry.failureCode !== "internal_error";
}

/**
 * A person needs no stack if the message already has the error's sentence. A fault of ours, or an error that nobody caught,
 * keeps its stack: it helps to fix the fault.
 */
function forTerminal(entry: unknown): unknown {
  if (typeof entry !== "object" || entry === null || !("err" in entry)) return entry;
  const { err, ...rest } = entry;
  if (("level" in rest && rest.level === FATAL) || ("failureCode" in rest && rest.failureCode === "internal_error")) {
    return entry;
  }
  const message = typeof err === "object" && err !== null && "message" in err ? String(err.message) : String(err);
  const said = "msg" in rest ? String(rest.msg) : "";
  if (said.includes(message)) return rest;
  return { ...rest, why: message.startsWith(`${said}: `) ? message.slice(said.length + 2) : message };
}

/**
 * Secrets by their keys, at any depth. Not with pino's own `redact`, which throws on a Buffer that a wildcard meets,
 * distinguishes upper from lower case, and needs each depth spelt out.
 */
function withoutSecret(key: string, value: unknown): unknown {
  if (SECRET_KEY.test(key) && value !== null && typeof value !== "boolean") return REDACTED;
  if (key === "stack" && typeof value === "string") return readableStack(value);
  const byteCount = byteCountOf(value);
  return byteCount === undefined ? value : `[${byteCount} bytes]`;
}

/** Fewer numbers under the keys 0, 1, 2 … may as well be counts. */
const MIN_BYTE_LIST = 8;

/** How many bytes a value holds that JSON made of a Buffer or a Uint8Array: they say nothing to a reader of logs. */
function byteCountOf(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  if ("type" in value && value.type === "Buffer" && "data" in value && Array.isArray(value.data)) {
    return value.data.length;
  }
  const entries = Object.entries(value);
  const isByteList =
    entries.length >= MIN_BYTE_LIST && entries.every(([key, byte], index) => key === `${index}` && isByte(byte));
  return isByteList ? entries.length : undefined;
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
}
