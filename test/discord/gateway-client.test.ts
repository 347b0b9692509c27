import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { version } from "@discordjs/ws";
import { GatewayDispatchEvents, GatewayIntentBits, GatewayOpcodes } from "discord-api-types/v10";
import { expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { GatewayClient } from "../../src/discord/gateway-client.ts";

/** On shard 3 of 4: 3 << 22. */
const GUILD_ID = String(3n << 22n);
const { Guilds, GuildVoiceStates } = GatewayIntentBits;

interface Sent {
  readonly op: number;
  readonly d: unknown;
}

/** A gateway that says hello, and what it receives from each connection. */
async function startGateway() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}`;
  const connections: { socket: WebSocket; first: Promise<Sent> }[] = [];
  server.on("connection", (socket) => {
    const first = once(socket, "message").then(([data]): Sent => JSON.parse(String(data)));
    connections.push({ socket, first });
    socket.send(JSON.stringify({ op: GatewayOpcodes.Hello, d: { heartbeat_interval: 45_000 } }));
  });
  const next = async () => {
    if (connections.length === 0) await once(server, "connection");
    const connection = connections.shift();
    if (connection === undefined) throw new Error("nobody connected");
    return { socket: connection.socket, sent: await connection.first };
  };
  return { url, next };
}

function clientOf(url: string, remaining = 1) {
  const failures: string[] = [];
  const malformed: string[] = [];
  const logins: (number | undefined)[] = [];
  const client = new GatewayClient({
    token: "token",
    intents: [Guilds, GuildVoiceStates],
    guildId: GUILD_ID,
    rest: {},
    contain: (kind, action) => {
      try {
        action();
      } catch {
        failures.push(kind);
      }
    },
    dropped: { malformed: (kind) => malformed.push(kind), tooLarge: () => malformed.push("too large") },
    onLogin: ({ limit }) => logins.push(limit?.remaining),
  });
  let requests = 0;
  client.rest.get = async () => {
    requests += 1;
    const limit = { total: 1_000, remaining, reset_after: 60_000, max_concurrency: 1 };
    return { url, shards: 4, session_start_limit: limit };
  };
  onTestFinished(() => client.destroy());
  return { client, failures, malformed, logins, requests: () => requests };
}

function dispatch(socket: WebSocket, s: number, t: string, d: unknown): void {
  socket.send(JSON.stringify({ op: GatewayOpcodes.Dispatch, s, t, d }));
}

const readyOf = (url: string) => ({
  session_id: "session",
  resume_gateway_url: url,
  ...{ user: { id: "1" }, application: { id: "1" }, guilds: [{ id: GUILD_ID }] },
});

it("@discordjs/ws is exactly the version whose internals src/discord/checked-shards.ts uses", () => {
  expect(version).toBe("1.2.3");
});

it("the guild's shard is opened after one request for the gateway's address", async () => {
  const gateway = await startGateway();
  const { client, requests, logins } = clientOf(gateway.url);
  const login = client.login();
  const { socket, sent } = await gateway.next();
  expect(sent).toMatchObject({
    op: GatewayOpcodes.Identify,
    d: { token: "token", shard: [3, 4], intents: Guilds | GuildVoiceStates },
  });
  dispatch(socket, 1, GatewayDispatchEvents.Ready, readyOf(gateway.url));
  await login;
  expect(requests()).toBe(1);
  expect(logins, "what Discord says is left before it").toEqual([1]);
});

it("each login is counted, and a resumed session is none", async () => {
  const gateway = await startGateway();
  const { client, logins } = clientOf(gateway.url, 9);
  const login = client.login();
  const first = await gateway.next();
  dispatch(first.socket, 1, GatewayDispatchEvents.Ready, readyOf(gateway.url));
  await login;
  first.socket.close(4_000);
  const second = await gateway.next();
  expect(second.sent).toMatchObject({ op: GatewayOpcodes.Resume });
  expect(logins).toEqual([9]);
  // Not resumable: the client has to log in again.
  second.socket.send(JSON.stringify({ op: GatewayOpcodes.InvalidSession, d: false }));
  const third = await gateway.next();
  // The library waits between two logins, and a heartbeat may come first.
  let { sent } = third;
  while (sent.op !== GatewayOpcodes.Identify)
    [sent] = (await once(third.socket, "message")).map((data) => JSON.parse(data));
  expect(logins).toEqual([9, undefined]);
  const ready = new Promise((resolve) => client.dispatches.on(GatewayDispatchEvents.Ready, resolve));
  dispatch(third.socket, 1, GatewayDispatchEvents.Ready, readyOf(gateway.url));
  await ready;
}, 20_000);

it.each([{}, { shards: "x", session_start_limit: { remaining: 1, reset_after: 1 } }])(
  "an answer about the gateway that is not Discord's is explained (%j)",
  async (answer) => {
    const { client } = clientOf("ws://127.0.0.1:1");
    client.rest.get = async () => answer;
    await expect(client.login()).rejects.toThrow("the answer to GET /gateway/bot is not Discord's");
  },
);

it("a bot without a login left for today does not connect", async () => {
  const { client } = clientOf("ws://127.0.0.1:1", 0);
  await expect(client.login()).rejects.toThrow("the bot has used up its 1000 logins of the day");
});

it("a dispatch reaches its listeners; one that throws and a message of an unknown shape harm no other", async () => {
  const gateway = await startGateway();
  const { client, failures, malformed } = clientOf(gateway.url);
  const login = client.login();
  const { socket } = await gateway.next();
  const seen: unknown[] = [];
  const failing = (): never => {
    throw new Error("a shape that nobody knows");
  };
  client.dispatches.on(GatewayDispatchEvents.MessageCreate, failing);
  client.dispatches.on(GatewayDispatchEvents.MessageCreate, (data) => seen.push(data));
  dispatch(socket, 1, GatewayDispatchEvents.Ready, readyOf(gateway.url));
  await login;
  const arrival = (kind: GatewayDispatchEvents) => new Promise((resolve) => client.dispatches.on(kind, resolve));
  const [typing, presence] = [
    arrival(GatewayDispatchEvents.TypingStart),
    arrival(GatewayDispatchEvents.PresenceUpdate),
  ];
  dispatch(socket, 2, GatewayDispatchEvents.MessageCreate, null);
  dispatch(socket, -1, GatewayDispatchEvents.MessageCreate, { id: "1" });
  dispatch(socket, 2, GatewayDispatchEvents.MessageCreate, {
    id: "1",
    embeds: Array.from({ length: 300_000 }, Object),
  });
  dispatch(socket, 3, GatewayDispatchEvents.TypingStart, {});
  await typing;
  client.dispatches.off(GatewayDispatchEvents.MessageCreate, failing);
  dispatch(socket, 4, GatewayDispatchEvents.MessageCreate, { id: "2" });
  dispatch(socket, 5, GatewayDispatchEvents.PresenceUpdate, {});
  await presence;
  expect(seen).toEqual([null, { id: "2" }]);
  expect({ failures, malformed }).toEqual({ failures: ["MESSAGE_CREATE"], malformed: ["MESSAGE_CREATE", "too large"] });
});

it("a lost session is resumed, behind a dispatch that is skipped; a refused one is not", async () => {
  const gateway = await startGateway();
  const { client } = clientOf(gateway.url);
  const login = client.login();
  const first = await gateway.next();
  dispatch(first.socket, 41, GatewayDispatchEvents.Ready, readyOf(gateway.url));
  await login;
  client.skipDispatch();
  const reconnecting = once(client, "reconnecting");
  first.socket.close(4_000);
  await reconnecting;
  const second = await gateway.next();
  expect(second.sent).toMatchObject({ op: GatewayOpcodes.Resume, d: { session_id: "session", seq: 42 } });
  const refused = once(client, "refused");
  client.on("socketError", () => undefined);
  second.socket.close(4_004);
  expect(await refused).toEqual([4_004]);
});
