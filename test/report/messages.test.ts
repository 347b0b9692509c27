import { expect, test } from "vitest";
import { toMessages as toMessagesOf } from "../../src/report/messages.ts";
import type { ChatEvent } from "../../src/session/chat.ts";
import { chatMessage, chatUpdate } from "../support/chat-message.ts";

const AUTHOR = { id: "1", username: "ada", displayName: "Ada", bot: false };
const toMessages = (events: readonly ChatEvent[], showDeleted = false) => toMessagesOf(events, { showDeleted });
const at = (offsetMs: number) => ({ at: "2026-01-01T00:00:00.000Z", offsetMs });
const created = (id: string, content: string, more = {}) =>
  chatMessage({ id, channelId: "3" }, AUTHOR, { content, ...more });
const line = (type: "message.delete" | "reaction.remove_all", id: string, offsetMs: number): ChatEvent => ({
  type,
  id,
  channelId: "3",
  ...at(offsetMs),
});
const reaction = (type: "reaction.add" | "reaction.remove", emoji: string, burst?: true): ChatEvent => ({
  type,
  id: "1",
  channelId: "3",
  userId: "9",
  emoji,
  ...at(5),
  ...(burst === undefined ? {} : { burst }),
});

test("A message has its sending time and its last text", () => {
  const first = created("1", "helo");
  const edited = chatUpdate(first, { content: "hello", editedAt: "2026-01-01T00:00:06.000Z" });
  const messages = toMessages([
    { ...first, ...at(10) },
    { ...edited, ...at(90) },
  ]);
  expect(messages).toMatchObject([{ offsetMs: 10, text: "hello", edited: true, author: "Ada" }]);
});

test("A deleted message says when it was deleted, and shows its text only if requested", () => {
  const file = { id: "5", filename: "secret.pdf", contentType: null, bytes: 48_200, url: "https://example.org/" };
  const events = [
    { ...created("1", "secret word", { attachments: [file] }), ...at(10) },
    reaction("reaction.add", "☕"),
    { ...created("2", "what?", { replyToId: "1" }), ...at(20) },
    line("message.delete", "1", 70),
  ];
  const messages = toMessages(events);
  expect(messages).toMatchObject([
    { author: "Ada", text: "", extras: [], reactions: [], deletedAtMs: 70 },
    { text: "what?", replyTo: 0 },
  ]);
  expect(JSON.stringify(messages)).not.toContain("secret");
  expect(toMessages(events, true)).toMatchObject([{ text: "secret word", deletedAtMs: 70 }, { replyTo: 0 }]);
});

test("Notes are shown at their moments, between the messages", () => {
  const messages = toMessages([
    { ...created("1", "first"), ...at(10) },
    { type: "note", ...at(20), text: "decided: *Friday*", author: "Ada" },
    { ...created("2", "answer", { replyToId: "1" }), ...at(30) },
    { type: "note", ...at(5), text: "begins", author: null },
    { ...created("3", "again", { replyToId: "2" }), ...at(40) },
  ]);
  expect(messages.map(({ note, author, text, replyTo }) => [note, author, text, replyTo])).toEqual([
    [true, "Note", "begins", undefined],
    [false, "Ada", "first", undefined],
    [true, "Ada", "decided: *Friday*", undefined],
    [false, "Ada", "answer", 1],
    [false, "Ada", "again", 3],
  ]);
});

test("Reactions are counted as they were at the end", () => {
  const message = { ...created("1", "hi"), ...at(0) };
  const [one, gone] = [reaction("reaction.add", "party:123"), reaction("reaction.add", "☕")];
  const left = [message, one, one, gone, reaction("reaction.remove", "☕")];
  expect(toMessages(left)[0]?.reactions).toEqual([[":party:", 2]]);
  expect(toMessages([...left, reaction("reaction.add", "party:123", true)])[0]?.reactions).toEqual([
    [":party:", 2],
    ["super :party:", 1],
  ]);
  expect(toMessages([...left, line("reaction.remove_all", "1", 9)])[0]?.reactions).toEqual([]);
});

test("A reply knows which message it answers", () => {
  const answer = { ...created("2", "yes", { replyToId: "1" }), ...at(30) };
  const other = { ...created("3", "hi", { replyToId: "77" }), ...at(5) };
  const messages = toMessages([answer, { ...created("1", "ready?"), ...at(10) }, other]);
  expect(messages.map(({ text, replyTo }) => [text, replyTo])).toEqual([
    ["hi", undefined],
    ["ready?", undefined],
    ["yes", 1],
  ]);
});

test("Lines about messages that were never seen show nothing", () => {
  expect(toMessages([line("message.delete", "7", 0), reaction("reaction.add", "☕")])).toEqual([]);
});

test("Attachments are named with their size", () => {
  const file = { id: "5", filename: "plan.pdf", contentType: null, bytes: 48_200, url: "https://example.org/" };
  const [message] = toMessages([{ ...created("1", "", { attachments: [file] }), ...at(0) }]);
  expect(message?.extras).toEqual(["file: plan.pdf (48 kB)"]);
});
