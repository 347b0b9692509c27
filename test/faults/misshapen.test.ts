import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ALICE, chatCall, chatOf, inShort, messageId, says } from "../support/chat-call.ts";
import { expectVerified } from "../support/judge.ts";
import { CHANNEL_ID, GUILD_ID, TEXT_CHANNEL_ID, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const KINDS = [
  ...["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK", "MESSAGE_REACTION_ADD"],
  ...["MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_REMOVE_ALL", "MESSAGE_REACTION_REMOVE_EMOJI"],
  ...["VOICE_STATE_UPDATE", "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "GUILD_MEMBER_UPDATE"],
  ...["READY", "RESUMED", "GUILD_CREATE", "GUILD_DELETE", "error"],
  ...["CHANNEL_UPDATE", "CHANNEL_DELETE", "THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "INTERACTION_CREATE"],
];
const AT_HOME = { guild_id: GUILD_ID, channel_id: TEXT_CHANNEL_ID };
const SHAPES: readonly unknown[] = [
  null,
  "text",
  {},
  AT_HOME,
  { ...AT_HOME, id: 5, message_id: {}, ids: null, emoji: null, user_id: "300000000000000077", role: null, user: null },
  { ...AT_HOME, id: "1", message_id: "1", user_id: [], author: { id: {} }, member: { user: null }, content: 5 },
  { ...AT_HOME, id: "9", channel_id: CHANNEL_ID, user_id: "../../x", member: { user: { id: "../../x" } } },
];

it("malformed dispatches lose only their own content, and no later audio or chat", async () => {
  const result = await recordFixture(chatCall(6_000, [says(300, 1), says(5_000, 2)]), {
    during: async (worker, loopback) => {
      await worker.until("state: recording");
      await sleep(1_000);
      for (const kind of KINDS) for (const shape of SHAPES) loopback.faults.dispatch(kind, shape);
    },
  });
  expect(result.exitCode).toBe(0);
  expect(result.manifest).toMatchObject({ exitReason: "alone_in_room", failureCode: null });
  expect(result.manifest.datagrams.received).toBe(result.manifest.datagrams.written);
  const creates = (await chatOf(result)).map(inShort).filter((line) => line.startsWith("create"));
  expect(creates).toEqual(["create 1", "create 2"]);
  const malformed = result.manifest.warnings.filter(({ code }) => code === "dispatch_malformed");
  expect(malformed.length).toBeGreaterThan(5);
  expect(new Set(malformed.map(({ text }) => text)).size).toBe(malformed.length);
  await expectVerified(result);
});

it("voice states and servers without their fields end neither the connection nor the call", async () => {
  const fixture = toneCall([{ user: ALICE, leavesAtMs: 5_500, speaksFromMs: 0, packetCount: 250 }]);
  const where = { guild_id: GUILD_ID, channel_id: CHANNEL_ID };
  const result = await recordFixture(fixture, {
    during: async (worker, loopback) => {
      await worker.until("participant speaks");
      for (const user_id of [ALICE.id, loopback.botUserId]) {
        for (const channel_id of [undefined, {}, "../x"]) {
          loopback.faults.dispatch("VOICE_STATE_UPDATE", { ...where, user_id, channel_id, session_id: "x" });
        }
      }
      // Only flags and names are missing, so it says who is where.
      loopback.faults.dispatch("VOICE_STATE_UPDATE", { ...where, user_id: ALICE.id, session_id: "x", deaf: "no" });
      loopback.faults.dispatch("VOICE_SERVER_UPDATE", where);
      loopback.faults.dispatch("VOICE_SERVER_UPDATE", { ...where, token: 5, endpoint: {} });
    },
  });
  expect(result).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [] } });
  expect(result.manifest.datagrams).toMatchObject({ received: 250, written: 250 });
  expect(result.manifest.participants.map(({ id, present }) => [id, present.length])).toEqual([[ALICE.id, 1]]);
  expect(result.manifest.warnings.map(({ text }) => text.split(" ")[3])).toEqual([
    "VOICE_STATE_UPDATE",
    "VOICE_SERVER_UPDATE",
  ]);
  await expectVerified(result);
}, 30_000);

it("a dispatch of more than 8 MiB is skipped by a resume, and no later audio or chat is lost", async () => {
  const result = await recordFixture(chatCall(6_000, [says(300, 1), says(5_000, 2)]), {
    during: async (worker, loopback) => {
      await worker.until("state: recording");
      await sleep(1_000);
      loopback.faults.dispatch("MESSAGE_CREATE", { ...AT_HOME, content: "x".repeat(9 * 1_048_576) });
      await worker.until("dispatch_too_large");
      // This one can be read, and is more than waits for the disk.
      const long = {
        ...AT_HOME,
        id: messageId(9),
        timestamp: "2026-01-01T12:00:00.000Z",
        author: ALICE,
        attachments: [],
      };
      loopback.faults.dispatch("MESSAGE_CREATE", { ...long, content: "x".repeat(7 * 1_048_576) });
    },
  });
  expect(result).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
  expect(result.manifest.datagrams).toMatchObject({ received: 20, written: 20 });
  const creates = (await chatOf(result)).map(inShort).filter((line) => line.startsWith("create"));
  expect(creates).toEqual(["create 1", "create 2"]);
  expect(result.manifest.warnings.map(({ code }) => code)).toEqual(["dispatch_too_large", "chat_event_too_large"]);
  const resumed = result.log.filter(({ kind }) => kind === "gateway_resume");
  expect(resumed).toMatchObject([{ resumed: true }]);
});
