import { createHmac } from "node:crypto";

/**
 * The header that shows who sends a body: `sha256=HEX`, or one such entry for each secret, separated by commas.
 *
 * @param secrets the receiver's secrets, the newest first
 * @param body the exact bytes that are sent
 */
export function meetbotSignature(secrets: readonly string[], body: Buffer): string {
  return secrets.map((secret) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`).join(",");
}
