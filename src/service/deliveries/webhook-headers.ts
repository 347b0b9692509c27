import { createHmac } from "node:crypto";
import { meetbotSignature } from "../../delivery/signature.ts";

const SECRET_PREFIX = "whsec_";

interface Signed {
  readonly deliveryId: string;
  /** The time of this attempt, epoch milliseconds. */
  readonly at: number;
  /** Exactly the bytes that are sent. */
  readonly body: Buffer;
  /** The webhook secrets of the key, newest first. */
  readonly secrets: readonly string[];
}

/**
 * The headers that prove who sent a body, in two forms: our own, and that of Standard Webhooks
 * (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md), whose libraries verify it.
 */
export function webhookHeaders({ deliveryId, at, body, secrets }: Signed): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1_000));
  return {
    "x-meetbot-signature": meetbotSignature(secrets, body),
    "webhook-id": deliveryId,
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((secret) => standardSignature(secret, deliveryId, timestamp, body)).join(" "),
  };
}

/** The signing key is the decoded Base64 after `whsec_`, not the text of the secret. */
function standardSignature(secret: string, id: string, timestamp: string, body: Buffer): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
  const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest("base64")}`;
}
