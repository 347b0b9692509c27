import { lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Which addresses a customer's webhook may have: those that belong to the public Internet. Everything else could be
 * something of the operator's own that listens to whoever is inside.
 */

/** IANA's special-purpose registry for IPv4 (RFC 6890), and multicast. */
const REFUSED_IPV4 = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8], // this network, and unspecified
  ["10.0.0.0", 8], // private: RFC 1918
  ["100.64.0.0", 10], // carrier-grade NAT: RFC 6598
  ["127.0.0.0", 8], // loopback
  ["168.63.129.16", 32], // Azure's virtual public address of each host, which serves virtual machines' configuration
  ["169.254.0.0", 16], // link-local, where clouds serve their metadata: RFC 3927
  ["172.16.0.0", 12], // private: RFC 1918
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation: RFC 5737
  ["192.88.99.0", 24], // 6to4 relays: RFC 7526
  ["192.168.0.0", 16], // private: RFC 1918
  ["198.18.0.0", 15], // benchmarks: RFC 2544
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast: RFC 5771
  ["240.0.0.0", 4], // reserved, and broadcast
] as const) {
  REFUSED_IPV4.addSubnet(network, prefix, "ipv4");
}

/**
 * Global unicast (RFC 4291 §2.4). Outside lie loopback, unspecified, IPv4-mapped, NAT64, unique-local, link-local and
 * multicast addresses.
 */
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet("2000::", 3, "ipv6");

/** Within global unicast: what stands for an IPv4 address, or is nobody's. */
const REFUSED_IPV6 = new BlockList();
for (const [network, prefix] of [
  ["2001::", 23], // protocol assignments, Teredo among them: RFC 2928, RFC 4380
  ["2001:db8::", 32], // documentation: RFC 3849
  ["2002::", 16], // 6to4: RFC 3056
  ["3fff::", 20], // documentation: RFC 9637
] as const) {
  REFUSED_IPV6.addSubnet(network, prefix, "ipv6");
}

/** Whether an IP address belongs to the public Internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !REFUSED_IPV4.check(address, "ipv4");
    case 6:
      return GLOBAL_IPV6.check(address, "ipv6") && !REFUSED_IPV6.check(address, "ipv6");
    default:
      return false;
  }
}

/** The IP address that a URL names itself, without a name to look up. */
export function addressIn({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, "");
  return isIP(address) === 0 ? undefined : address;
}

/** A destination that may not be connected to; another try changes nothing. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
}

/**
 * Looks a name up and refuses it where any of its addresses is not public. It is what the connection itself asks, so
 * that a name cannot turn into another address between check and use.
 */
export function publicLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
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
