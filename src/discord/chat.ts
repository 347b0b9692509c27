import { type Client, GatewayDispatchEvents } from "discord.js";
import type {
  GatewayMessageDeleteBulkDispatchData,
  GatewayMessageDeleteDispatchData,
  GatewayMessageReactionAddDispatchData,
} from "discord-api-types/v10";
import { JobError } from "../errors.ts";
import type { ChatEventBody, ChatSource } from "../recording/ports.ts";
import {
  type DispatchedMessage,
  messageCreated,
  messageDeleted,
  messageUpdated,
  reactionChanged,
} from "./chat-events.ts";
import type { DiscordSession } from "./session.ts";

/** A Discord text channel, as messages in it are dispatched. */
export class DiscordChatSource implements ChatSource {
  readonly #session: DiscordSession;
  readonly #channelId: string;
  #stop: (() => void) | undefined;

  constructor(session: DiscordSession, channelId: string) {
    this.#session = session;
    this.#channelId = channelId;
  }

  async open(listener: (event: ChatEventBody) => void): Promise<void> {
    const { client, guild } = await this.#session.open();
    if (!guild.channels.some(({ id }) => id === this.#channelId)) {
      throw new JobError(
        "meeting_not_found",
        `the server "${guild.name}" has no text channel with the id ${this.#channelId} that the bot can see`,
      );
    }
    this.#stop = this.#listen(client, listener);
  }

  async close(): Promise<void> {
    this.#stop?.();
    this.#stop = undefined;
  }

  #listen(client: Client, listener: (event: ChatEventBody) => void): () => void {
    const stops: (() => void)[] = [];
    const on = <Data extends { channel_id: string }>(
      name: GatewayDispatchEvents,
      translate: (data: Data) => readonly (ChatEventBody | undefined)[],
    ): void => {
      const onData = (data: Data): void => {
        if (data.channel_id !== this.#channelId) return;
        for (const event of translate(data)) if (event !== undefined) listener(event);
      };
      client.ws.on(name, onData);
      stops.push(() => client.ws.off(name, onData));
    };

    on<DispatchedMessage>(GatewayDispatchEvents.MessageCreate, (data) => [messageCreated(data)]);
    on<DispatchedMessage>(GatewayDispatchEvents.MessageUpdate, (data) => [messageUpdated(data)]);
    on<GatewayMessageDeleteDispatchData>(GatewayDispatchEvents.MessageDelete, (data) => [messageDeleted(data)]);
    on<GatewayMessageDeleteBulkDispatchData>(GatewayDispatchEvents.MessageDeleteBulk, ({ ids, channel_id }) =>
      ids.map((id) => messageDeleted({ id, channel_id })),
    );
    on<GatewayMessageReactionAddDispatchData>(GatewayDispatchEvents.MessageReactionAdd, (data) => [
      reactionChanged("reaction.add", data),
    ]);
    on<GatewayMessageReactionAddDispatchData>(GatewayDispatchEvents.MessageReactionRemove, (data) => [
      reactionChanged("reaction.remove", data),
    ]);
    return () => {
      for (const stop of stops) stop();
    };
  }
}
