import { beforeEach, describe, expect, it } from "vitest";
import { type VoiceState, World } from "../../../src/loopback/world/world.ts";
import { CHANNEL_ID, person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

let world: World;
beforeEach(() => {
  world = new World(toneCall([]).header);
});

describe("a channel's messages", () => {
  /** Ids of different lengths, so that their order as text is another. */
  const ids = ["99999999999999998", "99999999999999999", "100000000000000000", "100000000000000001"];
  const page = (bounds: { limit: number; before?: string; after?: string }) =>
    world.chat.messages(TEXT_CHANNEL_ID, bounds).map(({ id }) => id);

  beforeEach(() => {
    for (const id of ids) {
      world.chat.post({ id, channelId: TEXT_CHANNEL_ID, author: person(1), content: id });
    }
  });

  it("come newest first", () => {
    expect(page({ limit: 50 })).toEqual([...ids].reverse());
  });

  it("before an id are the newest of the earlier ones", () => {
    expect(page({ limit: 2, before: ids[3] ?? "" })).toEqual([ids[2], ids[1]]);
  });

  it("after an id are the oldest of the later ones, newest first", () => {
    expect(page({ limit: 2, after: ids[0] ?? "" })).toEqual([ids[2], ids[1]]);
  });

  it("are only that channel's", () => {
    expect(world.chat.messages(CHANNEL_ID, { limit: 50 })).toEqual([]);
  });

  it("of the future do not prevent a new one from being the newest", () => {
    const future = "9000000000000000000";
    world.chat.post({ id: future, channelId: TEXT_CHANNEL_ID, author: person(1), content: "" });
    const posted = world.chat.post({ channelId: TEXT_CHANNEL_ID, author: person(2), content: "" });
    expect(page({ limit: 2 })).toEqual([posted.id, future]);
  });
});

describe("voice states", () => {
  it("keep their session and flags through a move, and say where a person came from", () => {
    const changes: [VoiceState, string | null][] = [];
    world.on("voiceState", (state, previous) => changes.push([state, previous]));
    const member = world.addMember(person(1));
    world.enterVoice(member, CHANNEL_ID, { flags: { selfMute: true } });
    world.enterVoice(member, "100000000000000004");
    world.leaveVoice(member.user.id);
    expect(changes.map(([state, previous]) => [previous, state.channelId, state.flags.selfMute])).toEqual([
      [null, CHANNEL_ID, true],
      [CHANNEL_ID, "100000000000000004", true],
      ["100000000000000004", null, true],
    ]);
    expect(new Set(changes.map(([state]) => state.sessionId)).size).toBe(1);
    expect(world.voiceState(member.user.id)).toBeUndefined();
  });
});
