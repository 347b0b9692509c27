import { ChannelType, PermissionFlagsBits } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { findPlace, refuseSecondSession } from "../../../src/discord/guild/place.ts";
import type { OpenSession } from "../../../src/discord/session.ts";

const GUILD = "100000000000000001";
const VOICE = "100000000000000002";
const ROLE = "100000000000000005";
const SELF = "200000000000000001";
const { ViewChannel, Connect, Administrator, MoveMembers } = PermissionFlagsBits;

interface Shape {
  readonly everyone?: bigint;
  readonly role?: bigint;
  readonly overwrites?: readonly { id: string; type: 0 | 1; allow?: bigint; deny?: bigint }[];
  readonly type?: ChannelType;
  readonly userLimit?: number;
  readonly present?: number;
  readonly ownState?: { channelId: string | null; sessionId: string };
  readonly ownerId?: string;
  readonly timedOutUntil?: string;
}

/** The part of a guild's state that these functions read. */
function sessionWith(shape: Shape): OpenSession {
  const people = Array.from({ length: shape.present ?? 0 }, (_, index) => ({
    user_id: `3${index}`,
    channel_id: VOICE,
    session_id: "x",
  }));
  const own =
    shape.ownState === undefined
      ? []
      : [{ user_id: SELF, channel_id: shape.ownState.channelId, session_id: shape.ownState.sessionId }];
  const guild = {
    id: GUILD,
    name: "Guild",
    owner_id: shape.ownerId ?? "9",
    roles: [
      { id: GUILD, permissions: String(shape.everyone ?? ViewChannel | Connect) },
      { id: ROLE, permissions: String(shape.role ?? 0n) },
    ],
    members: [{ user: { id: SELF }, roles: [ROLE], communication_disabled_until: shape.timedOutUntil ?? null }],
    channels: [
      {
        id: VOICE,
        name: "Voice",
        type: shape.type ?? ChannelType.GuildVoice,
        user_limit: shape.userLimit ?? 0,
        permission_overwrites: (shape.overwrites ?? []).map(({ id, type, allow = 0n, deny = 0n }) => ({
          id,
          type,
          allow: String(allow),
          deny: String(deny),
        })),
      },
    ],
    voice_states: [...people, ...own],
  };
  return { guild, selfId: SELF, gatewaySessionId: "mine" } as unknown as OpenSession;
}

const find = (shape: Shape) => findPlace(sessionWith(shape), VOICE);

describe("findPlace", () => {
  it("names the server and the channel", () => {
    expect(find({})).toEqual({
      guildId: GUILD,
      guildName: "Guild",
      channelId: VOICE,
      channelName: "Voice",
      selfId: SELF,
    });
    expect(find({ type: ChannelType.GuildStageVoice }).channelName).toBe("Voice");
  });

  it.each<[string, Shape, string]>([
    ["a text channel", { type: ChannelType.GuildText }, 'the channel "Voice" is not a voice or stage channel'],
    ["no Connect", { everyone: ViewChannel }, 'the bot lacks the permission Connect in the channel "Voice"'],
    [
      "nothing at all",
      { everyone: 0n },
      'the bot lacks the permission View Channel and Connect in the channel "Voice"',
    ],
    ["denied to everybody", { overwrites: [{ id: GUILD, type: 0, deny: Connect }] }, "lacks the permission Connect"],
    ["denied to its role", { overwrites: [{ id: ROLE, type: 0, deny: Connect }] }, "lacks the permission Connect"],
    [
      "denied to itself",
      { role: Connect, overwrites: [{ id: SELF, type: 1, deny: ViewChannel }] },
      "lacks the permission View Channel",
    ],
    ["a bot in time-out", { timedOutUntil: "2999-01-02T03:04:05.678000+00:00" }, "until 2999-01-02T03:04:05.678Z"],
    ["a full channel", { userLimit: 2, present: 2 }, 'the channel "Voice" is full: 2 of 2 places'],
  ])("refuses %s", (_, shape, sentence) => {
    expect(() => find(shape)).toThrow(sentence);
  });

  it.each<[string, Shape]>([
    [
      "allowed to its role against everybody's denial",
      {
        overwrites: [
          { id: GUILD, type: 0, deny: Connect },
          { id: ROLE, type: 0, allow: Connect },
        ],
      },
    ],
    [
      "allowed to itself against its role's denial",
      {
        overwrites: [
          { id: ROLE, type: 0, deny: Connect },
          { id: SELF, type: 1, allow: Connect },
        ],
      },
    ],
    ["denied to another role", { overwrites: [{ id: "77", type: 0, deny: Connect }] }],
    ["an administrator", { everyone: Administrator, overwrites: [{ id: SELF, type: 1, deny: Connect }] }],
    ["a time-out that is over", { timedOutUntil: "2020-01-02T03:04:05.678000+00:00" }],
    ["an administrator in time-out", { everyone: Administrator, timedOutUntil: "2999-01-02T03:04:05.678000+00:00" }],
    ["the owner", { everyone: 0n, ownerId: SELF }],
    ["a full channel, with Move Members", { role: MoveMembers, userLimit: 2, present: 2 }],
    ["a place left", { userLimit: 3, present: 2 }],
  ])("enters: %s", (_, shape) => {
    expect(find(shape).channelId).toBe(VOICE);
  });

  it("reports channels that do not exist", () => {
    expect(() => findPlace(sessionWith({}), "100000000000000099")).toThrow(
      'the server "Guild" has no channel with the id 100000000000000099 that the bot can see',
    );
  });
});

describe("refuseSecondSession", () => {
  it("refuses to take the bot from another session, and says how to allow it", () => {
    const session = sessionWith({ ownState: { channelId: VOICE, sessionId: "theirs" } });
    expect(() => refuseSecondSession(session)).toThrow(
      'the bot is in the voice channel "Voice" of this server already, through another session; set MEETBOT_TAKEOVER=true',
    );
  });

  it.each<[string, Shape]>([
    ["in no channel", { ownState: { channelId: null, sessionId: "theirs" } }],
    ["there by this session", { ownState: { channelId: VOICE, sessionId: "mine" } }],
    ["not there at all", { present: 3 }],
  ])("lets it join if it is %s", (_, shape) => {
    expect(() => refuseSecondSession(sessionWith(shape))).not.toThrow();
  });
});
