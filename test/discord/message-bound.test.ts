import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { boundMessages, MAX_MESSAGE_MIB } from "../../src/discord/message-bound.ts";

const LARGEST_BYTES = MAX_MESSAGE_MIB * 1_048_576;

/** A client's socket to a server that sends one message of so many bytes, and the code that the client closes it with. */
async function receives(bytes: number) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const code = new Promise<number>((resolve) =>
    server.on("connection", (socket) => {
      socket.on("close", resolve);
      socket.send("x".repeat(bytes));
    }),
  );
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  onTestFinished(() => socket.terminate());
  return { socket, code };
}

it("a WebSocket accepts a message of the largest size, and refuses a larger one with code 1009", async () => {
  boundMessages();
  boundMessages();
  const taken = await receives(LARGEST_BYTES);
  const [message] = await once(taken.socket, "message");
  expect(message).toHaveLength(LARGEST_BYTES);
  const refused = await receives(LARGEST_BYTES + 1);
  const messages: unknown[] = [];
  refused.socket.on("message", (data) => messages.push(data));
  const [error] = await once(refused.socket, "error");
  expect(error).toMatchObject({ code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" });
  expect(await refused.code).toBe(1009);
  expect(messages).toEqual([]);
});
