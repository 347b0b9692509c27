import { addressIn, isPublicAddress } from "../../delivery/addresses.ts";

/**
 * Why an address cannot be a webhook's, as a clause that follows the field's name; undefined if it can. A name is looked
 * up only when a delivery is sent, by the connection itself.
 *
 * @param allowPrivate whether addresses of private networks and `http://` are allowed
 */
export function webhookProblem(url: string, allowPrivate: boolean): string | undefined {
  const parsed = URL.parse(url);
  const accepted = allowPrivate ? "https:// or http://" : "https://";
  if (parsed === null || !(parsed.protocol === "https:" || (allowPrivate && parsed.protocol === "http:"))) {
    return `is no address of a webhook, expected one that begins with ${accepted}`;
  }
  const address = addressIn(parsed);
  if (address === undefined || allowPrivate || isPublicAddress(address)) return undefined;
  return `names ${address}, expected a public address`;
}
