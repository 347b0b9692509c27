import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

const { IPv4, IPv6, parse } = ipaddr;

/**
 * A customer's webhook must have an address in the public Internet. Any other address may be a service of the operator
 * that trusts every client.
 */

/** RFC 4291 §2.4. ipaddr.js also calls the unassigned rest of IPv6 unicast, which includes IPv4-compatible addresses. */
const GLOBAL_UNICAST = IPv6.parseCIDR("2000::/3");

/** Azure serves each virtual machine its configuration at this address, which looks public and is not. */
const AZURE_HOST = "168.63.129.16";

/** Whether an IP address belongs to the public Internet, unlike IANA's special-purpose ranges (RFC 6890). */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0 || text === AZURE_HOST) return false;
  const address = parse(text);
  if (address.range() !== "unicast") return false;
  return address instanceof IPv4 || address.match(GLOBAL_UNICAST);
}

/** The IP address in a URL; undefined if it has a host name. */
export function addressIn({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, "");
  return isIP(address) === 0 ? undefined : address;
}

/** A destination to which the worker must not connect. A retry would not help. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
}

/** All addresses of a name, as Node's `dns.lookup` gives them. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Looks a name up, and refuses it if one of its addresses is not public. The connection uses this lookup, so the
 * address cannot change between check and use.
 */
export function publicLookup(resolve: Resolve = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "");
      const refused = addresses.find(({ address }) => !isPublicAddress(address));
      const [first] = addresses;
      if (refused !== undefined) {
        return callback(
          new AddressRefusedError(`${hostname} is ${refused.address}, which is not a public address`),
          "",
        );
      }
      if (first === undefined) return callback(new Error(`${hostname} has no address`), "");
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}
