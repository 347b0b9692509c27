import { ApplicationFlags, ChannelType, PermissionFlagsBits } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { discordChecks, type PlannedJob } from "../../../src/discord/doctor/checks.ts";
import type { Findings } from "../../../src/discord/doctor/look.ts";
import type { GuildState } from "../../../src/discord/guild/permissions.ts";

const GUILD = "100000000000000001";
const VOICE = "100000000000000002";
const TEXT = "100000000000000003";
const SELF = "200000000000000001";
const { ViewChannel, Connect, Speak, SendMessages, ReadMessageHistory, ChangeNickname, Administrator } =
  PermissionFlagsBits;
const ALL = ViewChannel | Connect | Speak | SendMessages | ReadMessageHistory | ChangeNickname;

const EVERY_FEATURE: PlannedJob = {
  guildId: GUILD,
  channelId: VOICE,
  textChannelId: TEXT,
  takeover: false,
  features: { chat: true, notices: true, spokenNotice: true, nickname: true },
};
const RECORDING_ALONE: PlannedJob = {
  ...EVERY_FEATURE,
  textChannelId: undefined,
  features: { chat: false, notices: false, spokenNotice: false, nickname: false },
};

/** A server in which everyone has these permissions. */
function guildWith(permissions: bigint, voiceType = ChannelType.GuildVoice): GuildState {
  return {
    id: GUILD,
    name: "Guild",
    owner_id: "9",
    roles: [{ id: GUILD, permissions: String(permissions) }],
    members: [{ user: { id: SELF }, roles: [] }],
    channels: [
      { id: VOICE, name: "Voice", type: voiceType, rtc_region: "rotterdam" },
      { id: TEXT, name: "Chat", type: ChannelType.GuildText, guild_id: GUILD },
    ],
    voice_states: [],
  } as unknown as GuildState;
}

function found(changes: Partial<Findings> = {}): Findings {
  const guild = guildWith(ALL);
  return {
    self: { id: SELF, username: "recorder" },
    application: { id: SELF, flags: ApplicationFlags.GatewayMessageContentLimited },
    logins: { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 },
    gatewayTrouble: undefined,
    udpTrouble: undefined,
    aheadMs: 0,
    guild,
    ownVoiceChannelId: undefined,
    textChannel: guild.channels.find(({ id }) => id === TEXT),
    ...changes,
  };
}

const bad = (findings: Findings, job = EVERY_FEATURE) =>
  discordChecks(findings, job).filter(({ status }) => status !== "ok");

it("A bot that has everything a job needs passes.", () => {
  expect(bad(found())).toEqual([]);
});

describe("each missing permission is named, with the channel where it is needed", () => {
  it.each([
    ["Connect", Connect, "fail", '"Voice"'],
    ["Speak", Speak, "warn", '"Voice"'],
    ["Send Messages", SendMessages, "warn", '"Chat"'],
    ["Read Message History", ReadMessageHistory, "warn", '"Chat"'],
    ["Change Nickname", ChangeNickname, "warn", "the server"],
  ])("%s", (name, bit, status, place) => {
    const checks = bad(found({ guild: guildWith(ALL & ~bit) }));
    expect(checks).toMatchObject([{ name: `permission ${name}`, status, detail: expect.stringContaining(place) }]);
    expect(bad(found({ guild: guildWith(ALL & ~bit) }), RECORDING_ALONE)).toHaveLength(name === "Connect" ? 1 : 0);
  });

  it("without View Channel in both channels, only the voice channel fails", () => {
    expect(bad(found({ guild: guildWith(ALL & ~ViewChannel) }))).toMatchObject([
      { name: "permission View Channel", status: "fail", exitCode: 1, detail: expect.stringContaining('"Voice"') },
      { name: "permission View Channel", status: "warn", detail: expect.stringContaining('"Chat"') },
    ]);
  });

  it("an administrator lacks none", () => {
    expect(bad(found({ guild: guildWith(Administrator) }))).toEqual([]);
  });

  it("Send Messages in the voice channel's own chat, if no text channel is set", () => {
    const job = { ...RECORDING_ALONE, features: { ...RECORDING_ALONE.features, notices: true } };
    const [check] = bad(found({ guild: guildWith(ALL & ~SendMessages) }), job);
    expect(check).toMatchObject({ name: "permission Send Messages", detail: expect.stringContaining('"Voice"') });
  });
});

it("The clock may be 5 s off; a larger difference is a warning that says which way.", () => {
  expect(bad(found({ aheadMs: 5_000 }))).toEqual([]);
  expect(bad(found({ aheadMs: -5_000 }))).toEqual([]);
  expect(bad(found({ aheadMs: undefined }))).toEqual([]);
  expect(bad(found({ aheadMs: 61_000 }))).toMatchObject([{ name: "clock", detail: "61 s ahead of Discord's" }]);
  expect(bad(found({ aheadMs: -61_000 }))).toMatchObject([{ name: "clock", detail: "61 s behind Discord's" }]);
});

it("A gateway that does not answer ends a job with exit code 2.", () => {
  const gatewayTrouble = "wss://gateway.discord.gg did not answer within 10 s";
  expect(bad(found({ gatewayTrouble }))).toMatchObject([{ name: "gateway", detail: gatewayTrouble, exitCode: 2 }]);
});

it("Message Content may be granted to small and large bots, and matters only if chat is recorded.", () => {
  const with_ = (flags: number) => found({ application: { id: SELF, flags } as Findings["application"] });
  expect(bad(with_(ApplicationFlags.GatewayMessageContent))).toEqual([]);
  expect(bad(with_(0))).toMatchObject([{ name: "intents", status: "warn" }]);
  expect(bad(with_(0), RECORDING_ALONE)).toEqual([]);
});

it("Nothing in a server is checked if the bot is not in it.", () => {
  const checks = discordChecks(found({ guild: undefined }), EVERY_FEATURE);
  expect(checks.at(-1)).toMatchObject({ name: "guild", status: "fail", exitCode: 1 });
});

it("A stage channel can be recorded, and a text channel cannot.", () => {
  expect(bad(found({ guild: guildWith(ALL, ChannelType.GuildStageVoice as never) }))).toEqual([]);
  expect(bad(found({ guild: guildWith(ALL, ChannelType.GuildText as never) }))).toMatchObject([
    { name: "channel", exitCode: 1 },
  ]);
});

it("Another session of the bot is a failure, unless the job may take it over.", () => {
  const elsewhere = found({ ownVoiceChannelId: "100000000000000009" });
  expect(bad(elsewhere)).toMatchObject([{ name: "other session", status: "fail", exitCode: 1 }]);
  expect(bad(elsewhere, { ...EVERY_FEATURE, takeover: true })).toMatchObject([{ status: "warn" }]);
});

it.each(["unknown", "hidden"] as const)("If the text channel is %s, only the chat is lost.", (textChannel) => {
  expect(bad(found({ textChannel }))).toMatchObject([{ name: "text channel", status: "warn" }]);
});

it("A text channel of another server cannot be recorded.", () => {
  const textChannel = { id: TEXT, name: "Chat", guild_id: "1", type: ChannelType.GuildText } as Findings["textChannel"];
  expect(bad(found({ textChannel }))).toMatchObject([
    { name: "text channel", detail: expect.stringContaining("Guild") },
  ]);
});

it("The doctor names the voice region, and what is unknown before joining.", () => {
  const region = discordChecks(found(), EVERY_FEATURE).find(({ name }) => name === "voice region");
  expect(region?.detail).toMatch(/^rotterdam; .*whether answers come back, .*shows when joining/);
});

it("A machine that refuses to send UDP gets a warning that names the ports to open.", () => {
  expect(bad(found({ udpTrouble: "connect EPERM" }))).toMatchObject([
    {
      name: "voice region",
      status: "warn",
      detail: expect.stringContaining("EPERM"),
      fix: expect.stringContaining("50000"),
    },
  ]);
});
