import { randomBytes } from "node:crypto";
import { DiscordAPIError, type REST } from "@discordjs/rest";
import { ButtonStyle, ComponentType, type RESTPostAPIChannelMessageResult, Routes } from "discord-api-types/v10";
import { MessageError, messageOf } from "../../errors.ts";
import type { OutgoingMessage, PostedMessage } from "../../recording/ports/announcer.ts";
import { snowflake } from "../../session/forms.ts";
import { statusOf } from "../chat/chat-rest.ts";
import type { DiscordSession } from "../session.ts";

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes */
const UNKNOWN_CHANNEL = 10003;
const MISSING_ACCESS = 50001;
const MISSING_PERMISSIONS = 50013;

const BUTTON_STYLES = { allow: ButtonStyle.Success, decline: ButtonStyle.Danger } as const;

/**
 * Posts in one channel, or in the channel that a message names. @discordjs/rest observes Discord's rate limits, and retries
 * if Discord fails.
 */
export class Messenger {
  readonly #session: DiscordSession;
  readonly #channelId: string;

  /** @param channelId a text channel, or a voice channel for its own chat */
  constructor(session: DiscordSession, channelId: string) {
    this.#session = session;
    this.#channelId = channelId;
  }

  async post(message: OutgoingMessage, signal?: AbortSignal): Promise<PostedMessage> {
    const channelId = message.channelId ?? this.#channelId;
    // The nonce makes retries by @discordjs/rest post only one message. It has at most 25 characters.
    const nonce = { nonce: randomBytes(12).toString("hex"), enforce_nonce: true };
    const body = { ...bodyOf(message), ...nonce };
    const posted = await this.#request(channelId, signal, (rest, options) =>
      rest.post(Routes.channelMessages(channelId), { body, ...options }),
    );
    const { data: messageId } = snowflake.safeParse((posted as Partial<RESTPostAPIChannelMessageResult> | null)?.id);
    if (messageId !== undefined) return { channelId, messageId };
    throw new MessageError(
      "unreachable",
      `what answered for the channel ${channelId} is not Discord, or names no message`,
    );
  }

  async edit({ channelId, messageId }: PostedMessage, message: OutgoingMessage, signal?: AbortSignal): Promise<void> {
    await this.#request(channelId, signal, (rest, options) =>
      rest.patch(Routes.channelMessage(channelId, messageId), { body: bodyOf(message), ...options }),
    );
  }

  async #request(
    channelId: string,
    signal: AbortSignal | undefined,
    send: (rest: REST, options: { readonly signal?: AbortSignal }) => Promise<unknown>,
  ): Promise<unknown> {
    const { client } = await this.#session.open();
    try {
      return await send(client.rest, signal === undefined ? {} : { signal });
    } catch (error) {
      throw messageError(error, channelId);
    }
  }
}

function bodyOf({ text, buttons = [] }: OutgoingMessage) {
  const row = buttons.map(({ id, label, kind }) => ({
    type: ComponentType.Button,
    style: BUTTON_STYLES[kind],
    label,
    custom_id: id,
  }));
  return {
    content: text,
    // A mention in a stranger's text must not notify anyone.
    allowed_mentions: { parse: [] },
    components: row.length === 0 ? [] : [{ type: ComponentType.ActionRow, components: row }],
  };
}

function messageError(error: unknown, channelId: string): MessageError {
  const where = `the channel ${channelId}`;
  const code = error instanceof DiscordAPIError ? error.code : undefined;
  switch (code) {
    case UNKNOWN_CHANNEL:
      return new MessageError("unknown_channel", `${where} does not exist`, { cause: error });
    case MISSING_ACCESS:
      return new MessageError("missing_permissions", `the bot lacks the permission View Channel in ${where}`, {
        cause: error,
      });
    case MISSING_PERMISSIONS:
      return new MessageError("missing_permissions", `the bot lacks the permission Send Messages in ${where}`, {
        cause: error,
      });
  }
  const status = statusOf(error);
  if (status !== undefined && status < 500) {
    const text = `Discord refused the message for ${where}: ${messageOf(error)}`;
    return new MessageError("refused", text, { cause: error });
  }
  const text = `Discord could not be reached to write in ${where}: ${messageOf(error)}`;
  return new MessageError("unreachable", text, { cause: error });
}
