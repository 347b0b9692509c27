import { describe, expect, it } from "vitest";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { PERMISSION } from "../../../src/loopback/world/permissions.ts";
import { catchUp, eventsOf, identify } from "../../support/raw-client.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 0 }]);

async function askToJoin(loopback: Loopback) {
  const socket = await identify(loopback);
  socket.send(4, { guild_id: GUILD_ID, channel_id: CHANNEL_ID, self_mute: false, self_deaf: false });
  await catchUp(socket);
  const voice = eventsOf(socket).filter(({ t }) => String(t).startsWith("VOICE"));
  const guild = eventsOf(socket).find(({ t }) => t === "GUILD_CREATE")?.d;
  const { channels } = guild as { readonly channels: readonly { readonly id: string }[] };
  return { socket, voice, channelOf: (id: string) => channels.find((channel) => channel.id === id) };
}

const get = (loopback: Loopback, path: string) =>
  fetch(`${loopback.restUrl}/v10${path}`, { headers: { authorization: `Bot ${loopback.token}` } });

describe("a voice channel", () => {
  it("without permission to connect says so, and leaves op 4 unanswered", async () => {
    const loopback = await testLoopback({ fixture, deniedPermissions: { [CHANNEL_ID]: ["connect"] } });
    const { voice, channelOf } = await askToJoin(loopback);
    const overwrite = { id: loopback.botUserId, type: 1, allow: "0", deny: PERMISSION.connect.toString() };
    expect(channelOf(CHANNEL_ID)).toMatchObject({ name: "Meeting", permission_overwrites: [overwrite] });
    expect(voice).toEqual([]);
  });

  it("without permission to view is listed without its name, and missing from REST", async () => {
    const loopback = await testLoopback({ fixture, deniedPermissions: { [CHANNEL_ID]: ["viewChannel"] } });
    const { voice, channelOf } = await askToJoin(loopback);
    expect(channelOf(CHANNEL_ID)).toMatchObject({
      type: 2,
      name: "___hidden___",
      flags: 1 << 17,
      permission_overwrites: [{ id: GUILD_ID, type: 0, allow: "0", deny: "1024" }],
    });
    expect(voice).toEqual([]);
    expect((await get(loopback, `/channels/${CHANNEL_ID}`)).status).toBe(403);
    expect(await (await get(loopback, `/guilds/${GUILD_ID}/channels`)).json()).toHaveLength(2);
  });

  it("that is full leaves op 4 unanswered", async () => {
    const loopback = await testLoopback({ fixture, userLimits: { [CHANNEL_ID]: 1 } });
    const { voice, channelOf } = await askToJoin(loopback);
    expect(channelOf(CHANNEL_ID)).toMatchObject({ user_limit: 1 });
    expect(voice).toEqual([]);
  });

  it("with room for one more can be joined", async () => {
    const loopback = await testLoopback({ fixture, userLimits: { [CHANNEL_ID]: 2 } });
    expect((await askToJoin(loopback)).voice).toHaveLength(2);
  });

  it("that the bot is in through another session shows that, and the new session can join it", async () => {
    const loopback = await testLoopback({ fixture, botAlreadyInVoice: CHANNEL_ID });
    const { socket, voice } = await askToJoin(loopback);
    const guild = eventsOf(socket).find(({ t }) => t === "GUILD_CREATE")?.d as {
      readonly voice_states: readonly { readonly user_id: string; readonly session_id: string }[];
    };
    const before = guild.voice_states.find(({ user_id: userId }) => userId === loopback.botUserId);
    const { session_id: sessionId } = (await socket.frame({ t: "READY" })).d as { readonly session_id: string };
    expect(before?.session_id).not.toBe(sessionId);
    expect(voice).toMatchObject([
      { t: "VOICE_STATE_UPDATE", d: { channel_id: CHANNEL_ID, session_id: sessionId } },
      { t: "VOICE_SERVER_UPDATE" },
    ]);
  });

  it("whose permissions change during the call keeps the bot, and says so", async () => {
    const loopback = await testLoopback({ fixture });
    const { socket } = await askToJoin(loopback);
    loopback.faults.denyPermissions(CHANNEL_ID, ["connect", "viewChannel"]);
    await catchUp(socket);
    const overwrite = { id: loopback.botUserId, deny: (PERMISSION.connect | PERMISSION.viewChannel).toString() };
    expect(eventsOf(socket).at(-1)).toMatchObject({
      t: "CHANNEL_UPDATE",
      d: { id: CHANNEL_ID, name: "Meeting", permission_overwrites: [overwrite] },
    });
  });
});

describe("a text channel", () => {
  const post = (loopback: Loopback, token: string) =>
    fetch(`${loopback.restUrl}/v10/channels/${TEXT_CHANNEL_ID}/messages`, {
      method: "POST",
      headers: { authorization: `Bot ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ content: "hello" }),
    });

  it("without permission to view shows the bot no message, and accepts none from it", async () => {
    const loopback = await testLoopback({ deniedPermissions: { [TEXT_CHANNEL_ID]: ["viewChannel"] } });
    const socket = await identify(loopback);
    await post(loopback, loopback.addBot("writer").token);
    await catchUp(socket);
    expect(eventsOf(socket).map(({ t }) => t)).toEqual(["READY", "GUILD_CREATE", "GUILD_MEMBER_ADD"]);
    expect((await post(loopback, loopback.token)).status).toBe(403);
    expect((await get(loopback, `/channels/${TEXT_CHANNEL_ID}/messages`)).status).toBe(403);
  });

  it("without permission to read history seems empty, and accepts no message without permission to send", async () => {
    const denied = { [TEXT_CHANNEL_ID]: ["readMessageHistory", "sendMessages"] } as const;
    const loopback = await testLoopback({ deniedPermissions: denied });
    await post(loopback, loopback.addBot("writer").token);
    expect(await (await get(loopback, `/channels/${TEXT_CHANNEL_ID}/messages`)).json()).toEqual([]);
    expect(await (await post(loopback, loopback.token)).json()).toMatchObject({ code: 50013 });
  });
});
