import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/compose/system-clock.ts";
import { Messenger } from "../../../src/discord/notice/messenger.ts";
import { DiscordSession } from "../../../src/discord/session.ts";
import { MessageError } from "../../../src/errors.ts";
import type { LoopbackOptions } from "../../../src/loopback/loopback.ts";
import { catchUp, eventsOf, identify } from "../../support/raw-client.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, TEXT_CHANNEL_ID } from "../../support/tone-call.ts";

async function messengerOn(options: Partial<LoopbackOptions> = {}) {
  const loopback = await testLoopback(options);
  const session = new DiscordSession({
    token: loopback.token,
    guildId: GUILD_ID,
    apiUrl: loopback.restUrl,
    recordChat: false,
    clock: systemClock,
    onDebug: () => undefined,
    onLogin: () => undefined,
  });
  onTestFinished(() => session.close());
  return { loopback, session, messenger: new Messenger(session, TEXT_CHANNEL_ID) };
}

const BUTTONS = [
  { id: "yes", label: "Allow", kind: "allow" },
  { id: "no", label: "Do not record me", kind: "decline" },
] as const;

describe("Messenger", () => {
  it.each([null, "<html></html>", { id: 5 }])("takes no answer without a message's id for one (%j)", async (answer) => {
    const { session, messenger } = await messengerOn();
    const { client } = await session.open();
    client.rest.post = async () => answer;
    await expect(messenger.post({ text: "hello" })).rejects.toMatchObject({
      name: "MessageError",
      reason: "unreachable",
    });
  });

  it("posts in its channel or in another one, with buttons, and notifies nobody mentioned in a text", async () => {
    const { loopback, messenger } = await messengerOn();
    const gateway = await identify(loopback);
    const first = await messenger.post({ text: `hello <@${loopback.botUserId}>` });
    await messenger.post({ text: "here too", buttons: BUTTONS, channelId: CHANNEL_ID });
    expect(loopback.posted).toEqual([
      {
        id: first.messageId,
        channelId: TEXT_CHANNEL_ID,
        content: `hello <@${loopback.botUserId}>`,
        buttons: [],
        allowedMentions: [],
      },
      {
        id: expect.any(String),
        channelId: CHANNEL_ID,
        content: "here too",
        buttons: [
          { label: "Allow", customId: "yes" },
          { label: "Do not record me", customId: "no" },
        ],
        allowedMentions: [],
      },
    ]);
    await catchUp(gateway);
    const created = eventsOf(gateway).flatMap(({ t, d }) => (t === "MESSAGE_CREATE" ? [d] : []));
    expect(created).toMatchObject([{ id: first.messageId, mentions: [], components: [] }, { channel_id: CHANNEL_ID }]);
  });

  it("edits its post: changes the text and removes the buttons", async () => {
    const { loopback, messenger } = await messengerOn();
    const posted = await messenger.post({ text: "before", buttons: BUTTONS });
    await messenger.edit(posted, { text: "after" });
    expect(loopback.posted).toMatchObject([{ id: posted.messageId, content: "after", buttons: [] }]);
  });

  it("posts once even if Discord rate-limits or fails the first requests", async () => {
    const { loopback, messenger } = await messengerOn();
    loopback.faults.rateLimitRest({ retryAfterSeconds: 0.1, path: "/messages" });
    loopback.faults.failRest({ status: 502, path: "/messages" });
    await messenger.post({ text: "once" });
    expect(loopback.posted).toHaveLength(1);
  });

  it.each([
    ["viewChannel", "the bot lacks the permission View Channel in the channel"],
    ["sendMessages", "the bot lacks the permission Send Messages in the channel"],
  ] as const)("names the missing permission: %s", async (permission, sentence) => {
    const { messenger } = await messengerOn({ deniedPermissions: { [TEXT_CHANNEL_ID]: [permission] } });
    const error = await messenger.post({ text: "hello" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MessageError);
    expect(error).toMatchObject({ reason: "missing_permissions", message: `${sentence} ${TEXT_CHANNEL_ID}` });
  });

  it.each([
    ["unknown_channel", { text: "hello", channelId: "199999999999999999" }, "does not exist"],
    ["refused", { text: "x".repeat(2_001) }, "Discord refused the message"],
  ] as const)("says why a message was not accepted: %s", async (reason, message, sentence) => {
    const { loopback, messenger } = await messengerOn();
    await expect(messenger.post(message)).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(sentence),
    });
    expect(loopback.posted).toEqual([]);
  });

  it("gives up when its signal aborts, however long Discord makes it wait", async () => {
    const { loopback, messenger } = await messengerOn();
    loopback.faults.failRest({ status: 503, path: "/messages", times: 100 });
    await expect(messenger.post({ text: "hello" }, AbortSignal.timeout(200))).rejects.toMatchObject({
      reason: "unreachable",
    });
  });
});
