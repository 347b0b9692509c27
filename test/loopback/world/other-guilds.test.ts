import { describe, expect, it } from "vitest";
import { INTENT } from "../../../src/loopback/gateway/gateway-session.ts";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { shardOf } from "../../../src/loopback/world/other-guilds.ts";
import type { JsonSocket } from "../../support/json-socket.ts";
import { ALL_INTENTS, catchUp, eventsOf, openGateway } from "../../support/raw-client.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID } from "../../support/tone-call.ts";

type Data = Readonly<Record<string, unknown>>;

/** Identifies as one shard. @returns the guilds that READY lists */
async function ready(loopback: Loopback, shard: readonly [number, number], intents = ALL_INTENTS) {
  const socket = await openGateway(loopback);
  socket.send(2, { token: loopback.token, intents, properties: {}, shard });
  const { d } = await socket.frame({ t: "READY" });
  const guildIds = (d as { readonly guilds: readonly { readonly id: string }[] }).guilds.map(({ id }) => id);
  return { socket, guildIds, sessionId: (d as { readonly session_id: string }).session_id };
}

const created = (socket: JsonSocket) =>
  eventsOf(socket).flatMap(({ t, d }) => (t === "GUILD_CREATE" ? [d as Data & { readonly id: string }] : []));

async function allCreated(socket: JsonSocket, count: number) {
  while (created(socket).length < count) await socket.change();
  return created(socket);
}

describe("a guild's shard", () => {
  it("is the time part of its id, modulo the number of shards", () => {
    expect(shardOf((5n << 22n).toString(), 4)).toBe(1);
    expect(shardOf(((5n << 22n) + 4_194_303n).toString(), 4)).toBe(1);
    expect(shardOf(GUILD_ID, 1)).toBe(0);
  });
});

describe("a bot in many guilds", () => {
  it("gets only its shard's guilds, each on one shard, the call's guild first", async () => {
    const loopback = await testLoopback({ otherGuilds: 60, shards: 4 });
    const all = new Set<string>();
    for (let shard = 0; shard < 4; shard += 1) {
      const { socket, guildIds } = await ready(loopback, [shard, 4]);
      expect(guildIds.every((id) => shardOf(id, 4) === shard)).toBe(true);
      const guilds = await allCreated(socket, guildIds.length);
      expect(guilds.map(({ id }) => id)).toEqual(guildIds);
      for (const id of guildIds) all.add(id);
      if (shard === shardOf(GUILD_ID, 4)) expect(guildIds[0]).toBe(GUILD_ID);
      else expect(guildIds).not.toContain(GUILD_ID);
    }
    expect(all.size).toBe(61);
    expect(loopback.identifies).toEqual([0, 1, 2, 3].map((shardId) => ({ shardId, shardCount: 4 })));
  });

  it("gets the call's guild last if asked, and the others with their size", async () => {
    const loopback = await testLoopback({ otherGuilds: 30, jobGuildLast: true });
    const { socket } = await ready(loopback, [0, 1]);
    const guilds = await allCreated(socket, 31);
    expect(guilds.at(-1)?.id).toBe(GUILD_ID);
    expect(guilds[0]).toMatchObject({ member_count: 50 });
    expect(guilds[0]?.channels).toHaveLength(20);
    expect(guilds[0]?.members).toHaveLength(50);
    const { socket: modest } = await ready(loopback, [0, 1], INTENT.guilds);
    const [first] = await allCreated(modest, 31);
    expect(first?.members).toHaveLength(1);
  });

  it("gets missed guilds when it resumes, each once, as they were", async () => {
    const loopback = await testLoopback({ otherGuilds: 100 });
    const { socket, sessionId } = await ready(loopback, [0, 1]);
    await allCreated(socket, 5);
    await socket.terminate();
    const seen = created(socket);
    const again = await openGateway(loopback);
    const last = eventsOf(socket).at(-1)?.s;
    again.send(6, { token: loopback.token, session_id: sessionId, seq: last });
    const rest = await allCreated(again, 101 - seen.length);
    await catchUp(again);
    expect(new Set([...seen, ...rest].map(({ id }) => id)).size).toBe(101);
    const sequences = eventsOf(again).map(({ s }) => Number(s));
    expect(sequences.toSorted((left, right) => left - right)).toEqual(sequences);
    expect(new Set(sequences).size).toBe(sequences.length);
  });

  it("gets nothing of the call on another shard, and cannot join it there", async () => {
    const loopback = await testLoopback();
    const other = (shardOf(GUILD_ID, 2) + 1) % 2;
    const { socket } = await ready(loopback, [other, 2]);
    socket.send(4, { guild_id: GUILD_ID, channel_id: CHANNEL_ID, self_mute: false, self_deaf: false });
    loopback.addBot("newcomer");
    await catchUp(socket);
    expect(eventsOf(socket).map(({ t }) => t)).toEqual(["READY"]);
  });

  it.each([
    ["4010 as a shard that is not among them", 4010, [2, 2], 0],
    ["4011 with more than 2,500 guilds on one shard", 4011, [0, 1], 2_500],
  ] as const)("is closed with %s", async (_name, code, shard, otherGuilds) => {
    const loopback = await testLoopback({ otherGuilds });
    const socket = await openGateway(loopback);
    socket.send(2, { token: loopback.token, intents: 1, properties: {}, shard });
    expect(await socket.closeCode()).toBe(code);
  });
});

describe("GET /gateway/bot", () => {
  it("recommends shards, and subtracts identifies from the session start limit", async () => {
    const sessionStartLimit = { total: 1_000, remaining: 1, resetAfterMs: 3_600_000 };
    const loopback = await testLoopback({ shards: 3, sessionStartLimit });
    const ask = async () => {
      const response = await fetch(`${loopback.restUrl}/v10/gateway/bot`, {
        headers: { authorization: `Bot ${loopback.token}` },
      });
      return response.json();
    };
    const limit = { total: 1_000, reset_after: 3_600_000, max_concurrency: 1 };
    expect(await ask()).toMatchObject({ shards: 3, session_start_limit: { ...limit, remaining: 1 } });
    await ready(loopback, [0, 3]);
    await ready(loopback, [1, 3]);
    expect(await ask()).toMatchObject({ session_start_limit: { ...limit, remaining: 0 } });
  });
});
