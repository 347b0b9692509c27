/** How a bot's answers to an interaction become messages. */

import { type MessageView, messagePayload } from "../gateway/message-payloads.ts";
import type { Json } from "../json.ts";
import type { World } from "../world/world.ts";
import { editedMessage, type Message } from "../world/world-chat.ts";
import type { RestAnswer } from "./application-commands.ts";
import { CALLBACK, type Callback, INTERACTION } from "./callbacks.ts";
import { invalidForm } from "./form-errors.ts";
import type { Interaction } from "./interaction.ts";
import type { InteractionMessages } from "./interaction-messages.ts";
import {
  changeOf,
  contentsOf,
  EMPTY_MESSAGE,
  isEmpty,
  MESSAGE_FLAG,
  type MessageBody,
  messageBody,
} from "./message-body.ts";

/** https://discord.com/developers/docs/resources/message#message-object-message-types */
const REPLY_MESSAGE = 19;
const COMMAND_MESSAGE = 20;
/** The flags that a bot may give to its message. */
const OWN_FLAGS = MESSAGE_FLAG.ephemeral | MESSAGE_FLAG.suppressEmbeds | MESSAGE_FLAG.suppressNotifications;

const UNKNOWN_MESSAGE = { status: 404, body: { message: "Unknown Message", code: 10008 } };
const REFUSED_EMPTY = { status: 400, body: EMPTY_MESSAGE };

export class InteractionAnswers {
  readonly #world: World;
  readonly #messages: InteractionMessages;
  readonly #cdnUrl: () => string;

  constructor(world: World, messages: InteractionMessages, cdnUrl: () => string) {
    this.#world = world;
    this.#messages = messages;
    this.#cdnUrl = cdnUrl;
  }

  /** The first answer. @returns its refusal */
  first(interaction: Interaction, answer: Callback): RestAnswer | undefined {
    switch (answer.type) {
      case CALLBACK.message: {
        if (isEmpty(answer.data)) return REFUSED_EMPTY;
        const posted = this.#post(interaction, answer.data, (answer.data.flags ?? 0) & OWN_FLAGS);
        interaction.originalId = posted.id;
        interaction.finish({ kind: "message", messageId: posted.id });
        return undefined;
      }
      case CALLBACK.deferredMessage: {
        const flags = ((answer.data?.flags ?? 0) & MESSAGE_FLAG.ephemeral) | MESSAGE_FLAG.loading;
        interaction.originalId = this.#post(interaction, {}, flags).id;
        return undefined;
      }
      case CALLBACK.deferredUpdate:
        interaction.originalId = interaction.begun.message?.id;
        interaction.finish({ kind: "acknowledged" });
        return undefined;
      case CALLBACK.update: {
        const id = interaction.begun.message?.id ?? "";
        const refused = this.#change(id, answer.data ?? {});
        if (refused) return refused;
        interaction.originalId = id;
        interaction.finish({ kind: "update", messageId: id });
        return undefined;
      }
      case CALLBACK.choices:
        interaction.finish({ kind: "choices", choices: answer.data.choices });
        return undefined;
      case CALLBACK.modal:
        interaction.finish({ kind: "modal", modal: answer.data });
        return undefined;
    }
  }

  /** A further message, or what the person has been waiting for. */
  followUp(interaction: Interaction, body: unknown): RestAnswer {
    const parsed = messageBody.safeParse(body);
    if (!parsed.success) return { status: 400, body: invalidForm(parsed.error) };
    if (isEmpty(parsed.data)) return REFUSED_EMPTY;
    const { originalId } = interaction;
    if (originalId !== undefined && this.#isThinking(originalId)) return this.edit(interaction, originalId, body);
    const posted = this.#post(interaction, parsed.data, (parsed.data.flags ?? 0) & OWN_FLAGS);
    return { status: 200, body: this.#payload(posted, interaction) };
  }

  get(interaction: Interaction, id: string): RestAnswer {
    const message = this.#own(interaction, id);
    return message === undefined ? UNKNOWN_MESSAGE : { status: 200, body: this.#payload(message, interaction) };
  }

  edit(interaction: Interaction, id: string, body: unknown): RestAnswer {
    const message = this.#own(interaction, id);
    if (message === undefined) return UNKNOWN_MESSAGE;
    const parsed = messageBody.safeParse(body);
    if (!parsed.success) return { status: 400, body: invalidForm(parsed.error) };
    const refused = this.#change(message.id, parsed.data);
    if (refused) return refused;
    if (message.id === interaction.originalId) interaction.finish({ kind: "message", messageId: message.id });
    return this.get(interaction, message.id);
  }

  delete(interaction: Interaction, id: string): RestAnswer {
    const message = this.#own(interaction, id);
    if (message === undefined) return UNKNOWN_MESSAGE;
    this.#messages.delete(message.id);
    if (message.id === interaction.originalId) interaction.finish({ kind: "deleted" });
    return { status: 204, body: undefined };
  }

  /** What a callback says about the message that it made, if it is asked for. */
  callbackPayload(interaction: Interaction, answer: Callback): Json {
    const { id, originalId, begun } = interaction;
    const message = originalId === undefined ? undefined : this.#messages.find(originalId);
    const flags = message?.flags ?? 0;
    return {
      interaction: {
        id,
        type: begun.type,
        channel_id: begun.channelId,
        guild_id: this.#world.guild.id,
        ...(message === undefined
          ? {}
          : {
              response_message_id: message.id,
              response_message_loading: (flags & MESSAGE_FLAG.loading) !== 0,
              response_message_ephemeral: (flags & MESSAGE_FLAG.ephemeral) !== 0,
            }),
      },
      resource: {
        type: answer.type,
        ...(message === undefined ? {} : { message: this.#payload(message, interaction) }),
      },
    };
  }

  #post(interaction: Interaction, body: MessageBody, flags: number): Message {
    const { applicationId, userId, channelId, type, message: source } = interaction.begun;
    const author = this.#world.member(applicationId)?.user;
    if (author === undefined) throw new Error(`${applicationId} is not a member of the guild`);
    const isFirst = interaction.messageIds.size === (source === undefined ? 0 : 1);
    const isCommand = type === INTERACTION.command && isFirst;
    const replyToId = isCommand ? undefined : (source?.id ?? interaction.originalId);
    const posted = this.#messages.post(
      {
        ...contentsOf(body),
        channelId,
        author,
        flags,
        replyToId,
        messageType: isCommand ? COMMAND_MESSAGE : replyToId === undefined ? undefined : REPLY_MESSAGE,
        interaction: { id: interaction.id, type, userId, applicationId },
      },
      userId,
    );
    interaction.messageIds.add(posted.id);
    return posted;
  }

  #change(id: string, body: MessageBody): RestAnswer | undefined {
    const message = this.#messages.find(id);
    if (message === undefined) return UNKNOWN_MESSAGE;
    const change = changeOf(body);
    if (isEmpty(editedMessage(message, change))) return REFUSED_EMPTY;
    this.#messages.edit(id, { ...change, flags: message.flags & ~MESSAGE_FLAG.loading });
    return undefined;
  }

  #own(interaction: Interaction, id: string): Message | undefined {
    const named = id === "@original" ? interaction.originalId : id;
    return named !== undefined && interaction.messageIds.has(named) ? this.#messages.find(named) : undefined;
  }

  #isThinking(id: string): boolean {
    return ((this.#messages.find(id)?.flags ?? 0) & MESSAGE_FLAG.loading) !== 0;
  }

  #payload(message: Message, { begun }: Interaction): Json {
    const view: MessageView = { messageContent: true, viewerId: begun.applicationId, cdnUrl: this.#cdnUrl() };
    return messagePayload(this.#world, message, view);
  }
}
