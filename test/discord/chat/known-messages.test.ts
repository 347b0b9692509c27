import { describe, expect, it } from "vitest";
import { KnownMessages } from "../../../src/discord/chat/known-messages.ts";
import { chatMessage, chatUpdate } from "../../support/chat-message.ts";

const CHANNEL = "100000000000000003";
const THREAD = "310000000000000001";
const ADA = { id: "200000000000000001", username: "ada", displayName: "Ada", bot: false };
const idOf = (index: number): string => String(1_000 + index);
const message = (index: number, channelId = CHANNEL) => chatMessage({ id: idOf(index), channelId }, ADA);
const placeOf = (index: number) => ({ id: idOf(index), channelId: CHANNEL });

describe("a known message", () => {
  it("is not reported again: messages, edits that change nothing, deletions, reactions", () => {
    const knownMessages = new KnownMessages(0n);
    const reaction = { ...placeOf(1), userId: ADA.id, emoji: "👍" };
    const edit = chatUpdate(message(1), { content: "changed", editedAt: "2026-01-01T00:00:06.000Z" });
    const events = [
      message(1),
      edit,
      { type: "reaction.add", ...reaction } as const,
      { type: "reaction.remove", ...reaction } as const,
      { type: "message.delete", ...placeOf(1) } as const,
    ];
    for (const event of events) expect([knownMessages.take(event), knownMessages.take(event)]).toEqual([true, false]);
  });

  it("is compared without the author's name and the signatures of file addresses", () => {
    const knownMessages = new KnownMessages(0n);
    const file = (signature: string) => ({
      attachments: [
        {
          id: "4",
          filename: "a",
          contentType: null,
          bytes: 1,
          url: `https://cdn.discordapp.com/a?ex=${signature}&is=1`,
        },
      ],
    });
    expect(knownMessages.take({ ...message(1), ...file("66") })).toBe(true);
    const again = chatUpdate(message(1), file("77"));
    expect(knownMessages.take({ ...again, author: { ...ADA, displayName: "Ada Lovelace" } })).toBe(false);
    expect(knownMessages.take({ ...again, pinned: true })).toBe(true);
  });

  it("may have ids out of order, but none from before the start", () => {
    const knownMessages = new KnownMessages(BigInt(idOf(0)));
    expect([2, 1, 3].map((index) => knownMessages.take(message(index)))).toEqual([true, true, true]);
    expect(knownMessages.take(message(0))).toBe(false);
    expect(knownMessages.newestIn(CHANNEL)).toBe(BigInt(idOf(3)));
  });

  it("that was deleted is not reported, except for reactions, which change no text", () => {
    const knownMessages = new KnownMessages(0n);
    knownMessages.take(message(1));
    knownMessages.take({ type: "message.delete", ...placeOf(1) });
    expect(knownMessages.take(chatUpdate(message(1), { content: "late" }))).toBe(false);
    expect(knownMessages.take({ type: "reaction.add", ...placeOf(1), userId: ADA.id, emoji: "👍" })).toBe(true);
  });

  it("is kept within a limit: forgotten messages count as known, only in their own channel", () => {
    const knownMessages = new KnownMessages(0n);
    for (let index = 1; index <= 30_000; index += 1) knownMessages.take(message(index));
    expect(knownMessages.knownIds(CHANNEL)).toHaveLength(1_000);
    expect([...knownMessages.knownChannels()]).toEqual([CHANNEL]);
    expect([1, 9_000, 10_500, 30_000].map((index) => knownMessages.take(message(index)))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(knownMessages.take(message(30_001))).toBe(true);
    expect(knownMessages.take(message(0))).toBe(false);
    expect(knownMessages.take(message(0, THREAD))).toBe(true);
  });
});
