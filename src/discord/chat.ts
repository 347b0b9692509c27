import { type Client, GatewayDispatchEvents, Routes } from "discord.js";
import type {
  APIChannel,
  GatewayMessageDeleteBulkDispatchData,
  GatewayMessageDeleteDispatchData,
  GatewayMessageReactionAddDispatchData,
  RESTGetAPIChannelMessagesResult,
} from "discord-api-types/v10";
import { JobError } from "../errors.ts";
import type { ChatEventBody, ChatSource, Log } from "../recording/ports.ts";
import {
  type DispatchedMessage,
  messageCreated,
  messageDeleted,
  messageUpdated,
  reactionChanged,
} from "./chat-events.ts";
import type { DiscordSession, OpenSession } from "./session.ts";

/** Messages that Discord gives in one answer at the most. */
const PAGE_SIZE = 100;

/**
 * A Discord text channel, as messages in it are dispatched. A gateway session that is resumed replays what was missed;
 * after a new one, messages sent meanwhile are read over REST. What was edited or deleted meanwhile cannot be known.
 */
export class DiscordChatSource implements ChatSource {
  readonly #session: DiscordSession;
  readonly #channelId: string;
  readonly #log: Log;
  readonly #stops: (() => void)[] = [];
  #listener: ((event: ChatEventBody) => void) | undefined;
  /** The newest message told of; what is not newer has been told of. */
  #newestId = 0n;
  /** Events that came while older messages are being read. */
  #held: ChatEventBody[] | undefined;

  constructor(session: DiscordSession, channelId: string, log: Log) {
    this.#session = session;
    this.#channelId = channelId;
    this.#log = log;
  }

  async open(listener: (event: ChatEventBody) => void): Promise<void> {
    const session = await this.#session.open();
    this.#newestId = BigInt(newestMessageOf(session, this.#channelId) ?? 0);
    this.#listener = listener;
    this.#follow(session.client);
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    for (const stop of this.#stops.splice(0)) stop();
  }

  #follow(client: Client): void {
    const on = <Data>(name: GatewayDispatchEvents, onData: (data: Data) => void): void => {
      client.ws.on(name, onData);
      this.#stops.push(() => client.ws.off(name, onData));
    };
    const onChat = <Data extends { channel_id: string }>(
      name: GatewayDispatchEvents,
      translate: (data: Data) => readonly (ChatEventBody | undefined)[],
    ): void =>
      on<Data>(name, (data) => {
        if (data.channel_id !== this.#channelId) return;
        for (const event of translate(data)) if (event !== undefined) this.#take(event);
      });

    onChat<DispatchedMessage>(GatewayDispatchEvents.MessageCreate, (data) => [messageCreated(data)]);
    onChat<DispatchedMessage>(GatewayDispatchEvents.MessageUpdate, (data) => [messageUpdated(data)]);
    onChat<GatewayMessageDeleteDispatchData>(GatewayDispatchEvents.MessageDelete, (data) => [messageDeleted(data)]);
    onChat<GatewayMessageDeleteBulkDispatchData>(GatewayDispatchEvents.MessageDeleteBulk, ({ ids, channel_id }) =>
      ids.map((id) => messageDeleted({ id, channel_id })),
    );
    onChat<GatewayMessageReactionAddDispatchData>(GatewayDispatchEvents.MessageReactionAdd, (data) => [
      reactionChanged("reaction.add", data),
    ]);
    onChat<GatewayMessageReactionAddDispatchData>(GatewayDispatchEvents.MessageReactionRemove, (data) => [
      reactionChanged("reaction.remove", data),
    ]);
    // A second READY means a new session: dispatches of the time between are gone.
    on(GatewayDispatchEvents.Ready, () => void this.#readMissed(client));
  }

  #take(event: ChatEventBody): void {
    if (this.#held !== undefined) this.#held.push(event);
    else this.#tell(event);
  }

  #tell(event: ChatEventBody): void {
    if (event.type === "message.create") {
      const id = BigInt(event.id);
      if (id <= this.#newestId) return;
      this.#newestId = id;
    }
    this.#listener?.(event);
  }

  async #readMissed(client: Client): Promise<void> {
    if (this.#held !== undefined) return;
    this.#held = [];
    try {
      while (await this.#readPage(client));
    } catch (error) {
      this.#log.warn({ err: error }, "messages sent while the gateway was away could not be read");
    }
    const held = this.#held;
    this.#held = undefined;
    for (const event of held) this.#tell(event);
  }

  /** @returns whether there may be more */
  async #readPage(client: Client): Promise<boolean> {
    const query = new URLSearchParams({ after: String(this.#newestId), limit: String(PAGE_SIZE) });
    const page = (await client.rest.get(Routes.channelMessages(this.#channelId), {
      query,
    })) as RESTGetAPIChannelMessagesResult;
    // Discord gives the newest first.
    for (const message of page.toReversed()) {
      const event = messageCreated(message);
      if (event !== undefined) this.#tell(event);
    }
    return page.length === PAGE_SIZE && this.#listener !== undefined;
  }
}

/** @throws JobError where the bot cannot see the channel */
function newestMessageOf({ guild }: OpenSession, channelId: string): string | null | undefined {
  const channel: Partial<APIChannel> | undefined = guild.channels.find(({ id }) => id === channelId);
  if (channel === undefined) {
    throw new JobError(
      "meeting_not_found",
      `the server "${guild.name}" has no text channel with the id ${channelId} that the bot can see`,
    );
  }
  return "last_message_id" in channel ? channel.last_message_id : undefined;
}
