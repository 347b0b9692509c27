import { addressIn, isPublicAddress } from "../delivery/addresses.ts";

const ALLOWED = "an operator who sets MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE=true";

/**
 * Why an address cannot be a webhook's; undefined if it can. A host name is judged again at each lookup, because its
 * address may change.
 */
export function webhookProblem(url: string, allowPrivate: boolean): string | undefined {
  const parsed = new URL(url);
  if (allowPrivate) return undefined;
  if (parsed.protocol !== "https:") return `expected an https:// address, or ${ALLOWED}`;
  const address = addressIn(parsed);
  // RFC 6761 §6.3; a dot at the end changes nothing.
  const isLocal = /(^|\.)localhost\.?$/.test(parsed.hostname);
  if (!isLocal && (address === undefined || isPublicAddress(address))) return undefined;
  return `expected a public address, or ${ALLOWED}`;
}
