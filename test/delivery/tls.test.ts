import { once } from "node:events";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { generate } from "selfsigned";
import { afterEach, expect, test } from "vitest";
import { post } from "../../src/delivery/post.ts";
import { MemoryLog, newFolder, numbered, sinkWith, webhookAt } from "./support.ts";

const known = getCACertificates("default");
afterEach(() => setDefaultCACertificates(known));

/** Emits an event to an https:// endpoint on localhost. */
async function deliverTo(name: string, trusted: boolean) {
  const identity = await generate([{ name: "commonName", value: name }], {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: name }] }],
  });
  if (trusted) setDefaultCACertificates([...known, identity.cert]);
  let requests = 0;
  await using server = createServer({ key: identity.private, cert: identity.cert }, (_request, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const log = new MemoryLog();
  const destinations = [webhookAt(`https://localhost:${port}/`)];
  const eventSink = await sinkWith({ directory: newFolder(), log, destinations });
  await eventSink.emit(numbered(1));
  const { pending } = await eventSink.drain();
  await eventSink.close();
  return { pending, requests, log: log.text };
}

test("A receiver with a trusted certificate gets its events.", async () => {
  expect(await deliverTo("localhost", true)).toEqual({ pending: 0, requests: 1, log: "" });
});

test("A receiver gets nothing if its certificate is untrusted or belongs to another host.", async () => {
  const untrusted = await deliverTo("localhost", false);
  expect(untrusted).toMatchObject({ pending: 1, requests: 0 });
  expect(untrusted.log).toContain("could not be reached: self-signed certificate");
  const other = await deliverTo("elsewhere.example.org", true);
  expect(other).toMatchObject({ pending: 1, requests: 0 });
  expect(other.log).toContain("does not match certificate");
});

test("A receiver that never completes the TLS handshake is disconnected at the deadline.", async () => {
  await using server = createTcpServer({ allowHalfOpen: false });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connected = once(server, "connection");
  const { signal } = new AbortController();
  const options = { headers: {}, body: Buffer.from("{}"), timeoutMs: 200, lookup: undefined, signal };
  await expect(post(new URL(`https://127.0.0.1:${port}/`), options)).rejects.toThrow("no answer within 200 ms");
  const [socket] = (await connected) as [Socket];
  await once(socket.resume(), "close");
});
