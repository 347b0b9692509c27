import { createHash } from "node:crypto";
import type { LookupFunction } from "node:net";
import { unescape as decode } from "node:querystring";
import { InputError } from "../errors.ts";
import { addressIn, isPublicAddress, publicLookup } from "./addresses.ts";
import { meetbotSignature } from "./signature.ts";

/** An endpoint that gets job events. A job has at most one of each kind. */
export interface Destination {
  readonly kind: DestinationKind;
  readonly url: URL;
  /** The address's hash for the outbox, which holds no address because one may contain credentials. */
  readonly fingerprint: string;
  /** Headers that authenticate the sender of this body. */
  credentials(body: Buffer): Readonly<Record<string, string>>;
  /** Resolves and checks the host's address; the system's lookup if undefined. */
  readonly lookup: LookupFunction | undefined;
}

export type DestinationKind = "webhook" | "ingest";

/**
 * The customer's endpoint: bodies are signed.
 *
 * @throws InputError if its address is private, and private addresses are not allowed
 */
export function webhookDestination(options: {
  readonly url: string;
  readonly secret: string;
  readonly allowPrivate: boolean;
}): Destination {
  const url = new URL(options.url);
  const address = addressIn(url);
  if (address !== undefined && !options.allowPrivate && !isPublicAddress(address)) {
    throw new InputError(
      `MEETBOT_WEBHOOK_URL names ${address}, expected a public address, or MEETBOT_WEBHOOK_ALLOW_PRIVATE=true for a receiver in your own network`,
    );
  }
  return {
    kind: "webhook",
    url,
    fingerprint: fingerprintOf(url),
    credentials: (body) => ({
      "x-meetbot-signature": meetbotSignature([options.secret], body),
      ...basicCredentials(url),
    }),
    lookup: options.allowPrivate ? undefined : publicLookup(),
  };
}

/** The operator's own endpoint, at any address. */
export function ingestDestination(options: { readonly url: string; readonly token: string }): Destination {
  const url = new URL(options.url);
  return {
    kind: "ingest",
    url,
    fingerprint: fingerprintOf(url),
    credentials: () => ({ authorization: `Bearer ${options.token}` }),
    lookup: undefined,
  };
}

/** User name and password in the address, as RFC 7617 sends them. */
export function basicCredentials({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "" && password === "") return {};
  const pair = `${decode(username)}:${decode(password)}`;
  return { authorization: `Basic ${Buffer.from(pair, "utf8").toString("base64")}` };
}

/** Its name in logs, without path and query, which may be secret. */
export function nameOf({ kind, url }: Pick<Destination, "kind" | "url">): string {
  return `${kind} at ${url.origin}`;
}

function fingerprintOf({ href }: URL): string {
  return createHash("sha256").update(href).digest("hex");
}
