import { describe, expect, it } from "vitest";
import type { CallEvent } from "../../src/fixture/call-script.ts";
import { ALICE, chatCall, chatOf, inShort, messageId, says } from "../support/chat-call.ts";
import { person } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const THREAD_ID = "310000000000000001";
const BOB = { ...person(2, "bob"), nick: "Bobby" };

type Fault = Extract<CallEvent, { type: "fault" }>["fault"];
const fault = (atMs: number, what: Fault): CallEvent => ({ atMs, type: "fault", fault: what });
/** The session is over, and the next one is seconds away: what happens in between is missed. */
const missed = (atMs: number, meanwhile: readonly CallEvent[]): CallEvent[] => [
  fault(atMs, { kind: "invalidate_gateway_session", resumable: false, keepsVoice: true }),
  ...meanwhile,
];

async function recordedChat(
  endMs: number,
  events: readonly CallEvent[],
  more: Parameters<typeof recordFixture>[1] = {},
) {
  const recorded = await recordFixture(chatCall(endMs, events), more);
  expect(recorded.exitCode).toBe(0);
  return { ...recorded, lines: await chatOf(recorded) };
}

describe.concurrent("chat events while the gateway is disconnected are recorded afterwards, in order and once", () => {
  it("if a new session was needed: messages, edits, pins, deletions, reactions", async () => {
    const react = { type: "react", userId: ALICE.id } as const;
    const { lines, manifest } = await recordedChat(8_000, [
      ...[1, 2, 3, 4].map((index) => says(200, index)),
      { atMs: 300, ...react, id: messageId(1), emoji: "👍" },
      ...missed(500, [
        says(600, 5, { author: BOB, replyToId: messageId(1) }),
        { atMs: 610, type: "edit", id: messageId(1), content: "changed" },
        { atMs: 620, type: "pin", id: messageId(2) },
        { atMs: 630, type: "delete", id: messageId(3) },
        { atMs: 640, ...react, id: messageId(4), emoji: "🎉" },
        { atMs: 650, type: "unreact", userId: ALICE.id, id: messageId(1), emoji: "👍" },
      ]),
      says(7_000, 6),
    ]);
    expect(lines.map(inShort)).toEqual([
      ...["create 1", "create 2", "create 3", "create 4", "add 1"],
      ...["delete 3", "update 1", "update 2", "create 5", "remove 1", "add 4"],
      "create 6",
    ]);
    expect(lines.filter((line) => line.backfilled === true)).toHaveLength(6);
    expect(lines[8]).toMatchObject({ author: { displayName: "Bobby" }, replyToId: messageId(1), backfilled: true });
    expect(lines.map(({ offsetMs }) => offsetMs)).toEqual(lines.map(({ offsetMs }) => offsetMs).sort((a, b) => a - b));
    expect(manifest.warnings).toEqual([]);
  });

  it("if the session was resumed, which repeats missed events", async () => {
    const { lines } = await recordedChat(5_000, [
      says(200, 1),
      fault(300, { kind: "drop_gateway" }),
      says(310, 2),
      { atMs: 320, type: "edit", id: messageId(1), content: "changed" },
      { atMs: 330, type: "delete", id: messageId(1) },
      says(4_000, 3),
    ]);
    expect(lines.map(inShort)).toEqual(["create 1", "create 2", "update 1", "delete 1", "create 3"]);
  });

  it("in threads too: in existing ones, and in one that began meanwhile", async () => {
    const { lines } = await recordedChat(8_000, [
      { atMs: 100, type: "thread", id: THREAD_ID, name: "Before" },
      says(200, 1, { threadId: THREAD_ID }),
      says(250, 2),
      ...missed(400, [
        says(500, 3, { threadId: THREAD_ID }),
        { atMs: 510, type: "thread", id: messageId(2), name: "Meanwhile" },
        says(520, 4, { threadId: messageId(2) }),
        { atMs: 530, type: "delete", id: messageId(1) },
      ]),
    ]);
    expect(lines.map((line) => [line.type, line.channelId, line.id])).toEqual(
      expect.arrayContaining([
        ["message.create", THREAD_ID, messageId(3)],
        ["message.create", messageId(2), messageId(4)],
        ["message.delete", THREAD_ID, messageId(1)],
      ]),
    );
    expect(lines.filter(({ type }) => type === "thread.create")).toHaveLength(2);
    expect(new Set(lines.map((line) => `${line.type} ${line.id}`)).size).toBe(lines.length);
  });

  it("if Discord rate-limits and fails requests meanwhile", async () => {
    const { lines, log } = await recordedChat(9_000, [
      says(200, 1),
      ...missed(500, [
        ...Array.from({ length: 250 }, (_, index) => says(600, index + 2)),
        fault(700, { kind: "rate_limit_rest", retryAfterSeconds: 1, path: "/messages" }),
        fault(700, { kind: "fail_rest", status: 503, path: "/messages" }),
      ]),
      says(8_000, 252),
    ]);
    expect(lines.map(inShort)).toEqual(Array.from({ length: 252 }, (_, index) => `create ${index + 1}`));
    const requests = log.flatMap((event) => (event.kind === "rest" && event.path.endsWith("/messages") ? [event] : []));
    expect(requests.map(({ status }) => status)).toEqual([200, 429, 503, 200, 200, 200]);
  });

  it("if the gateway is still disconnected when the call ends", async () => {
    const { lines } = await recordedChat(1_200, [says(200, 1), ...missed(500, [says(600, 2)])]);
    expect(lines.map(inShort)).toEqual(["create 1", "create 2"]);
  });

  it("if the gateway has gone silent before the call ends", async () => {
    const silent = fault(500, { kind: "silence_gateway", durationMs: 60_000 });
    const { lines } = await recordedChat(1_000, [says(200, 1), silent, says(600, 2)], {
      environment: { MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS: "3" },
    });
    expect(lines.map(inShort)).toEqual(["create 1", "create 2"]);
  });

  it("except for what Discord does not give, which is reported as missing", async () => {
    const { lines, manifest } = await recordedChat(8_000, [
      says(200, 1),
      ...missed(400, [says(500, 2), fault(600, { kind: "fail_rest", status: 403, path: "/messages" })]),
      says(7_000, 3),
    ]);
    expect(lines.map(inShort)).toEqual(["create 1", "create 3"]);
    expect(manifest.warnings).toMatchObject([{ code: "chat_backfill_incomplete" }]);
  });
});

describe.concurrent("a chat of 200 messages a second for 30 s", () => {
  const PER_SECOND = 200;
  const COUNT = 30 * PER_SECOND;
  const START_MS = 500;
  const atMsOf = (index: number): number => START_MS + Math.floor(((index - 1) * 1_000) / PER_SECOND);
  const isEdited = (index: number): boolean => index % 10 === 3;
  const isDeleted = (index: number): boolean => index % 10 === 7;

  /** Every tenth is edited and every tenth deleted 400 ms after it was sent. */
  function storm(between: readonly CallEvent[]): CallEvent[] {
    const indices = Array.from({ length: COUNT }, (_, index) => index + 1);
    const events = indices.flatMap((index): CallEvent[] => {
      const id = messageId(index);
      const later = { atMs: atMsOf(index) + 400, id };
      // 1,700 bytes of text: with 6,000 of them, 10 MB.
      const sent = says(atMsOf(index), index, { content: `${index} ${"x".repeat(1_500)}` });
      if (isEdited(index)) return [sent, { ...later, type: "edit", content: `edited ${index}` }];
      return isDeleted(index) ? [sent, { ...later, type: "delete" }] : [sent];
    });
    return [...events, ...between].sort((left, right) => left.atMs - right.atMs);
  }

  it("is complete, each event once and in order, through a connection that is lost and resumed", async () => {
    const { lines, manifest } = await recordedChat(38_000, storm([fault(15_000, { kind: "drop_gateway" })]));
    const created = lines.filter(({ type }) => type === "message.create").map(({ id }) => id);
    expect(created).toEqual(Array.from({ length: COUNT }, (_, index) => messageId(index + 1)));
    expect(lines.filter(({ type }) => type === "message.update")).toHaveLength(COUNT / 10);
    expect(lines.filter(({ type }) => type === "message.delete")).toHaveLength(COUNT / 10);
    expect(new Set(lines.map((line) => `${line.type} ${line.id}`)).size).toBe(lines.length);
    expect(manifest).toMatchObject({ chatEvents: COUNT + COUNT / 5, warnings: [] });
    expect(manifest.tracks).toMatchObject([{ packets: { received: 20, lost: 0 } }]);
  }, 90_000);

  it("lacks only messages that came and went while no session existed, if a new one was needed", async () => {
    const { lines, manifest } = await recordedChat(40_000, storm(missed(15_000, [])));
    const idsOf = (type: string): string[] => lines.filter((line) => line.type === type).map(({ id }) => id);
    const [created, updated, deleted] = ["message.create", "message.update", "message.delete"].map(idsOf);
    const indexOf = (id: string): number => Number(BigInt(id) - BigInt(messageId(0)));
    const missing = Array.from({ length: COUNT }, (_, index) => index + 1).filter(
      (index) => !created?.includes(messageId(index)),
    );
    // Sent and deleted in the gap: there is no trace of them.
    expect(missing.filter((index) => !isDeleted(index))).toEqual([]);
    expect(created).toEqual(created?.toSorted((left, right) => indexOf(left) - indexOf(right)));
    expect(new Set(lines.map((line) => `${line.type} ${line.id}`)).size).toBe(lines.length);
    // The final state of each message.
    const state = new Map<string, string>();
    for (const line of lines) {
      if (line.type === "message.delete") state.delete(line.id);
      else if ("content" in line) state.set(line.id, line.content.slice(0, 20));
    }
    const expected = Array.from({ length: COUNT }, (_, index) => index + 1).filter((index) => !isDeleted(index));
    expect([...state.keys()]).toEqual(expected.map(messageId));
    expect(expected.filter((index) => state.get(messageId(index))?.startsWith("edited") !== isEdited(index))).toEqual(
      [],
    );
    expect(lines.some((line) => line.backfilled === true)).toBe(true);
    expect(updated?.length).toBeGreaterThan(0);
    expect(deleted?.length).toBeGreaterThan(0);
    expect(manifest.warnings.filter(({ code }) => code.startsWith("chat_"))).toEqual([]);
  }, 90_000);
});
