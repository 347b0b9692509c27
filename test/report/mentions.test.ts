import { expect, test } from "vitest";
import { mentionsOf } from "../../src/report/mentions.ts";
import { chatMessage } from "../support/chat-message.ts";
import { recordInMemory } from "../support/memory-recording.ts";

const AUTHOR = { id: "7", username: "ada", displayName: "Ada", bot: false };

test("A page contains the names of mentioned people that the recording knows, and no other names", async () => {
  const { manifest } = await recordInMemory();
  const [person] = manifest.participants;
  const content = `<@!7> and <@${person?.id}>, not <@77>, in <#${manifest.channel.id}>`;
  const message = {
    ...chatMessage({ id: "1", channelId: "3" }, AUTHOR, { content }),
    at: "2026-01-01T00:00:00.000Z",
    offsetMs: 1,
  };
  expect(mentionsOf([message], manifest)).toEqual({
    "7": "Ada",
    [`${person?.id}`]: person?.displayName,
    [`#${manifest.channel.id}`]: manifest.channel.name,
  });
  expect(mentionsOf([{ ...message, content: "hello" }], manifest)).toEqual({});
});
