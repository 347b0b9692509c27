import { addressIn, isPublicAddress } from "../delivery/addresses.ts";

/**
 * Why an address cannot be a webhook's; undefined if it can. A host name is judged again at each lookup, because its
 * address may change.
 */
export function webhookProblem(url: string, allowPrivate: boolean): string | undefined {
  const parsed = new URL(url);
  if (allowPrivate) return undefined;
  if (parsed.protocol !== "https:") return "expected an https:// address";
  const address = addressIn(parsed);
  const isLocal = parsed.hostname === "localhost" || parsed.hostname.endsWith(".localhost");
  if (!isLocal && (address === undefined || isPublicAddress(address))) return undefined;
  return "expected a public address, or an operator who sets MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE=true";
}
