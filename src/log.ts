import { Transform } from "node:stream";
import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

/** Stands where a secret would. */
const REDACTED = "[redacted]";
/** Shorter values would hit ordinary words. */
const MIN_SECRET_LENGTH = 6;

/**
 * Takes secrets out of text, in each form in which they could appear: as they are, escaped in JSON, and in JSON within
 * JSON, in Base64 of either alphabet, URL-encoded.
 */
export class Redactor {
  /** The longest first: a secret that holds another one goes as a whole. */
  #forms: readonly string[] = [];

  constructor(secrets: Iterable<string>) {
    for (const secret of secrets) this.add(secret);
  }

  add(secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH) return;
    const bytes = Buffer.from(secret, "utf8");
    const forms = [
      secret,
      jsonEscaped(secret),
      jsonEscaped(jsonEscaped(secret)),
      encodeURIComponent(secret),
      // Without the padding, which is no secret and may be there or not.
      bytes.toString("base64").replace(/=+$/, ""),
      bytes.toString("base64url"),
    ];
    this.#forms = [...new Set([...this.#forms, ...forms])].sort((a, b) => b.length - a.length);
  }

  redact(text: string): string {
    let result = text;
    for (const form of this.#forms) result = result.replaceAll(form, REDACTED);
    return result;
  }
}

function jsonEscaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export interface LogOptions {
  readonly level: string;
  readonly redactor: Redactor;
  /** Standard error in the worker. */
  readonly destination: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Keys whose values are never written, whoever's secrets they are. */
const SECRET_KEYS = ["token", "authorization", "secret", "secret_key", "secretKey"];

/**
 * JSON lines, or readable ones on a terminal. Every line passes the redactor as its last step, so that no field, error
 * or stack gets around it.
 */
export function createLog({ level, redactor, destination }: LogOptions): Logger {
  const redacting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, redactor.redact(chunk.toString("utf8")));
    },
  });
  redacting.pipe(destination);
  const stream = destination.isTTY === true ? pretty({ destination: redacting, ignore: "pid,hostname" }) : redacting;
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  return pino({ level, base: null, redact: { paths, censor: REDACTED } }, stream);
}
