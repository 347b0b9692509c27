import { EventEmitter } from "node:events";
import { Client, GatewayDispatchEvents, GatewayIntentBits, Status, version, WebSocketShard } from "discord.js";
import { describe, expect, it } from "vitest";
import { chooseShard, containListeners, keepNoCaches, skipDispatch } from "../../src/discord/discordjs-seam.ts";

/**
 * The behaviour of discord.js that src/discord/discordjs-seam.ts needs. If one of these tests fails, the library has
 * changed. Look at the seam again before you raise the version.
 */

const GUILD_ID = "100000000000000001";
const SHARD = 0;
const USER = { id: "200000000000000001", username: "bot", discriminator: "0", avatar: null };
const READY = { user: USER, application: { id: USER.id, flags: 0 }, guilds: [{ id: GUILD_ID, unavailable: true }] };
const GUILD = {
  ...{ id: GUILD_ID, name: "Guild", unavailable: false, owner_id: USER.id, member_count: 1, features: [] },
  ...{ channels: [], members: [], roles: [], presences: [], threads: [], voice_states: [], emojis: [], stickers: [] },
};

const withoutCaches = (client: Client): void => keepNoCaches(client, (_, action) => action());

/** A client whose gateway a test plays: the library's own socket manager is left out. */
function connect(prepare: (client: Client) => void) {
  const client = new Client({ intents: [GatewayIntentBits.Guilds] });
  const gateway = new EventEmitter();
  prepare(client);
  Reflect.set(client.ws, "_ws", gateway);
  Reflect.apply(Reflect.get(client.ws, "attachEvents"), client.ws, []);
  const shard: WebSocketShard = Reflect.construct(WebSocketShard, [client.ws, SHARD]);
  client.ws.shards.set(SHARD, shard);
  Reflect.set(client.ws, "totalShards", 1);
  const dispatch = (t: string, d: unknown): void => {
    gateway.emit("dispatch", { data: { op: 0, s: 1, t, d }, shardId: SHARD });
  };
  gateway.emit("ready", { data: READY, shardId: SHARD });
  return { client, shard, dispatch };
}

describe("discord.js", () => {
  it("is exactly the version that the seam was written for", () => {
    expect(version).toBe("14.28.1");
  });

  it("fills its caches from dispatches, which is why the seam exists", () => {
    const { client, dispatch } = connect(() => undefined);
    dispatch("READY", READY);
    dispatch("GUILD_CREATE", GUILD);
    expect(client.guilds.cache.size).toBe(1);
  });

  it("passes each dispatch to a method that can be replaced, after its listeners", () => {
    const seen: unknown[] = [];
    const { client, shard, dispatch } = connect(withoutCaches);
    client.ws.on(GatewayDispatchEvents.Ready, (data) => seen.push(data));
    client.ws.on(GatewayDispatchEvents.GuildCreate, (data) => seen.push(data));
    dispatch("READY", READY);
    dispatch("GUILD_CREATE", GUILD);
    // The listeners get everything that the caches do not.
    expect(seen).toEqual([READY, GUILD]);
    expect(client.guilds.cache.size).toBe(0);
    expect(client.channels.cache.size).toBe(0);
    expect(client.user?.id).toBe(USER.id);
    expect(shard.status).toBe(Status.Ready);
  });

  it("becomes ready without its guilds, and then calls the replaced method without a dispatch", () => {
    let isReady = false;
    const { client, dispatch, shard } = connect((made) => {
      withoutCaches(made);
      made.on("clientReady", () => {
        isReady = true;
      });
    });
    shard.on("allReady", () => Reflect.apply(Reflect.get(client.ws, "checkShardsReady"), client.ws, []));
    dispatch("READY", READY);
    dispatch("GUILD_CREATE", GUILD);
    expect(isReady).toBe(true);
  });

  it.each([null, undefined, 7, "text"])("does not fail on a dispatch with %s as its data", (data) => {
    const { dispatch, shard } = connect(withoutCaches);
    dispatch("READY", READY);
    Reflect.set(shard, "status", Status.WaitingForGuilds);
    expect(() => dispatch("GUILD_CREATE", data)).not.toThrow();
  });

  it("adds dispatch listeners with `on`, so they can be wrapped and removed", () => {
    const kinds: string[] = [];
    let calls = 0;
    const listener = (): void => {
      calls += 1;
      throw new Error("a shape that nobody knows");
    };
    const { client, dispatch } = connect((made) => {
      withoutCaches(made);
      containListeners(made, (kind, action) => {
        kinds.push(kind);
        expect(action).toThrow("a shape that nobody knows");
      });
    });
    client.ws.on(GatewayDispatchEvents.MessageCreate, listener);
    dispatch("MESSAGE_CREATE", {});
    client.ws.off(GatewayDispatchEvents.MessageCreate, listener);
    dispatch("MESSAGE_CREATE", {});
    expect([kinds, calls]).toEqual([["MESSAGE_CREATE"], 1]);
  });

  it("keeps a shard's session with the sequence number from which a resume starts", () => {
    const { client, shard } = connect(() => undefined);
    skipDispatch(client, SHARD);
    expect(Reflect.get(shard, "sessionInfo")).toBeNull();
    Reflect.set(shard, "sessionInfo", { sessionId: "s", sequence: 41 });
    skipDispatch(client, SHARD);
    expect(Reflect.get(shard, "sessionInfo")).toEqual({ sessionId: "s", sequence: 42 });
    expect(() => skipDispatch(client, SHARD + 1)).not.toThrow();
  });

  it("reads its shard from the client options when it connects", async () => {
    const client = new Client({ intents: [GatewayIntentBits.Guilds] });
    chooseShard(client, { shardCount: 4, shard: 3 });
    client.token = "token";
    client.rest.get = async () => {
      throw new Error("no gateway in this test");
    };
    await expect(Reflect.apply(Reflect.get(client.ws, "connect"), client.ws, [])).rejects.toThrow("no gateway");
    const options = Reflect.get(Reflect.get(client.ws, "_ws"), "options");
    expect(options).toMatchObject({ shardCount: 4, shardIds: [3] });
    // The seam's session: what the library reads and writes for a resume.
    client.ws.shards.set(3, Reflect.construct(WebSocketShard, [client.ws, 3]));
    options.updateSessionInfo(3, { sessionId: "s", sequence: 1 });
    skipDispatch(client, 3);
    expect(options.retrieveSessionInfo(3)).toEqual({ sessionId: "s", sequence: 2 });
  });
});
