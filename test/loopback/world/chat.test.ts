import { describe, expect, it } from "vitest";
import type { CallEvent } from "../../../src/fixture/call-script.ts";
import { applyCallEvent } from "../../../src/loopback/world/script.ts";
import { World } from "../../../src/loopback/world/world.ts";
import { person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

const ALICE = person(1);
const THREAD_ID = "310000000000000001";
const ids = ["300000000000000001", "300000000000000002", "300000000000000003"];

/** A world in which a script's events have happened, and the events that it sent. */
function played(events: readonly CallEvent[]) {
  const { header } = toneCall([]);
  const world = new World(header);
  world.addMember(ALICE);
  const sent: unknown[] = [];
  world.chat.on("messageDeleteBulk", (messages) => sent.push(["bulk", messages.map(({ id }) => id)]));
  world.chat.on("messageUpdate", ({ id, pinned, editedAt }) =>
    sent.push(["update", id, pinned, editedAt === undefined]),
  );
  world.chat.on("reactionsClear", ({ id }, emoji) => sent.push(["clear", id, emoji]));
  world.chat.on("threadUpdate", ({ id, name, archived }) => sent.push(["thread", id, name, archived]));
  for (const event of events) applyCallEvent(world, header, event);
  return { world, sent };
}

const posted = ids.map(
  (id): CallEvent => ({ atMs: 0, type: "message", id, author: ALICE, content: "x", attachments: [] }),
);

describe("a channel of the loopback", () => {
  it("loses several messages at once, and keeps its last message id, as Discord does", () => {
    const { world, sent } = played([...posted, { atMs: 1, type: "bulk_delete", ids: ids.slice(1) }]);
    expect(sent).toEqual([["bulk", ids.slice(1)]]);
    expect(world.chat.messages(TEXT_CHANNEL_ID, { limit: 100 }).map(({ id }) => id)).toEqual(ids.slice(0, 1));
    expect(world.chat.lastMessageId(TEXT_CHANNEL_ID)).toBe(ids[2]);
  });

  it("pins without an edit", () => {
    const [id = ""] = ids;
    const { sent } = played([...posted, { atMs: 1, type: "pin", id }, { atMs: 2, type: "unpin", id }]);
    expect(sent).toEqual([
      ["update", id, true, true],
      ["update", id, false, true],
    ]);
  });

  it("counts reactions, and clears them", () => {
    const [id = ""] = ids;
    const react = { atMs: 1, type: "react", id, userId: ALICE.id } as const;
    const { world } = played([...posted, { ...react, emoji: "👍" }, { ...react, emoji: "🎉" }]);
    expect([...world.chat.reactions(id).keys()]).toEqual(["👍", "🎉"]);
    world.chat.clearReactions(id, "👍");
    expect([...world.chat.reactions(id).keys()]).toEqual(["🎉"]);
    world.chat.clearReactions(id, undefined);
    expect(world.chat.reactions(id).size).toBe(0);
  });

  it("has threads with their own permissions and messages", () => {
    const { world, sent } = played([
      { atMs: 0, type: "thread", id: THREAD_ID, name: "Details" },
      { ...posted[0], threadId: THREAD_ID } as CallEvent,
      { atMs: 1, type: "thread_update", id: THREAD_ID, archived: true },
    ]);
    expect(sent).toEqual([["thread", THREAD_ID, "Details", true]]);
    expect(world.chat.messages(THREAD_ID, { limit: 100 })).toHaveLength(1);
    expect(world.chat.messages(TEXT_CHANNEL_ID, { limit: 100 })).toHaveLength(0);
    world.deny(ALICE.id, TEXT_CHANNEL_ID, ["viewChannel"]);
    expect(world.canSee(ALICE.id, THREAD_ID)).toBe(false);
  });
});
