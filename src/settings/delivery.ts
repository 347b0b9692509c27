import type { ReadSettings, SettingName } from "./settings.ts";

/** The receivers of the job's events; undefined if there are none. */
export interface DeliverySettings {
  readonly webhook: { readonly url: string; readonly secret: string; readonly allowPrivate: boolean } | undefined;
  readonly ingest: { readonly url: string; readonly token: string } | undefined;
}

type Address = "MEETBOT_WEBHOOK_URL" | "MEETBOT_INGEST_URL";
type Secret = "MEETBOT_WEBHOOK_SECRET" | "MEETBOT_INGEST_TOKEN";

/** Each address needs its secret, and the customer's must use TLS. Errors are added to `problems`. */
export function deliveryOf(
  values: ReadSettings,
  given: ReadonlyMap<SettingName, unknown>,
  problems: string[],
): DeliverySettings {
  const pair = (address: Address, secret: Secret): [string, string] | undefined => {
    if (given.has(address) && !given.has(secret)) problems.push(`${address} is set without ${secret}, expected both`);
    if (given.has(secret) && !given.has(address)) problems.push(`${secret} is set without ${address}, expected both`);
    const [url, key] = [values[address], values[secret]];
    return url !== undefined && key !== undefined ? [url, key] : undefined;
  };
  const allowPrivate = values.MEETBOT_WEBHOOK_ALLOW_PRIVATE === true;
  const webhook = pair("MEETBOT_WEBHOOK_URL", "MEETBOT_WEBHOOK_SECRET");
  const ingest = pair("MEETBOT_INGEST_URL", "MEETBOT_INGEST_TOKEN");
  const address = values.MEETBOT_WEBHOOK_URL;
  if (address !== undefined && new URL(address).protocol === "http:" && !allowPrivate) {
    problems.push(
      "MEETBOT_WEBHOOK_URL is an http:// address, expected an https:// address, or MEETBOT_WEBHOOK_ALLOW_PRIVATE=true for a receiver in your own network",
    );
  }
  return {
    webhook: webhook && { url: webhook[0], secret: webhook[1], allowPrivate },
    ingest: ingest && { url: ingest[0], token: ingest[1] },
  };
}

/** The possibly secret parts of the addresses: user names, passwords, values in a query; both encoded and decoded. */
export function credentialsIn({ webhook, ingest }: DeliverySettings): string[] {
  const urls = [webhook?.url, ingest?.url].flatMap((address) => (address === undefined ? [] : new URL(address)));
  return urls.flatMap(({ href, username, password, search, searchParams }) => {
    const query = search.slice(1).split("&");
    const written = [username, password, ...query.map((pair) => pair.slice(pair.indexOf("=") + 1))];
    return [href, ...written, ...written.map(decoded), ...searchParams.values()].filter((text) => text !== "");
  });
}

/** A percent-encoded text (RFC 3986 §2.1). */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing is a plain percent sign.
    return text;
  }
}
