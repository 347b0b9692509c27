import { describe, expect, it } from "vitest";
import { personOf, type RosterState, VoiceRoster } from "../../../src/discord/guild/roster.ts";

const CHANNEL = "100000000000000002";
const SELF = "200000000000000009";

function state(userId: string, channelId: string | null, changes: object = {}): RosterState {
  return {
    user_id: userId,
    channel_id: channelId,
    session_id: "s",
    deaf: false,
    mute: false,
    self_deaf: false,
    self_mute: false,
    self_video: false,
    suppress: false,
    request_to_speak_timestamp: null,
    member: { nick: null, user: { id: userId, username: `user${userId}`, global_name: null, bot: false } },
    ...changes,
  } as unknown as RosterState;
}

const kinds = (changes: ReturnType<VoiceRoster["update"]>) =>
  changes.map((change) => [change.kind, change.kind === "leave" ? change.userId : change.person.id]);

describe("VoiceRoster", () => {
  it("reports each arrival, change and departure once", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    expect(kinds(roster.update(state("1", CHANNEL)))).toEqual([["join", "1"]]);
    expect(roster.update(state("1", CHANNEL))).toEqual([]);
    expect(roster.update(state("1", CHANNEL, { self_mute: true }))).toMatchObject([
      { kind: "update", flags: { selfMute: true, serverMute: false } },
    ]);
    expect(kinds(roster.update(state("1", "another")))).toEqual([["leave", "1"]]);
    expect(roster.update(state("1", null))).toEqual([]);
  });

  it("excludes the recorder itself and people in other channels", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    expect(roster.update(state(SELF, CHANNEL))).toEqual([]);
    expect(roster.update(state("1", "another"))).toEqual([]);
    expect(roster.present()).toEqual([]);
  });

  it("says which channel a person moved to or came from, if that is known", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    roster.update(state("1", CHANNEL));
    expect(roster.update(state("1", "another"), CHANNEL)).toEqual([
      { kind: "leave", userId: "1", movedToChannelId: "another" },
    ]);
    expect(roster.update(state("1", CHANNEL), "another")).toMatchObject([
      { kind: "join", movedFromChannelId: "another" },
    ]);
    expect(roster.update(state("1", null), CHANNEL)).toEqual([{ kind: "leave", userId: "1" }]);
    expect(roster.update(state("1", CHANNEL), null)[0]).not.toHaveProperty("movedFromChannelId");
  });

  it("reports a new name from elsewhere, only for people who are here and only if it changed", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    roster.update(state("1", CHANNEL, { self_mute: true }));
    const user = { id: "1", username: "user1", discriminator: "0", avatar: null, global_name: null };
    expect(roster.rename({ nick: null, user })).toEqual([]);
    expect(roster.rename({ nick: "One", user })).toMatchObject([
      { kind: "update", person: { username: "user1", displayName: "One" }, flags: { selfMute: true } },
    ]);
    expect(roster.rename({ nick: "One", user })).toEqual([]);
    expect(roster.rename({ nick: "Two", user: { ...user, id: "2" } })).toEqual([]);
    expect(roster.present()).toMatchObject([{ presentAtStart: true, person: { displayName: "One" } }]);
  });

  it.each([
    ["self_mute", "selfMute"],
    ["self_deaf", "selfDeaf"],
    ["mute", "serverMute"],
    ["deaf", "serverDeaf"],
    ["self_stream", "streaming"],
    ["self_video", "video"],
    ["suppress", "suppressed"],
  ])("reports each flag once, by its own name: %s", (wire, flag) => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    roster.update(state("1", CHANNEL));
    const [change] = roster.update(state("1", CHANNEL, { [wire]: true }));
    const on = change?.kind === "update" ? Object.entries(change.flags).filter(([, isOn]) => isOn) : [];
    expect(on).toEqual([[flag, true]]);
    expect(roster.update(state("1", CHANNEL, { [wire]: true, request_to_speak_timestamp: "2026-01-01" }))).toEqual([]);
  });

  it("forgets people who have left", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    for (let index = 0; index < 1_000; index += 1) {
      roster.update(state(String(index), CHANNEL));
      roster.update(state(String(index), null));
    }
    expect([...roster.userIds()]).toEqual([]);
  });

  it("keeps a person's name if an update has none, and shows the id if no name is known", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    roster.update(state("1", CHANNEL));
    roster.update(state("1", CHANNEL, { member: undefined, deaf: true }));
    roster.update(state("2", CHANNEL, { member: undefined }));
    expect(roster.present()).toMatchObject([{ person: { username: "user1" } }, { person: { displayName: "2" } }]);
  });

  it("follows the bot to another channel: people not there have left, people there have joined", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    for (const id of ["1", "2"]) roster.update(state(id, CHANNEL));
    const moved = roster.moveTo("other", [state("1", CHANNEL), state("2", "other"), state("3", "other")]);
    expect(kinds(moved)).toEqual([
      ["leave", "1"],
      ["join", "3"],
    ]);
    expect([...roster.userIds()]).toEqual(["2", "3"]);
  });

  it("is corrected when the guild's state arrives again", () => {
    const roster = new VoiceRoster(SELF, CHANNEL);
    for (const id of ["1", "2"]) roster.update(state(id, CHANNEL));
    expect(kinds(roster.moveTo(CHANNEL, [state("2", CHANNEL), state("3", CHANNEL)]))).toEqual([
      ["leave", "1"],
      ["join", "3"],
    ]);
  });
});

describe("personOf", () => {
  const user = { id: "1", username: "ada", discriminator: "0", avatar: null, global_name: "Ada L." };

  it("prefers the nickname, then the global name, then the username", () => {
    expect(personOf({ nick: "Countess", user }).displayName).toBe("Countess");
    expect(personOf({ nick: null, user }).displayName).toBe("Ada L.");
    expect(personOf({ nick: null, user: { ...user, global_name: null } }).displayName).toBe("ada");
  });

  it("treats a user as a bot only if Discord says so", () => {
    expect(personOf({ nick: null, user: { ...user, username: "bot" } }).bot).toBe(false);
    expect(personOf({ nick: null, user: { ...user, bot: true } }).bot).toBe(true);
  });
});
