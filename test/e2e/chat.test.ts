import { describe, expect, it } from "vitest";
import { verify } from "../../src/cli/commands/verify.ts";
import type { CallEvent } from "../../src/fixture/call-script.ts";
import { ALICE, chatCall, chatOf, messageId, says } from "../support/chat-call.ts";
import { CHANNEL_ID, person, TEXT_CHANNEL_ID } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const THREAD_ID = "310000000000000001";
const BOT = { ...person(2, "helper"), bot: true };

/** The recorded chat of one call, through the worker. */
async function recordedChat(events: readonly CallEvent[], more: Parameters<typeof recordFixture>[1] = {}) {
  const recorded = await recordFixture(chatCall(1_500, events), more);
  expect(recorded.exitCode).toBe(0);
  expect(await verify(recorded.directory)).toBe(0);
  return { ...recorded, lines: await chatOf(recorded) };
}

describe.concurrent("the chat of a call", () => {
  it("contains each message with its author, by their name in this server", async () => {
    const { lines, manifest } = await recordedChat([
      says(100, 1),
      says(200, 2, { author: BOT, replyToId: messageId(1) }),
    ]);
    expect(lines).toMatchObject([
      {
        type: "message.create",
        id: messageId(1),
        channelId: TEXT_CHANNEL_ID,
        content: "message 1",
        author: { id: ALICE.id, username: "alice", displayName: "Ali", bot: false },
        replyToId: null,
        messageType: 0,
        system: false,
      },
      {
        id: messageId(2),
        author: { id: BOT.id, username: "helper", displayName: "helper", bot: true },
        replyToId: messageId(1),
        referenceId: messageId(1),
        messageType: 19,
        system: false,
      },
    ]);
    expect(manifest).toMatchObject({ chatEvents: 2, warnings: [] });
  });

  it("contains edits, single and bulk deletions, and does not change the earlier lines", async () => {
    const { lines } = await recordedChat([
      ...[1, 2, 3, 4].map((index) => says(100, index)),
      { atMs: 300, type: "edit", id: messageId(1), content: "changed" },
      { atMs: 400, type: "delete", id: messageId(2) },
      { atMs: 500, type: "bulk_delete", ids: [messageId(3), messageId(4)] },
    ]);
    expect(lines.slice(4)).toMatchObject([
      { type: "message.update", id: messageId(1), content: "changed", editedAt: expect.stringMatching(/Z$/) },
      { type: "message.delete", id: messageId(2) },
      { type: "message.delete", id: messageId(3) },
      { type: "message.delete", id: messageId(4) },
    ]);
    expect(lines.slice(0, 4).map((line) => "content" in line && line.content)).toEqual(
      [1, 2, 3, 4].map((index) => `message ${index}`),
    );
  });

  it("distinguishes super reactions from ordinary ones", async () => {
    const reaction = { id: messageId(1), userId: ALICE.id, emoji: "👍" };
    const { lines } = await recordedChat([
      says(100, 1),
      { atMs: 200, type: "react", ...reaction },
      { atMs: 300, type: "react", ...reaction, burst: true },
      { atMs: 400, type: "unreact", ...reaction },
      { atMs: 500, type: "unreact", ...reaction, burst: true },
    ]);
    expect(lines.slice(1).map((line) => [line.type, Reflect.get(line, "burst")])).toEqual([
      ["reaction.add", undefined],
      ["reaction.add", true],
      ["reaction.remove", undefined],
      ["reaction.remove", true],
    ]);
  });

  it("contains reactions that are added, removed and cleared", async () => {
    const reaction = { id: messageId(1), userId: ALICE.id };
    const { lines } = await recordedChat([
      says(100, 1),
      { atMs: 200, type: "react", ...reaction, emoji: "👍" },
      { atMs: 300, type: "unreact", ...reaction, emoji: "👍" },
      { atMs: 400, type: "react", ...reaction, emoji: "party:500000000000000001" },
      { atMs: 500, type: "clear_reactions", id: messageId(1), emoji: "party:500000000000000001" },
      { atMs: 600, type: "react", ...reaction, emoji: "🎉" },
      { atMs: 700, type: "clear_reactions", id: messageId(1) },
    ]);
    const place = { id: messageId(1), channelId: TEXT_CHANNEL_ID };
    expect(lines.slice(1)).toMatchObject([
      { type: "reaction.add", ...place, userId: ALICE.id, emoji: "👍" },
      { type: "reaction.remove", ...place, userId: ALICE.id, emoji: "👍" },
      { type: "reaction.add", ...place, userId: ALICE.id, emoji: "party:500000000000000001" },
      { type: "reaction.remove_emoji", ...place, emoji: "party:500000000000000001" },
      { type: "reaction.add", ...place, userId: ALICE.id, emoji: "🎉" },
      { type: "reaction.remove_all", ...place },
    ]);
  });

  it("contains attachments, embeds, stickers, pins and Discord's own messages", async () => {
    const file = { id: "400000000000000001", filename: "notes.txt", contentType: "text/plain", size: 12 };
    const embed = { type: "rich", title: "A page", url: "https://example.org/" };
    const sticker = { id: "600000000000000001", name: "wave", formatType: 1 };
    const { lines } = await recordedChat([
      says(100, 1, { attachments: [file], embeds: [embed], stickers: [sticker] }),
      { atMs: 200, type: "edit", id: messageId(1), content: "message 1", embeds: [embed, embed] },
      { atMs: 300, type: "pin", id: messageId(1) },
      says(310, 2, { messageType: 6, replyToId: messageId(1), content: "" }),
      { atMs: 400, type: "unpin", id: messageId(1) },
      says(500, 3, { messageType: 7, content: "" }),
    ]);
    expect(lines).toMatchObject([
      {
        attachments: [{ id: file.id, filename: "notes.txt", contentType: "text/plain", bytes: 12 }],
        embeds: [embed],
        stickers: [sticker],
        pinned: false,
      },
      { type: "message.update", embeds: [embed, embed], pinned: false },
      { type: "message.update", id: messageId(1), pinned: true },
      { type: "message.create", messageType: 6, system: true, replyToId: null, referenceId: messageId(1) },
      { type: "message.update", id: messageId(1), pinned: false },
      { type: "message.create", messageType: 7, system: true, author: { id: ALICE.id } },
    ]);
  });

  it("contains messages in the channel's threads, and when threads begin, change and end", async () => {
    const { lines } = await recordedChat([
      { atMs: 100, type: "thread", id: THREAD_ID, name: "Details", ownerId: ALICE.id },
      says(200, 1, { threadId: THREAD_ID }),
      { atMs: 300, type: "thread_update", id: THREAD_ID, name: "All details" },
      { atMs: 400, type: "thread_update", id: THREAD_ID, archived: true, locked: true },
      { atMs: 500, type: "thread_delete", id: THREAD_ID },
    ]);
    const thread = { id: THREAD_ID, channelId: TEXT_CHANNEL_ID };
    expect(lines).toMatchObject([
      { type: "thread.create", ...thread, name: "Details", archived: false, locked: false, ownerId: ALICE.id },
      { type: "message.create", id: messageId(1), channelId: THREAD_ID },
      { type: "thread.update", ...thread, name: "All details", archived: false },
      { type: "thread.update", ...thread, name: "All details", archived: true, locked: true },
      { type: "thread.delete", ...thread },
    ]);
  });

  it("is the voice channel's own chat if its id is given", async () => {
    const call = chatCall(1_500, [says(100, 1)]);
    const { textChannel: _, ...header } = call.header;
    const recorded = await recordFixture({ ...call, header }, { environment: { DISCORD_TEXT_CHANNEL_ID: CHANNEL_ID } });
    expect(await chatOf(recorded)).toMatchObject([{ channelId: CHANNEL_ID, content: "message 1" }]);
  });

  it("keeps texts unchanged, and removes only control characters from names", async () => {
    const content = '<script>alert(1)</script> ../../etc/passwd "\\n\n\u202Egpj.exe \u0000 \u2028 \uD800';
    const eve = { ...person(3, "eve"), nick: "../<b>\u202Eeve\u0000</b>" };
    const { lines } = await recordedChat([says(100, 1, { author: eve, content })]);
    // A lone surrogate is not valid Unicode text, so it stays a JSON escape.
    expect(lines).toMatchObject([{ author: { displayName: "../<b>\u202Eeve\ufffd</b>" }, content }]);
  });
});

describe.concurrent("if Discord does not let the bot read", () => {
  it("contents, for lack of the intent, the recording continues and says what is missing", async () => {
    const { lines, manifest, log } = await recordedChat([says(100, 1), says(200, 2, { author: BOT })], {
      loopback: { allowMessageContent: false },
    });
    expect(lines).toMatchObject([
      { id: messageId(1), content: "", author: { displayName: "Ali" } },
      { id: messageId(2), content: "" },
    ]);
    expect(manifest.warnings).toMatchObject([{ code: "message_content_missing" }]);
    expect(manifest.warnings[0]?.text).toContain("Message Content Intent");
    expect(manifest.tracks).toMatchObject([{ packets: { received: 20 } }]);
    expect(log.filter(({ kind }) => kind === "gateway_identify")).toHaveLength(1);
  });

  it("the channel any more, there is a warning, and messages are recorded again once it can", async () => {
    const { lines, manifest } = await recordedChat([
      says(100, 1),
      {
        atMs: 300,
        type: "fault",
        fault: { kind: "deny_permissions", channelId: TEXT_CHANNEL_ID, permissions: ["viewChannel"] },
      },
      says(500, 2),
      { atMs: 700, type: "fault", fault: { kind: "deny_permissions", channelId: TEXT_CHANNEL_ID, permissions: [] } },
      says(1_100, 3),
    ]);
    expect(lines.map(({ id }) => id)).toEqual([1, 2, 3].map(messageId));
    expect(lines[1]).toMatchObject({ backfilled: true });
    expect(manifest.warnings).toMatchObject([{ code: "chat_permission_missing" }]);
  });

  it("history, live messages are recorded and the rest is reported as missing", async () => {
    const { lines, manifest } = await recordedChat([says(100, 1)], {
      loopback: { deniedPermissions: { [TEXT_CHANNEL_ID]: ["readMessageHistory"] } },
    });
    expect(lines).toMatchObject([{ id: messageId(1) }]);
    expect(manifest.warnings).toMatchObject([{ code: "chat_history_missing" }]);
  });

  it("a channel because it was deleted, there is a warning", async () => {
    const { lines, manifest } = await recordedChat([
      says(100, 1),
      { atMs: 300, type: "fault", fault: { kind: "delete_channel", channelId: TEXT_CHANNEL_ID } },
    ]);
    expect(lines).toHaveLength(1);
    expect(manifest.warnings).toMatchObject([{ code: "chat_channel_deleted" }]);
    expect(manifest.exitReason).toBe("alone_in_room");
  });
});
