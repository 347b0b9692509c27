/** Verifies a webhook: body on standard input, the signature header as argument. Exits 0 where it is genuine. */
import crypto from "node:crypto";
import { readFileSync } from "node:fs";

export function verifyMeetbotWebhook(rawBody, signatureHeader, secret) {
  if (!signatureHeader?.startsWith("sha256=")) return false;
  const provided = Buffer.from(signatureHeader.slice("sha256=".length), "hex");
  const expected = crypto.createHmac("sha256", secret).update(rawBody).digest();
  return provided.length === expected.length && crypto.timingSafeEqual(provided, expected);
}

process.exitCode = verifyMeetbotWebhook(readFileSync(0), process.argv[2], process.env.WEBHOOK_SECRET) ? 0 : 1;
