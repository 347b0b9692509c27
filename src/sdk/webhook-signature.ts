import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { MeetbotInputError } from "./errors.ts";

/** A webhook as it arrived. */
export interface ReceivedWebhook {
  /** The raw body, before anything parsed it. */
  readonly body: string | Uint8Array | ArrayBuffer;
  /** The header `x-meetbot-signature`. */
  readonly header: string | readonly string[] | null | undefined;
  /** The webhook secret, `whsec_…`. */
  readonly secret: string;
}

/**
 * Whether a webhook is genuine: whether one of the header's signatures, `sha256=HEX` with commas between them, is the
 * HMAC-SHA256 of the body. How long it takes does not depend on the signature.
 *
 * @throws MeetbotInputError if the secret is missing, or the body was parsed already
 */
export function verifyWebhookSignature({ body, header, secret }: ReceivedWebhook): boolean {
  if (typeof secret !== "string" || secret === "") {
    throw new MeetbotInputError("secret: missing, expected the webhook secret (whsec_…)");
  }
  const text = new TextEncoder();
  const expected = hmac(sha256, text.encode(secret), typeof body === "string" ? text.encode(body) : bytesOf(body));
  const headers = typeof header === "string" ? [header] : (header ?? []);
  let isGenuine = false;
  // Every entry is compared, whether an earlier one fits or not.
  for (const entry of headers.flatMap((each) => each.split(","))) {
    if (isSame(signatureOf(entry), expected)) isGenuine = true;
  }
  return isGenuine;
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  // `instanceof` does not know values of another realm, such as a test's.
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (Object.prototype.toString.call(body) === "[object ArrayBuffer]") return new Uint8Array(body as ArrayBuffer);
  throw new MeetbotInputError("body: expected the raw bytes or text as they arrived, not parsed JSON");
}

/** The bytes of one entry; undefined if it is not a signature. */
function signatureOf(entry: string): Uint8Array | undefined {
  const digits = /^\s*sha256=([\da-f]{64})\s*$/i.exec(entry)?.[1];
  if (digits === undefined) return undefined;
  return Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

/** Looks at every byte, so that the time does not say how many of them fit. */
function isSame(provided: Uint8Array | undefined, expected: Uint8Array): boolean {
  if (provided?.length !== expected.length) return false;
  let difference = 0;
  for (const [at, byte] of expected.entries()) difference |= byte ^ (provided[at] ?? 0);
  return difference === 0;
}
