import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { post } from "../../src/delivery/post.ts";

/** Something that answers a connection's first bytes. */
async function serverThat(answer: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined); // the client cuts it off
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const EARLY_HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
const options = { headers: {}, body: Buffer.from("{}"), lookup: undefined, signal: new AbortController().signal };

it("waits for the status behind some informational ones, and gives up a receiver that sends only those", async () => {
  const some = await serverThat((socket) => socket.end(`${EARLY_HINTS.repeat(20)}HTTP/1.1 204 No Content\r\n\r\n`));
  expect(await post(some, { ...options, timeoutMs: 10_000 })).toMatchObject({ status: 204 });
  const endless = await serverThat((socket) => {
    const timer = setInterval(() => socket.write(EARLY_HINTS.repeat(10)), 1);
    socket.on("close", () => clearInterval(timer));
  });
  await expect(post(endless, { ...options, timeoutMs: 60_000 })).rejects.toThrow("too many 1xx");
});
