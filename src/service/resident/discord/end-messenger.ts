import type { EndMessenger, SendResult } from "../end-messages.ts";
import type { DiscordMessages } from "./discord-messages.ts";

const RETRY_MS = 30_000;

/** Sends the messages at the end of calls with the resident's bot. */
export function endMessenger(messages: Pick<DiscordMessages, "post" | "postTo">): EndMessenger {
  return {
    toUser: async (userId, { content, nonce }) => resultOf(await messages.postTo(userId, { text: content }, nonce)),
    toChannel: async (channelId, { content, nonce }) =>
      resultOf(await messages.post(channelId, { text: content }, nonce)),
  };
}

function resultOf(posted: Awaited<ReturnType<DiscordMessages["post"]>>): SendResult {
  switch (posted.kind) {
    case "posted":
      return { kind: "sent", messageId: posted.messageId };
    case "gone":
    case "refused":
      return { kind: "refused" };
    case "later":
      return { kind: "later", retryAfterMs: RETRY_MS };
  }
}
