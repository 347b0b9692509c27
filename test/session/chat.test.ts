import { describe, expect, it } from "vitest";
import { type ChatEvent, chatEvent } from "../../src/session/chat.ts";

const PLACE = { at: "2026-01-15T09:00:00.000Z", offsetMs: -20, id: "1", channelId: "2" };
const AUTHOR = { id: "3", username: "ada", displayName: "Ada", bot: false };
const WRITTEN = {
  content: "hello",
  attachments: [{ id: "4", filename: "../a.png", contentType: null, bytes: null, url: "https://cdn.example/a.png" }],
  embeds: [{ title: "a page" }],
  stickers: [{ id: "5", name: "wave", formatType: 1 }],
};
const CONTENT = { ...WRITTEN, pinned: false, editedAt: null, forwarded: [WRITTEN], poll: { question: {} } };
const THREAD = { name: "side talk", archived: false, locked: false, ownerId: null };

/** Each kind of line once, with all that it may carry. */
const LINES: Readonly<Record<ChatEvent["type"], ChatEvent>> = {
  "message.create": {
    ...{ type: "message.create", ...PLACE, backfilled: true, author: AUTHOR, ...CONTENT },
    ...{ replyToId: "6", referenceId: null, sentAt: PLACE.at, messageType: 19, system: false },
  },
  "message.update": { type: "message.update", ...PLACE, author: AUTHOR, ...CONTENT, editedAt: PLACE.at },
  "message.delete": { type: "message.delete", ...PLACE },
  "reaction.add": { type: "reaction.add", ...PLACE, userId: "3", emoji: "👍" },
  "reaction.remove": { type: "reaction.remove", ...PLACE, userId: "3", emoji: "wave:5" },
  "reaction.remove_all": { type: "reaction.remove_all", ...PLACE },
  "reaction.remove_emoji": { type: "reaction.remove_emoji", ...PLACE, emoji: "👍" },
  "thread.create": { type: "thread.create", ...PLACE, ...THREAD },
  "thread.update": { type: "thread.update", ...PLACE, ...THREAD, ownerId: "3" },
  // Discord may leave out a thread's parent.
  "thread.delete": { type: "thread.delete", ...PLACE, channelId: "" },
  note: { type: "note", at: PLACE.at, offsetMs: 20, text: "decided: Friday\nand not earlier", author: "Ada" },
};

describe("a line of the chat", () => {
  it.each(Object.values(LINES))("is read back as it was written: $type", (line) => {
    expect(chatEvent.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
  });

  it.each<[string, object]>([
    ["an unknown kind", { ...LINES["message.delete"], type: "message.burn" }],
    ["an id that is a path", { ...LINES["message.delete"], id: "../1" }],
    ["a time without a zone", { ...LINES["message.delete"], at: "2026-01-15T09:00:00" }],
    ["a name of 201 characters", { ...LINES["message.update"], author: { ...AUTHOR, displayName: "A".repeat(201) } }],
    ["a reaction of nobody", { ...LINES["reaction.add"], userId: "" }],
    ["a note whose author is not a name", { ...LINES.note, author: "A".repeat(201) }],
    ["a negative size", { ...LINES["message.update"], attachments: [{ ...WRITTEN.attachments[0], bytes: -1 }] }],
    ["a message that was not read back but says so", { ...LINES["message.delete"], backfilled: false }],
  ])("is refused: %s", (_, line) => {
    expect(chatEvent.safeParse(line).success).toBe(false);
  });

  it.each(Object.keys(LINES["message.create"]).filter((key) => !["backfilled", "forwarded", "poll"].includes(key)))(
    "that creates a message is refused without %s",
    (key) => {
      const rest = Object.fromEntries(Object.entries(LINES["message.create"]).filter(([name]) => name !== key));
      expect(chatEvent.safeParse(rest).success).toBe(false);
    },
  );
});
