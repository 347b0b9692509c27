import crypto from "node:crypto";
import { buffer } from "node:stream/consumers";

// Word for word from the reference page "Webhooks – Signature Verification".
export function verifyMeetbotWebhook(
  rawBody: string | Buffer,
  signatureHeader: string | null,
  secret: string,
): boolean {
  if (!signatureHeader?.startsWith("sha256=")) return false;
  const provided = Buffer.from(signatureHeader.slice("sha256=".length), "hex");
  const expected = crypto.createHmac("sha256", secret).update(rawBody).digest();
  return provided.length === expected.length && crypto.timingSafeEqual(provided, expected);
}

const isGenuine = verifyMeetbotWebhook(
  await buffer(process.stdin),
  process.argv[2] ?? null,
  process.env["WEBHOOK_SECRET"] ?? "",
);
process.exit(isGenuine ? 0 : 1);
