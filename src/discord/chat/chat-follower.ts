import {
  type APIThreadChannel,
  type GatewayChannelDeleteDispatchData,
  type GatewayChannelUpdateDispatchData,
  GatewayDispatchEvents,
  type GatewayGuildCreateDispatchData,
  type GatewayGuildMemberUpdateDispatchData,
  type GatewayGuildRoleDeleteDispatchData,
  type GatewayGuildRoleUpdateDispatchData,
  type GatewayMessageDeleteBulkDispatchData,
  type GatewayMessageDeleteDispatchData,
  type GatewayMessageReactionRemoveAllDispatchData,
  type GatewayMessageReactionRemoveEmojiDispatchData,
  type GatewayThreadCreateDispatchData,
  type GatewayThreadDeleteDispatchData,
  type GatewayThreadListSyncDispatchData,
} from "discord-api-types/v10";
import type { Log } from "../../log.ts";
import type { ChatEventBody, ChatListener } from "../../recording/ports/chat.ts";
import type { GatewayClient } from "../gateway-client.ts";
import { ChannelAccess } from "../guild/channel-access.ts";
import type { OpenSession } from "../session.ts";
import { AuthorNames } from "./author-names.ts";
import { ChatBackfill } from "./chat-backfill.ts";
import {
  type DispatchedMessage,
  emojiText,
  messageCreated,
  messageDeleted,
  messageUpdated,
  type Reaction,
  reactionChanged,
} from "./chat-events.ts";
import { ChatGapReader } from "./chat-gap-reader.ts";
import { ChatOrder } from "./chat-order.ts";
import { ChatRest } from "./chat-rest.ts";
import { ChatThreads } from "./chat-threads.ts";
import { type FollowedChannel, newestMessageOf } from "./followed-channel.ts";
import { KnownMessages } from "./known-messages.ts";

/** Time at the end of a call for messages that are being read, or that a disconnected gateway missed. */
const CLOSING_DEADLINE_MS = 5_000;

/**
 * Follows a channel and its threads on the gateway. Dispatches may be missing after a new or resumed gateway session,
 * an outage of the server, or a permission that was withdrawn and restored. It then reads the missed messages over
 * REST. Dispatches wait meanwhile, which keeps the order.
 */
export class ChatFollower {
  readonly #client: GatewayClient;
  readonly #guildId: string;
  readonly #channelId: string;
  readonly #listener: ChatListener;
  readonly #knownMessages: KnownMessages;
  readonly #threads: ChatThreads;
  readonly #access: ChannelAccess;
  readonly #names: AuthorNames;
  readonly #gapReader: ChatGapReader;
  readonly #stops: (() => void)[] = [];
  readonly #closing = new AbortController();
  readonly #order: ChatOrder;
  #closed: Promise<void> | undefined;
  #disconnected = false;
  #could: { readonly view: boolean; readonly history: boolean };

  constructor(session: OpenSession, channel: FollowedChannel, listener: ChatListener, log: Log) {
    const { client, guild, selfId } = session;
    this.#client = client;
    this.#guildId = guild.id;
    this.#channelId = channel.id;
    this.#listener = listener;
    this.#knownMessages = new KnownMessages(newestMessageOf(guild, channel.id));
    this.#threads = new ChatThreads(channel.id);
    const isThread = channel.thread_metadata !== undefined;
    this.#access = new ChannelAccess(guild, isThread ? (channel.parent_id ?? channel.id) : channel.id, selfId);
    const rest = new ChatRest(client.rest, guild.id);
    this.#names = new AuthorNames(rest);
    const backfill = new ChatBackfill({
      rest,
      knownMessages: this.#knownMessages,
      names: this.#names,
      emit: (event) => this.#emit(event),
      beforeMessage: (channelId, id) => this.#order.emitMessagesBefore(channelId, id),
      onThread: (thread) => this.#emitMissedThread(thread),
    });
    this.#gapReader = new ChatGapReader({
      channelId: channel.id,
      channelType: channel.type,
      rest,
      backfill,
      knownMessages: this.#knownMessages,
      threads: this.#threads,
      warn: (code, text) => this.#listener.warning(code, text),
      log,
    });
    this.#could = { view: true, history: true };
    this.#order = new ChatOrder(
      () => this.#read(),
      this.#closing.signal,
      (action) => session.boundary.run("chat dispatch", action),
    );
    for (const member of guild.members) this.#names.note(member);
    this.#followMessages();
    this.#followThreads();
    this.#followAccess();
    this.#followGateway();
    for (const thread of guild.threads) this.#emit(this.#threads.update(thread as APIThreadChannel, false));
    this.#onAccess();
    this.#order.readMissed();
  }

  /** Reads what the gateway missed, within a few seconds, and emits waiting events. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const timer = setTimeout(() => this.#closing.abort(new Error("the call is over")), CLOSING_DEADLINE_MS);
    if (this.#disconnected || (await this.#isBehind())) this.#order.readMissed();
    await this.#order.settled();
    clearTimeout(timer);
    for (const stop of this.#stops.splice(0)) stop();
    this.#order.release();
  }

  async #isBehind(): Promise<boolean> {
    return this.#could.history && (await this.#gapReader.isBehind(this.#closing.signal));
  }

  #followMessages(): void {
    const on = <Data extends { channel_id: string }>(
      name: GatewayDispatchEvents,
      translate: (data: Data) => readonly (ChatEventBody | undefined)[],
    ): void =>
      this.#on<Data>(name, (data) => {
        if (data.channel_id !== this.#channelId && !this.#threads.has(data.channel_id)) return;
        this.#order.inOrder(() => {
          for (const event of translate(data)) if (event !== undefined) this.#emit(event);
        });
      });
    this.#on<DispatchedMessage>(GatewayDispatchEvents.MessageCreate, (message) => this.#onMessage(message));
    on<DispatchedMessage>(GatewayDispatchEvents.MessageUpdate, (message) => [
      messageUpdated(message, this.#knownMessages.known(message.id)),
    ]);
    on<GatewayMessageDeleteDispatchData>(GatewayDispatchEvents.MessageDelete, (data) => [messageDeleted(data)]);
    on<GatewayMessageDeleteBulkDispatchData>(GatewayDispatchEvents.MessageDeleteBulk, ({ ids, channel_id }) =>
      ids.map((id) => messageDeleted({ id, channel_id })),
    );
    on<Reaction>(GatewayDispatchEvents.MessageReactionAdd, (data) => [reactionChanged("reaction.add", data)]);
    on<Reaction>(GatewayDispatchEvents.MessageReactionRemove, (data) => [reactionChanged("reaction.remove", data)]);
    on<GatewayMessageReactionRemoveAllDispatchData>(
      GatewayDispatchEvents.MessageReactionRemoveAll,
      ({ message_id: id, channel_id: channelId }) => [{ type: "reaction.remove_all", id, channelId }],
    );
    on<GatewayMessageReactionRemoveEmojiDispatchData & { emoji: Reaction["emoji"] }>(
      GatewayDispatchEvents.MessageReactionRemoveEmoji,
      ({ message_id: id, channel_id: channelId, emoji }) => [
        { type: "reaction.remove_emoji", id, channelId, emoji: emojiText(emoji) },
      ],
    );
  }

  #onMessage(message: DispatchedMessage): void {
    const { id, channel_id: channelId } = message;
    if (channelId !== this.#channelId && !this.#threads.has(channelId)) return;
    this.#order.messageInOrder(channelId, id, () => {
      this.#noteAuthor(message);
      this.#emit(messageCreated(message));
    });
  }

  #followThreads(): void {
    this.#on<GatewayThreadCreateDispatchData>(GatewayDispatchEvents.ThreadCreate, (thread) =>
      this.#onThread(thread as APIThreadChannel, thread.newly_created === true),
    );
    this.#on<APIThreadChannel>(GatewayDispatchEvents.ThreadUpdate, (thread) => this.#onThread(thread, false));
    this.#on<GatewayThreadDeleteDispatchData>(GatewayDispatchEvents.ThreadDelete, ({ id }) => {
      if (!this.#threads.delete(id)) return;
      this.#order.inOrder(() => this.#emit({ type: "thread.delete", id, channelId: this.#channelId }));
    });
    this.#on<GatewayThreadListSyncDispatchData>(GatewayDispatchEvents.ThreadListSync, ({ threads }) => {
      for (const thread of threads) this.#onThread(thread as APIThreadChannel, false);
    });
  }

  #followAccess(): void {
    const onAccess = <Data>(name: GatewayDispatchEvents, note: (data: Data) => void): void =>
      this.#on<Data>(name, (data) => {
        note(data);
        this.#onAccess();
      });
    onAccess<GatewayChannelUpdateDispatchData>(GatewayDispatchEvents.ChannelUpdate, (channel) => {
      this.#access.channel(channel);
    });
    const onRole = ({ guild_id, role }: GatewayGuildRoleUpdateDispatchData): void => {
      if (guild_id === this.#guildId) this.#access.role(role);
    };
    onAccess(GatewayDispatchEvents.GuildRoleCreate, onRole);
    onAccess(GatewayDispatchEvents.GuildRoleUpdate, onRole);
    onAccess<GatewayGuildRoleDeleteDispatchData>(GatewayDispatchEvents.GuildRoleDelete, ({ role_id }) =>
      this.#access.roleDeleted(role_id),
    );
    onAccess<GatewayGuildMemberUpdateDispatchData>(GatewayDispatchEvents.GuildMemberUpdate, (member) => {
      if (member.guild_id === this.#guildId) this.#access.member(member);
    });
    this.#on<GatewayChannelDeleteDispatchData>(GatewayDispatchEvents.ChannelDelete, ({ id }) => {
      if (id !== this.#channelId) return;
      this.#listener.warning("chat_channel_deleted", "the text channel was deleted; no more of it is recorded");
    });
  }

  #followGateway(): void {
    this.#on(GatewayDispatchEvents.Ready, () => {
      // In a new session, dispatches since the end of the old one are lost. The server's state follows.
      this.#disconnected = false;
      this.#order.hold();
    });
    this.#on(GatewayDispatchEvents.Resumed, () => {
      this.#disconnected = false;
      this.#order.readMissed();
    });
    this.#on<GatewayGuildCreateDispatchData>(GatewayDispatchEvents.GuildCreate, (guild) => this.#onGuild(guild));
    const onAway = (): void => {
      this.#disconnected = true;
    };
    this.#client.on("reconnecting", onAway).on("refused", onAway);
    this.#stops.push(() => this.#client.off("reconnecting", onAway).off("refused", onAway));
  }

  #on<Data>(name: GatewayDispatchEvents, onData: (data: Data) => void): void {
    this.#client.dispatches.on(name, onData);
    this.#stops.push(() => this.#client.dispatches.off(name, onData));
  }

  /** The server's state arrived again, after an outage or in a new session. */
  #onGuild(guild: GatewayGuildCreateDispatchData): void {
    if (guild.id !== this.#guildId || guild.unavailable === true) return;
    this.#order.hold();
    this.#access.guild(guild);
    const active = new Set(guild.threads.map(({ id }) => id));
    const gone = this.#threads.active().filter(({ id }) => !active.has(id));
    for (const thread of guild.threads) this.#emitMissedThread(thread as APIThreadChannel);
    this.#onAccess();
    this.#order.readMissed();
    // They are read before they count as archived.
    this.#order.inOrder(() => {
      for (const { id } of gone) this.#emitMissed(this.#threads.archive(id));
    });
  }

  #emitMissedThread(thread: APIThreadChannel): void {
    this.#emitMissed(this.#threads.update(thread, true));
  }

  #emitMissed(event: ChatEventBody | undefined): void {
    if (event !== undefined) this.#emit({ ...event, backfilled: true });
  }

  #onThread(thread: APIThreadChannel, isNew: boolean): void {
    const line = this.#threads.update(thread, isNew);
    if (line !== undefined) this.#order.inOrder(() => this.#emit(line));
  }

  #onAccess(): void {
    const before = this.#could;
    const now = this.#access.now;
    this.#could = now;
    if (!now.view && before.view) {
      const text =
        "the bot may not see the text channel: give it View Channel there; its messages are not recorded until then";
      this.#listener.warning("chat_permission_missing", text);
    } else if (now.view && !now.history && before.history) {
      const text =
        "the bot lacks Read Message History in the text channel: messages sent while the gateway is disconnected are not recorded";
      this.#listener.warning("chat_history_missing", text);
    }
    if (now.history && !before.history) this.#order.readMissed();
  }

  #noteAuthor({ author, member, webhook_id }: DispatchedMessage): void {
    if (author === undefined || member === undefined || webhook_id !== undefined) return;
    this.#names.note({ ...member, user: author });
  }

  async #read(): Promise<void> {
    this.#names.refill();
    // Without the permission Discord returns an empty list, as if everything had been deleted.
    if (this.#could.history) await this.#gapReader.run(this.#closing.signal);
  }

  #emit(event: ChatEventBody | undefined): void {
    if (event !== undefined && this.#knownMessages.take(event)) this.#listener.chatted(event);
  }
}
