import { GatewayDispatchEvents } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { BotMemberships } from "../../../../src/service/resident/discord/bot-memberships.ts";
import { type Changed, GuildCache } from "../../../../src/service/resident/discord/guild-cache.ts";

const GUILD_ID = "100000000000000001";
const [TABLE, LOBBY] = ["200000000000000001", "200000000000000002"] as const;
const [ADA, BOT_ID] = ["600000000000000001", "500000000000000001"] as const;
const ROLE = { id: "400000000000000001", name: "Players", permissions: "0" };
/** View Channel and Connect. */
const VIEW_AND_CONNECT = String((1n << 10n) | (1n << 20n));
const EVERYONE = { id: GUILD_ID, name: "@everyone", permissions: VIEW_AND_CONNECT };
const { GuildCreate, GuildDelete, GuildUpdate, VoiceStateUpdate, ChannelUpdate, ChannelDelete, GuildRoleDelete } =
  GatewayDispatchEvents;

const member = (id: string, roles: string[] = []) => ({
  roles,
  nick: `nick ${id}`,
  user: { id, username: id, bot: id === BOT_ID },
});
const state = (id: string, channelId: string | null, roles?: string[]) => ({
  ...{ guild_id: GUILD_ID, user_id: id, channel_id: channelId, session_id: "s" },
  ...(roles === undefined ? {} : { member: member(id, roles) }),
});
const guild = {
  ...{ id: GUILD_ID, name: "Server", owner_id: "1", roles: [EVERYONE, ROLE], members: [member(ADA, [ROLE.id])] },
  channels: [
    { id: TABLE, name: "Table", type: 2, parent_id: null },
    {
      id: LOBBY,
      name: "Lobby",
      type: 2,
      parent_id: null,
      permission_overwrites: [{ id: GUILD_ID, type: 0, allow: "0", deny: VIEW_AND_CONNECT }],
    },
  ],
  voice_states: [{ user_id: ADA, channel_id: TABLE, session_id: "s" }],
};

function cache() {
  const changes: [string, Changed][] = [];
  const world = new GuildCache((guildId, changed) => changes.push([guildId, changed]));
  world.dispatch(GuildCreate, guild);
  return { world, changes };
}

describe("the resident's servers", () => {
  it("are known from the gateway: who is where, with roles", () => {
    const { world, changes } = cache();
    expect(world.present(GUILD_ID, TABLE)).toEqual([
      { userId: ADA, channelId: TABLE, isBot: false, roleIds: [GUILD_ID, ROLE.id], name: `nick ${ADA}` },
    ]);
    world.dispatch(VoiceStateUpdate, state(ADA, LOBBY, []));
    expect([world.present(GUILD_ID, TABLE), world.voiceChannelOf(GUILD_ID, ADA)]).toEqual([[], LOBBY]);
    // An update without the member keeps what is known.
    world.dispatch(VoiceStateUpdate, state(ADA, TABLE));
    expect(world.present(GUILD_ID, TABLE)).toMatchObject([{ roleIds: [GUILD_ID], name: `nick ${ADA}` }]);
    world.dispatch(VoiceStateUpdate, state(ADA, null));
    expect(world.voiceChannelOf(GUILD_ID, ADA)).toBeNull();
    expect(changes.map(([, changed]) => (changed === "all" ? changed : [...changed]))).toEqual([
      ...["all", [TABLE, LOBBY], [LOBBY, TABLE], [TABLE]],
    ]);
  });

  it("follow changes of names, channels and roles; a server with an outage is not known", () => {
    const { world } = cache();
    world.dispatch(GuildUpdate, { id: GUILD_ID, name: "New", owner_id: "2" });
    world.dispatch(ChannelUpdate, { guild_id: GUILD_ID, id: TABLE, name: "Round", type: 2, parent_id: "9" });
    world.dispatch(ChannelDelete, { guild_id: GUILD_ID, id: LOBBY });
    world.dispatch(GuildRoleDelete, { guild_id: GUILD_ID, role_id: ROLE.id });
    const known = world.guild(GUILD_ID);
    expect(known).toMatchObject({ name: "New", ownerId: "2" });
    expect([...(known?.channels.values() ?? [])]).toMatchObject([{ id: TABLE, name: "Round", categoryId: "9" }]);
    expect(known?.roles.has(ROLE.id)).toBe(false);
    world.dispatch(GuildDelete, { id: GUILD_ID, unavailable: true });
    expect([world.guild(GUILD_ID), world.present(GUILD_ID, TABLE)]).toEqual([undefined, []]);
    // Nothing of a server that is not known counts.
    world.dispatch(VoiceStateUpdate, state(ADA, TABLE, []));
    expect(world.size).toBe(0);
  });

  it("say which bot is a member, and by name what it lacks in a channel", async () => {
    const { world } = cache();
    const asked: string[] = [];
    const rest = {
      get: async (route: string) => {
        asked.push(route);
        if (route === `/guilds/${GUILD_ID}/members/${BOT_ID}`) return { roles: [] };
        if (route === `/users/${BOT_ID}`) return { username: "recorder", global_name: "Recorder" };
        throw Object.assign(new Error("Unknown Member"), { status: 404 });
      },
    };
    let now = 0;
    const bots = new BotMemberships({ world, rest, clock: { now: () => now } });
    expect(await bots.of(GUILD_ID, TABLE, BOT_ID)).toEqual({
      isMember: true,
      missing: [],
      missingToPost: ["Send Messages"],
    });
    expect(await bots.of(GUILD_ID, LOBBY, BOT_ID)).toMatchObject({
      isMember: true,
      missing: ["View Channel", "Connect"],
    });
    expect(await bots.of(GUILD_ID, TABLE, "500000000000000002")).toEqual({
      isMember: false,
      missing: [],
      missingToPost: [],
    });
    expect([await bots.nameOf(BOT_ID), await bots.nameOf("500000000000000002")]).toEqual([
      "Recorder",
      "500000000000000002",
    ]);
    const before = asked.length;
    await bots.of(GUILD_ID, TABLE, BOT_ID);
    expect(asked.length).toBe(before);
    now = 6_000;
    await bots.of(GUILD_ID, TABLE, "500000000000000002");
    expect(asked.length).toBe(before + 1);
  });
});
