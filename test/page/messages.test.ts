import { expect, test } from "vitest";
import { toMessages as toMessagesOf } from "../../src/page/messages.ts";
import type { ChatEvent } from "../../src/session/chat.ts";
import { chatMessage, chatUpdate } from "../support/chat-message.ts";

const AUTHOR = { id: "1", username: "ada", displayName: "Ada", bot: false };
const LISTENER = { id: "8", displayName: "Grace" };
const toMessages = (events: readonly ChatEvent[]) => toMessagesOf(events, [LISTENER]);
const at = (offsetMs: number) => ({ at: "2026-01-01T00:00:00.000Z", offsetMs });
const created = (id: string, content: string, more = {}) =>
  chatMessage({ id, channelId: "3" }, AUTHOR, { content, ...more });
const line = (type: "message.delete" | "reaction.remove_all", id: string, offsetMs: number): ChatEvent => ({
  type,
  id,
  channelId: "3",
  ...at(offsetMs),
});
const reaction = (type: "reaction.add" | "reaction.remove", emoji: string): ChatEvent => ({
  type,
  id: "1",
  channelId: "3",
  userId: "9",
  emoji,
  ...at(5),
});

test("A message stands at the time of its sending, with its last words", () => {
  const first = created("1", "helo");
  const edited = chatUpdate(first, { content: "hello", editedAt: "2026-01-01T00:00:06.000Z" });
  const messages = toMessages([
    { ...first, ...at(10) },
    { ...edited, ...at(90) },
  ]);
  expect(messages).toMatchObject([{ offsetMs: 10, text: "hello", edited: true, author: "Ada" }]);
});

test("A deleted message is still there, and says when it was deleted", () => {
  const messages = toMessages([{ ...created("1", "oops"), ...at(10) }, line("message.delete", "1", 70)]);
  expect(messages).toMatchObject([{ text: "oops", deletedAtMs: 70 }]);
});

test("Reactions are counted as they were in the end", () => {
  const message = { ...created("1", "hi"), ...at(0) };
  const [one, gone] = [reaction("reaction.add", "party:123"), reaction("reaction.add", "☕")];
  const left = [message, one, one, gone, reaction("reaction.remove", "☕")];
  expect(toMessages(left)[0]?.reactions).toEqual([[":party:", 2]]);
  expect(toMessages([...left, line("reaction.remove_all", "1", 9)])[0]?.reactions).toEqual([]);
});

test("An answer quotes what it answers, in short", () => {
  const question = { ...created("1", "x".repeat(200)), ...at(0) };
  const answer = { ...created("2", "yes", { replyToId: "1" }), ...at(1) };
  expect(toMessages([question, answer])[1]?.replyTo).toBe(`Ada: ${"x".repeat(80)}…`);
});

test("People and emoji are shown by their names, in quotes too, and who is not known by the id", () => {
  const question = { ...created("1", "<@8> and <@!1>, not <@77> <a:party:123>"), ...at(0) };
  const answer = { ...created("2", "yes", { replyToId: "1" }), ...at(1) };
  const [first, second] = toMessages([question, answer]);
  expect(first?.text).toBe("@Grace and @Ada, not <@77> :party:");
  expect(second?.replyTo).toBe("Ada: @Grace and @Ada, not <@77> :party:");
});

test("Lines about messages that nobody saw being written show nothing", () => {
  expect(toMessages([line("message.delete", "7", 0), reaction("reaction.add", "☕")])).toEqual([]);
});

test("What is attached is named with its size", () => {
  const file = { id: "5", filename: "plan.pdf", contentType: null, bytes: 48_200, url: "https://example.org/" };
  const [message] = toMessages([{ ...created("1", "", { attachments: [file] }), ...at(0) }]);
  expect(message?.extras).toEqual(["file: plan.pdf (48 kB)"]);
});
