import type { LookupAddress } from "node:dns";
import { describe, expect, test } from "vitest";
import { AddressRefusedError, isPublicAddress, publicLookup } from "../../src/delivery/addresses.ts";
import { webhookDestination } from "../../src/delivery/destination.ts";
import { InputError } from "../../src/errors.ts";

const REFUSED = [
  ["0.0.0.0", "unspecified"],
  ["10.1.2.3", "private"],
  ["100.64.0.1", "carrier-grade NAT"],
  ["100.127.255.255", "carrier-grade NAT"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["168.63.129.16", "Azure's own address of each host"],
  ["169.254.169.254", "link-local, a cloud's metadata"],
  ["100.100.100.200", "Alibaba's metadata"],
  ["192.0.0.192", "Oracle's metadata"],
  ["fd00:ec2::254", "Amazon's metadata"],
  ["fd20:ce::254", "Google's metadata"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["198.18.0.1", "benchmarks"],
  ["203.0.113.9", "documentation"],
  ["224.0.0.1", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::ffff:127.0.0.1", "IPv4-mapped"],
  ["::ffff:8.8.8.8", "IPv4-mapped"],
  ["::7f00:1", "IPv4-compatible"],
  ["64:ff9b::7f00:1", "NAT64"],
  ["64:ff9b:1::1", "local NAT64"],
  ["100::1", "discard"],
  ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"],
  ["2001:db8::1", "documentation"],
  ["2002:7f00:1::1", "6to4"],
  ["fc00::1", "unique-local"],
  ["fdff::1", "unique-local"],
  ["fe80::1", "link-local"],
  ["fec0::1", "site-local"],
  ["ff02::1", "multicast"],
  ["example.org", "no address"],
] as const;

const PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "193.0.0.1"];
const PUBLIC_IPV6 = ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::1"];

test.each(REFUSED)("%s is not public: %s", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([...PUBLIC, ...PUBLIC_IPV6])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

describe("a webhook", () => {
  const open = (url: string, allowPrivate = false) => webhookDestination({ url, secret: "whsec_1", allowPrivate });

  test.each([
    ["https://127.0.0.1/", "127.0.0.1"],
    ["https://0x7f.1/", "127.0.0.1"],
    ["https://2130706433/", "127.0.0.1"],
    ["https://017700000001/", "127.0.0.1"],
    ["https://[::1]/", "::1"],
    ["https://[::ffff:10.0.0.1]/", "::ffff:a00:1"],
    ["https://user:recognisable@10.0.0.1/?key=recognisable", "10.0.0.1"],
  ])("at a private address, however it is written, is refused without its credentials: %s", (url, address) => {
    expect(() => open(url)).toThrow(InputError);
    expect(() => open(url)).toThrow(
      `MEETBOT_WEBHOOK_URL names ${address}, expected a public address, or MEETBOT_WEBHOOK_ALLOW_PRIVATE=true for a receiver in your own network`,
    );
    expect(open(url, true).url.href).toBe(new URL(url).href);
  });

  test("at a public address or at a host name is accepted", () => {
    for (const url of ["https://1.1.1.1/", "https://[2606:4700::1]/", "https://hooks.example.org/"]) {
      expect(open(url).lookup).toBeDefined();
    }
  });
});

describe("resolving a name", () => {
  /** A resolver that knows one name, with the signature of Node's. */
  const resolverOf = (...addresses: string[]) =>
    ((_name: string, _options: object, done: (error: null, found: LookupAddress[]) => void) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      )) as unknown as Parameters<typeof publicLookup>[0];

  function look(all: boolean, ...addresses: string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      publicLookup(resolverOf(...addresses))("hooks.example.org", { all }, (error, address, family) => {
        if (error === null) resolve(all ? address : { address, family });
        else reject(error);
      });
    });
  }

  test("gives all public addresses, or the first", async () => {
    const both = ["1.1.1.1", "2606:4700::1"];
    expect(await look(true, ...both)).toEqual([
      { address: "1.1.1.1", family: 4 },
      { address: "2606:4700::1", family: 6 },
    ]);
    expect(await look(false, ...both)).toEqual({ address: "1.1.1.1", family: 4 });
  });

  test("refuses a name if any of its addresses is not public", async () => {
    for (const all of [true, false]) {
      await expect(look(all, "1.1.1.1", "10.0.0.1")).rejects.toThrow(AddressRefusedError);
      await expect(look(all, "1.1.1.1", "10.0.0.1")).rejects.toThrow(
        "hooks.example.org is 10.0.0.1, which is not a public address",
      );
    }
    await expect(look(true)).rejects.toThrow("hooks.example.org has no address");
  });
});
