import { MessageReferenceType, MessageType, StickerFormatType } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { type DispatchedMessage, messageCreated, messageUpdated } from "../../../src/discord/chat/chat-events.ts";

const author = { id: "2", username: "ada", discriminator: "0", global_name: "Ada", avatar: null };
const base: DispatchedMessage = {
  id: "300000000000000001",
  channel_id: "100000000000000003",
  author,
  content: "hello",
  timestamp: "2026-01-01T00:00:05.123000+00:00",
  edited_timestamp: null,
  type: MessageType.Default,
  attachments: [],
  embeds: [],
  pinned: false,
};
const written = { attachments: [], embeds: [], mentions: [], mention_roles: [], flags: 0 };

describe("a message", () => {
  it("that forwards another one has its content, and is not a reply", () => {
    const line = messageCreated({
      ...base,
      content: "",
      message_reference: { type: MessageReferenceType.Forward, message_id: "7", channel_id: "8" },
      message_snapshots: [
        {
          message: {
            ...written,
            type: MessageType.Default,
            content: "from elsewhere",
            timestamp: "2026-01-01T00:00:00.000000+00:00",
            edited_timestamp: null,
            sticker_items: [{ id: "9", name: "wave", format_type: StickerFormatType.PNG }],
          },
        },
      ],
    });
    expect(line).toMatchObject({
      replyToId: null,
      referenceId: "7",
      forwarded: [{ content: "from elsewhere", stickers: [{ id: "9", name: "wave", formatType: 1 }] }],
      sentAt: "2026-01-01T00:00:05.123Z",
    });
  });

  it("with a poll has the poll as Discord sends it", () => {
    const poll = {
      question: { text: "Lunch?" },
      answers: [{ answer_id: 1, poll_media: { text: "Yes" } }],
      expiry: "2026-01-02T00:00:00.000000+00:00",
      allow_multiselect: false,
      layout_type: 1,
    };
    expect(messageCreated({ ...base, poll })).toMatchObject({ poll });
  });

  it.each([
    [MessageType.Default, false],
    [MessageType.Reply, false],
    [MessageType.ChatInputCommand, false],
    [MessageType.UserJoin, true],
    [MessageType.ChannelPinnedMessage, true],
  ])("of type %i is Discord's own: %s", (type, system) => {
    expect(messageCreated({ ...base, type })).toMatchObject({ messageType: type, system });
  });
});

describe("an update that contains only what changed", () => {
  const embed = { title: "A page" };
  const part: DispatchedMessage = { id: base.id, channel_id: base.channel_id, embeds: [embed] };

  it("keeps the rest of the message", () => {
    const known = messageCreated({ ...base, pinned: true });
    expect(messageUpdated(part, known)).toMatchObject({
      type: "message.update",
      content: "hello",
      author: { id: "2", displayName: "Ada" },
      embeds: [embed],
      pinned: true,
    });
  });

  it("makes no line if the message is unknown", () => {
    expect(messageUpdated(part)).toBeUndefined();
  });
});
