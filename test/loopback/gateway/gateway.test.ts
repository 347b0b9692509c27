import { describe, expect, it, onTestFinished } from "vitest";
import { INTENT } from "../../../src/loopback/gateway/gateway-session.ts";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { JsonSocket } from "../../support/json-socket.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

const ALL = Object.values(INTENT).reduce((sum, intent) => sum | intent, 0);

async function open(loopback: Loopback): Promise<JsonSocket> {
  const response = await fetch(`${loopback.restUrl}/v10/gateway`);
  const { url } = (await response.json()) as { readonly url: string };
  const socket = new JsonSocket(`${url}/?v=10&encoding=json`);
  onTestFinished(async () => void (await socket.terminate()));
  return socket;
}

async function identify(loopback: Loopback, intents = ALL, token = loopback.token): Promise<JsonSocket> {
  const socket = await open(loopback);
  socket.send(2, { token, intents, properties: {} });
  await socket.frame({ t: "READY" });
  return socket;
}

const dataOf = async (socket: JsonSocket, event: string) => {
  const { d } = await socket.frame({ t: event });
  return d as Readonly<Record<string, unknown>>;
};

async function post(loopback: Loopback, content: string, token = loopback.token): Promise<void> {
  await fetch(`${loopback.restUrl}/v10/channels/${TEXT_CHANNEL_ID}/messages`, {
    method: "POST",
    headers: { authorization: `Bot ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ content }),
  });
}

/** Brings a socket to where it has received all that was sent before. */
async function catchUp(socket: JsonSocket): Promise<void> {
  socket.send(1, null);
  await socket.frame({ op: 11 });
}

describe("identify", () => {
  it("is answered with READY and the guild, including who is in voice", async () => {
    const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 0 }]);
    const loopback = await testLoopback({ fixture });
    const socket = await identify(loopback, INTENT.guilds | INTENT.guildVoiceStates);
    expect(socket.frames[0]).toMatchObject({ op: 10, d: { heartbeat_interval: expect.any(Number) } });
    expect(await dataOf(socket, "READY")).toMatchObject({
      v: 10,
      user: { id: loopback.botUserId },
      guilds: [{ id: GUILD_ID, unavailable: true }],
      application: { id: loopback.botUserId },
    });
    expect(await dataOf(socket, "GUILD_CREATE")).toMatchObject({
      id: GUILD_ID,
      roles: [{ id: GUILD_ID }],
      channels: [{ id: CHANNEL_ID, bitrate: 64_000 }, {}, { id: TEXT_CHANNEL_ID, type: 0 }],
      members: [{ user: { id: loopback.botUserId } }, { user: { id: person(1).id } }],
      voice_states: [{ user_id: person(1).id, channel_id: CHANNEL_ID }],
    });
  });

  it("without the voice states intent reveals neither who is in voice nor their names", async () => {
    const loopback = await testLoopback({ fixture: toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 0 }]) });
    const guild = await dataOf(await identify(loopback, INTENT.guilds), "GUILD_CREATE");
    expect(guild).toMatchObject({ voice_states: [], members: [{ user: { id: loopback.botUserId } }] });
  });

  it("also accepts the token with Bot before it", async () => {
    const loopback = await testLoopback();
    await identify(loopback, ALL, `Bot ${loopback.token}`);
  });

  it("with a wrong token is closed with 4004", async () => {
    const loopback = await testLoopback();
    const socket = await open(loopback);
    socket.send(2, { token: "wrong", intents: 1, properties: {} });
    expect(await socket.closeCode()).toBe(4004);
  });

  it("that asks for the Message Content intent without the permission is closed with 4014", async () => {
    const loopback = await testLoopback({ allowMessageContent: false });
    const socket = await open(loopback);
    socket.send(2, { token: loopback.token, intents: INTENT.messageContent, properties: {} });
    expect(await socket.closeCode()).toBe(4014);
  });
});

describe("a socket is closed", () => {
  it.each([
    ["4002 when it sends no JSON", 4002, "{"],
    ["4002 when it sends no opcode", 4002, "{}"],
    ["4003 when it commands before it identifies", 4003, '{"op":4,"d":{}}'],
  ])("with %s", async (_name, code, text) => {
    const socket = await open(await testLoopback());
    socket.sendText(text);
    expect(await socket.closeCode()).toBe(code);
  });

  it.each([
    ["4001 for an unknown opcode", 4001, 77],
    ["4005 when it identifies again", 4005, 2],
  ])("with %s", async (_name, code, op) => {
    const socket = await identify(await testLoopback());
    socket.send(op, {});
    expect(await socket.closeCode()).toBe(code);
  });
});

describe("events", () => {
  it("need their intent", async () => {
    const loopback = await testLoopback();
    const socket = await identify(loopback, INTENT.guilds);
    await post(loopback, "hello");
    loopback.addBot("newcomer");
    await catchUp(socket);
    expect(socket.frames.map((frame) => ("t" in frame ? frame.t : undefined)).filter(Boolean)).toEqual([
      "READY",
      "GUILD_CREATE",
    ]);
  });

  it("include messages and new members for bots with those intents", async () => {
    const loopback = await testLoopback();
    const socket = await identify(loopback);
    await post(loopback, "hello");
    const { userId } = loopback.addBot("newcomer");
    expect(await dataOf(socket, "MESSAGE_CREATE")).toMatchObject({
      content: "hello",
      guild_id: GUILD_ID,
      channel_id: TEXT_CHANNEL_ID,
      author: { id: loopback.botUserId },
      member: { roles: [] },
    });
    expect(await dataOf(socket, "GUILD_MEMBER_ADD")).toMatchObject({ guild_id: GUILD_ID, user: { id: userId } });
  });

  it("of others' messages are empty without the Message Content intent", async () => {
    const loopback = await testLoopback();
    const reader = await identify(loopback, ALL & ~INTENT.messageContent);
    await post(loopback, "secret", loopback.addBot("writer").token);
    expect(await dataOf(reader, "MESSAGE_CREATE")).toMatchObject({ content: "" });
  });

  it("list the requested members", async () => {
    const loopback = await testLoopback({ fixture: toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 0 }]) });
    const socket = await identify(loopback);
    socket.send(8, { guild_id: GUILD_ID, user_ids: [person(1).id, person(2).id], nonce: "n" });
    expect(await dataOf(socket, "GUILD_MEMBERS_CHUNK")).toMatchObject({
      members: [{ user: { id: person(1).id } }],
      not_found: [person(2).id],
      nonce: "n",
      chunk_count: 1,
    });
  });
});

describe("op 4", () => {
  it("is answered with the voice state, then with the voice server", async () => {
    const loopback = await testLoopback();
    const socket = await identify(loopback);
    socket.send(4, { guild_id: GUILD_ID, channel_id: CHANNEL_ID, self_mute: true, self_deaf: false });
    const server = await socket.frame({ t: "VOICE_SERVER_UPDATE" });
    const state = await socket.frame({ t: "VOICE_STATE_UPDATE" });
    expect(state.d).toMatchObject({
      channel_id: CHANNEL_ID,
      user_id: loopback.botUserId,
      member: { user: { id: loopback.botUserId } },
      session_id: (await dataOf(socket, "READY")).session_id,
      self_mute: true,
    });
    expect(server.d).toMatchObject({ guild_id: GUILD_ID, endpoint: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(server.s).toBe(Number(state.s) + 1);
  });

  it.each([
    ["an unknown guild", { guild_id: person(1).id, channel_id: CHANNEL_ID }],
    ["an unknown channel", { guild_id: GUILD_ID, channel_id: person(1).id }],
    ["a text channel", { guild_id: GUILD_ID, channel_id: TEXT_CHANNEL_ID }],
  ])("for %s gets no answer", async (_name, request) => {
    const socket = await identify(await testLoopback());
    socket.send(4, { ...request, self_mute: false, self_deaf: false });
    await catchUp(socket);
    expect(socket.frames.some((frame) => "t" in frame && String(frame.t).startsWith("VOICE"))).toBe(false);
  });
});

describe("a session", () => {
  it("that broke is resumed with its missed events", async () => {
    const loopback = await testLoopback();
    const broken = await identify(loopback);
    const { session_id: sessionId } = await dataOf(broken, "READY");
    const { s: seq } = await broken.frame({ t: "GUILD_CREATE" });
    await broken.terminate();
    await post(loopback, "missed");
    const socket = await open(loopback);
    socket.send(6, { token: loopback.token, session_id: sessionId, seq });
    await socket.frame({ t: "RESUMED" });
    const events = socket.frames.filter((frame) => "t" in frame && frame.t !== null && frame.op === 0);
    expect(events).toMatchObject([
      { t: "MESSAGE_CREATE", d: { content: "missed" }, s: Number(seq) + 1 },
      { t: "RESUMED" },
    ]);
  });

  it("that was closed with 1000 is over: it leaves voice, and cannot be resumed", async () => {
    const loopback = await testLoopback();
    const watcher = await identify(loopback, ALL, loopback.addBot("watcher").token);
    const socket = await identify(loopback);
    const { session_id: sessionId } = await dataOf(socket, "READY");
    socket.send(4, { guild_id: GUILD_ID, channel_id: CHANNEL_ID, self_mute: false, self_deaf: false });
    await socket.frame({ t: "VOICE_SERVER_UPDATE" });
    await socket.close(1000);
    const again = await open(loopback);
    again.send(6, { token: loopback.token, session_id: sessionId, seq: 1 });
    expect(await again.frame({ op: 9 })).toMatchObject({ d: false });
    await catchUp(watcher);
    const states = watcher.frames.filter((frame) => "t" in frame && frame.t === "VOICE_STATE_UPDATE");
    expect(states).toMatchObject([{ d: { channel_id: CHANNEL_ID } }, { d: { channel_id: null } }]);
  });

  it("of another bot is not resumed", async () => {
    const loopback = await testLoopback();
    const { session_id: sessionId } = await dataOf(await identify(loopback), "READY");
    const thief = await open(loopback);
    thief.send(6, { token: loopback.addBot("thief").token, session_id: sessionId, seq: 1 });
    expect(await thief.frame({ op: 9 })).toMatchObject({ d: false });
    const stranger = await open(loopback);
    stranger.send(6, { token: "wrong", session_id: sessionId, seq: 1 });
    expect(await stranger.closeCode()).toBe(4004);
  });
});
