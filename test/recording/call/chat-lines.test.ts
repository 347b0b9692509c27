import { expect, it } from "vitest";
import type { ChatEventBody } from "../../../src/recording/ports/chat.ts";
import { FLAGS } from "../../support/people.ts";
import { ALICE, json, leave, manifestOf, started, talk } from "../recorder-call.ts";

function message(index: number, content: string): ChatEventBody {
  return {
    type: "message.create",
    id: `${300 + index}`,
    channelId: "100000000000000003",
    author: ALICE,
    content,
    ...{ attachments: [], embeds: [], stickers: [], pinned: false, editedAt: null, replyToId: null, referenceId: null },
    ...{ sentAt: "2026-01-01T12:00:00.000Z", messageType: 0, system: false },
  };
}

it("leaves out chat that the disk could not take in time, with one warning, and ends the job as usual", async () => {
  const { call, result } = await started();
  call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
  await talk(call, ALICE, 500);
  const chat = (index: number, content = "") => call.chat.listener?.chatted(message(index, content));
  chat(1);
  for (const index of [2, 3]) chat(index, "ü".repeat(1_000_000));
  await call.clock.advance(200);
  // Each fits, and both together do not.
  for (const index of [4, 5]) chat(index, "ü".repeat(600_000));
  await call.clock.advance(200);
  call.spool.busyBytes = 2_000_000;
  chat(6);
  call.spool.busyBytes = 0;
  chat(7);
  leave(call, ALICE);
  await call.clock.advance(60_000);
  expect(await result).toMatchObject({ exitCode: 0, state: { status: "completed" } });
  const ids = json(call, "chat.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id);
  expect(ids).toEqual(["301", "304", "307"]);
  const { chatEvents, warnings } = manifestOf(call);
  expect(chatEvents).toBe(3);
  expect(warnings).toEqual([
    { code: "chat_event_too_large", text: expect.stringContaining("some of it was left out") },
  ]);
});
