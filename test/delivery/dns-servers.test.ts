import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { AddressRefusedError, publicLookup } from "../../src/delivery/addresses.ts";
import { askDnsServers } from "../../src/delivery/dns-servers.ts";

const A = 1;
const NO_ERROR_RESPONSE = 0x8180;

/** A DNS server with one IPv4 address for each question, in order, and no IPv6 address (RFC 1035 §4.1). */
async function dnsServer(...addresses: readonly (readonly number[])[]): Promise<string> {
  const left = [...addresses];
  const socket = createSocket("udp4");
  socket.on("message", (query, { port }) => {
    const end = query.indexOf(0, 12) + 5;
    const type = query.readUInt16BE(end - 4);
    const address = type === A ? left.shift() : undefined;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(NO_ERROR_RESPONSE, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(address === undefined ? 0 : 1, 6);
    const answer = address === undefined ? [] : [0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...address];
    socket.send(Buffer.concat([head, query.subarray(12, end), Buffer.from(answer)]), port, "127.0.0.1");
  });
  await once(socket.bind(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    socket.close();
  });
  return `127.0.0.1:${socket.address().port}`;
}

function look(server: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    publicLookup(askDnsServers([server]))("hooks.example.org", { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}

it("asks the DNS servers itself; a name with addresses of one family is enough", async () => {
  expect(await look(await dnsServer([93, 184, 216, 34]))).toEqual([{ address: "93.184.216.34", family: 4 }]);
});

it("refuses a name whose next answer is a private address, and one without any", async () => {
  const server = await dnsServer([93, 184, 216, 34], [10, 0, 0, 1]);
  await look(server);
  await expect(look(server)).rejects.toThrow(AddressRefusedError);
  await expect(look(await dnsServer())).rejects.toThrow("has no address");
});
