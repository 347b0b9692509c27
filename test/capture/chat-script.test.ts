import { describe, expect, it } from "vitest";
import { ChatScript } from "../../src/capture/chat-script.ts";
import { chatMessage, chatUpdate } from "../support/chat-message.ts";

const CHANNEL = "100000000000000003";
const THREAD = { id: "310000000000000001", channelId: CHANNEL };
const ADA = { id: "200000000000000001", username: "ada", displayName: "Ada", bot: false };
const PLACE = { id: "300000000000000001", channelId: CHANNEL };

describe("a captured chat line", () => {
  it("keeps a message's embeds, stickers, kind and thread", () => {
    const sticker = { id: "600000000000000001", name: "wave", formatType: 1 };
    const message = chatMessage({ ...PLACE, channelId: THREAD.id }, ADA, {
      embeds: [{ title: "A page" }],
      stickers: [sticker],
      messageType: 6,
      referenceId: "300000000000000000",
    });
    expect(new ChatScript(CHANNEL).event(message)).toMatchObject({
      type: "message",
      embeds: [{ title: "A page" }],
      stickers: [sticker],
      messageType: 6,
      replyToId: "300000000000000000",
      threadId: THREAD.id,
    });
  });

  it("is a pin if an update changes the pinned flag, and otherwise an edit", () => {
    const script = new ChatScript(CHANNEL);
    const message = chatMessage(PLACE, ADA);
    const types = [{ pinned: true }, { pinned: true, content: "changed" }, { pinned: false }].map(
      (change) => script.event(chatUpdate(message, change)).type,
    );
    expect(types).toEqual(["pin", "edit", "unpin"]);
  });

  it("begins a thread at its first event", () => {
    const script = new ChatScript(CHANNEL);
    const line = {
      type: "thread.update",
      ...THREAD,
      name: "Details",
      archived: false,
      locked: false,
      ownerId: null,
    } as const;
    expect(script.event(line)).toEqual({ type: "thread", id: THREAD.id, name: "Details" });
    expect(script.event({ ...line, archived: true })).toMatchObject({ type: "thread_update", archived: true });
    expect(script.event({ type: "thread.delete", ...THREAD })).toEqual({ type: "thread_delete", id: THREAD.id });
  });

  it("clears all reactions, or those of one emoji", () => {
    const script = new ChatScript(CHANNEL);
    expect(script.event({ type: "reaction.remove_all", ...PLACE })).toEqual({ type: "clear_reactions", id: PLACE.id });
    expect(script.event({ type: "reaction.remove_emoji", ...PLACE, emoji: "👍" })).toMatchObject({ emoji: "👍" });
  });
});
