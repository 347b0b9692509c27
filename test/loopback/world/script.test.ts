import { describe, expect, it } from "vitest";
import { type CallEvent, callEvent } from "../../../src/fixture/call-script.ts";
import { addPeople, applyCallEvent } from "../../../src/loopback/world/script.ts";
import { World } from "../../../src/loopback/world/world.ts";
import { CHANNEL_ID, person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

const ALICE = person(1);
const MESSAGE_ID = person(50).id;

/** A world in which these events have happened, and the events that it sent. */
function play(events: readonly unknown[]) {
  const fixture = toneCall([], { events: events.map((event): CallEvent => callEvent.parse(event)) });
  const world = new World(fixture.header);
  const sent: string[] = [];
  for (const name of ["messageCreate", "messageUpdate", "messageDelete", "reactionAdd", "reactionRemove"] as const) {
    world.chat.on(name, () => sent.push(name));
  }
  addPeople(world, fixture);
  for (const event of fixture.events) applyCallEvent(world, fixture.header, event);
  return { world, sent };
}

describe("a call's events", () => {
  it("make everyone who appears a member of the guild, including people who only write", () => {
    const { world } = play([
      { type: "join", atMs: 0, user: ALICE },
      { type: "message", atMs: 1, id: MESSAGE_ID, author: person(2), content: "hello" },
    ]);
    expect(world.members.map(({ user }) => user.id)).toEqual([ALICE.id, person(2).id]);
  });

  it("let people join, change their flags, move and leave", () => {
    const joined = { type: "join", atMs: 0, user: ALICE, flags: { selfMute: true } };
    const deafened = { type: "flags", atMs: 1, userId: ALICE.id, flags: { selfDeaf: true } };
    const moved = { type: "move", atMs: 2, userId: ALICE.id, channelId: "100000000000000004" };
    const left = { type: "leave", atMs: 3, userId: ALICE.id };
    expect(play([joined, deafened]).world.voiceState(ALICE.id)).toMatchObject({
      channelId: CHANNEL_ID,
      flags: { selfMute: true, selfDeaf: true },
    });
    expect(play([joined, moved]).world.voiceState(ALICE.id)?.channelId).toBe("100000000000000004");
    expect(play([joined, moved, left]).world.voiceState(ALICE.id)).toBeUndefined();
  });

  it("rename people, and update the rest of their voice state too", () => {
    const joined = { type: "join", atMs: 0, user: { ...ALICE, nick: "Al" } };
    const renamed = { type: "rename", atMs: 1, userId: ALICE.id, displayName: "Alice L." };
    const { world } = play([joined, renamed]);
    const expected = { ...ALICE, displayName: "Alice L.", nick: "Al" };
    expect(world.member(ALICE.id)?.user).toEqual(expected);
    expect(world.voiceState(ALICE.id)?.member.user).toEqual(expected);
  });

  it("write, edit, react to and delete messages of the text channel", () => {
    const events = [
      { type: "message", atMs: 0, id: MESSAGE_ID, author: ALICE, content: "helo" },
      { type: "edit", atMs: 1, id: MESSAGE_ID, content: "hello" },
      { type: "react", atMs: 2, id: MESSAGE_ID, userId: ALICE.id, emoji: "👍" },
      { type: "unreact", atMs: 3, id: MESSAGE_ID, userId: ALICE.id, emoji: "👍" },
    ];
    const { world } = play(events);
    expect(world.chat.message(MESSAGE_ID)).toMatchObject({ content: "hello", channelId: TEXT_CHANNEL_ID });
    const { world: after, sent } = play([...events, { type: "delete", atMs: 4, id: MESSAGE_ID }]);
    expect(after.chat.message(MESSAGE_ID)).toBeUndefined();
    expect(sent).toEqual(["messageCreate", "messageUpdate", "reactionAdd", "reactionRemove", "messageDelete"]);
  });

  it("about unknown people or messages change nothing", () => {
    const { world, sent } = play([
      { type: "leave", atMs: 0, userId: ALICE.id },
      { type: "move", atMs: 0, userId: ALICE.id, channelId: CHANNEL_ID },
      { type: "edit", atMs: 0, id: MESSAGE_ID, content: "hello" },
      { type: "delete", atMs: 0, id: MESSAGE_ID },
    ]);
    expect(world.voiceStates).toEqual([]);
    expect(sent).toEqual([]);
  });
});
