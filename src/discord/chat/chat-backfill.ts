import type { APIMessage, APIThreadChannel } from "discord-api-types/v10";
import type { ChatEventBody } from "../../recording/ports/chat.ts";
import type { AuthorNames } from "./author-names.ts";
import { emojiText, messageCreated, messageDeleted, messageUpdated } from "./chat-events.ts";
import type { ChatRest, MessagePage } from "./chat-rest.ts";
import { type KnownMessages, MAX_REACTORS } from "./known-messages.ts";

/** 10,000 messages; more in one gap are left out, and that is reported. */
const MAX_PAGES = 100;
/** The most emoji whose users are requested after one gap, one request each. */
const MAX_REACTION_REQUESTS = 100;

export interface BackfillOptions {
  readonly rest: ChatRest;
  readonly knownMessages: KnownMessages;
  readonly names: AuthorNames;
  /** Receives events, some of which may be known already. */
  readonly emit: (event: ChatEventBody) => void;
  /** Called before a new message with this id is emitted. */
  readonly beforeMessage: (channelId: string, id: string) => void;
  /** Called when a message began a thread. */
  readonly onThread: (thread: APIThreadChannel) => void;
}

/** The part of a channel's history that could not be read. */
export interface Unread {
  /** The history has more messages than are read. */
  readonly messages: boolean;
  readonly reactions: boolean;
}

/**
 * Reads over REST what a channel's dispatches missed, and emits the same events: new messages; edits, pins and
 * deletions of known ones; reactions on them. REST shows no trace of anything that was added and removed meanwhile.
 * Messages older than the known ones are not read.
 */
export class ChatBackfill {
  readonly #options: BackfillOptions;

  constructor(options: BackfillOptions) {
    this.#options = options;
  }

  /** @throws DiscordAPIError if the bot may not read the channel */
  async read(channelId: string, signal: AbortSignal): Promise<Unread> {
    const { rest, knownMessages } = this.#options;
    const known = knownMessages.knownIds(channelId);
    const from = known[0] === undefined ? knownMessages.newestIn(channelId) : known[0] - 1n;
    const reacted: APIMessage[] = [];
    let pages = 0;
    let messages = false;
    for await (const page of rest.pagesAfter(channelId, from, signal)) {
      this.#emitDeleted(channelId, known, page);
      for (const message of page.messages) {
        await this.#emitMessage(message, signal);
        if (this.#changedReactions(message).length > 0) reacted.push(message);
      }
      pages += 1;
      messages = pages === MAX_PAGES && page.upTo !== undefined;
      if (messages) break;
    }
    return { messages, reactions: await this.#emitReactions(reacted, signal) };
  }

  #emitDeleted(channelId: string, known: readonly bigint[], { messages, after, upTo }: MessagePage): void {
    const there = new Set(messages.map(({ id }) => id));
    for (const id of known) {
      const isInPage = id > after && (upTo === undefined || id <= upTo);
      if (!isInPage || there.has(String(id))) continue;
      this.#emit(messageDeleted({ id: String(id), channel_id: channelId }));
    }
  }

  async #emitMessage(message: APIMessage, signal: AbortSignal): Promise<void> {
    const { knownMessages, onThread } = this.#options;
    if (message.thread !== undefined) onThread(message.thread as APIThreadChannel);
    const known = knownMessages.known(message.id);
    if (known !== undefined) {
      this.#emit(messageUpdated(message, known));
      return;
    }
    const created = messageCreated(message);
    if (created === undefined) return;
    const displayName = await this.#nameOf(message, signal);
    this.#options.beforeMessage(message.channel_id, message.id);
    this.#emit(displayName === undefined ? created : { ...created, author: { ...created.author, displayName } });
  }

  /** Webhooks are not server members; they choose any name. */
  async #nameOf({ author, webhook_id }: APIMessage, signal: AbortSignal): Promise<string | undefined> {
    return webhook_id === undefined ? await this.#options.names.nameOf(author, signal) : undefined;
  }

  /** Emoji whose number of reactions on a known message differs from ours, without super reactions. */
  #changedReactions(message: APIMessage): { emoji: string; count: number; before: ReadonlySet<string> }[] {
    const reactors = this.#options.knownMessages.reactors(message.id);
    if (reactors === undefined) return [];
    const counts = new Map(
      message.reactions?.map(({ emoji, count_details: { normal } }) => [emojiText(emoji), normal]),
    );
    return [...new Set([...reactors.keys(), ...counts.keys()])].flatMap((emoji) => {
      const count = counts.get(emoji) ?? 0;
      const before = new Set(reactors.get(emoji));
      return count === before.size ? [] : [{ emoji, count, before }];
    });
  }

  /** @returns whether some are left out */
  async #emitReactions(messages: readonly APIMessage[], signal: AbortSignal): Promise<boolean> {
    let left = MAX_REACTION_REQUESTS;
    let leftOut = false;
    for (const message of messages) {
      for (const { emoji, count, before } of this.#changedReactions(message)) {
        if (left === 0 || count > MAX_REACTORS || before.size > MAX_REACTORS) {
          leftOut = true;
          continue;
        }
        left -= count === 0 ? 0 : 1;
        const now = count === 0 ? [] : await this.#options.rest.reactors(message, emoji, signal);
        this.#emitReactors(message, emoji, before, new Set(now));
      }
    }
    return leftOut;
  }

  #emitReactors(message: APIMessage, emoji: string, before: ReadonlySet<string>, now: ReadonlySet<string>): void {
    const { id, channel_id: channelId } = message;
    for (const userId of before) {
      if (!now.has(userId)) this.#emit({ type: "reaction.remove", id, channelId, userId, emoji });
    }
    for (const userId of now) {
      if (!before.has(userId)) this.#emit({ type: "reaction.add", id, channelId, userId, emoji });
    }
  }

  #emit(event: ChatEventBody | undefined): void {
    if (event !== undefined) this.#options.emit({ ...event, backfilled: true });
  }
}
