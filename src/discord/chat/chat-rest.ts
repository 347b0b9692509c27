import { DiscordAPIError, type REST } from "@discordjs/rest";
import {
  type APIMessage,
  type APITextChannel,
  type RESTGetAPIChannelMessageReactionUsersResult,
  type RESTGetAPIChannelMessagesResult,
  type RESTGetAPIGuildMemberResult,
  Routes,
} from "discord-api-types/v10";
import pRetry from "p-retry";
import { RateLimitedError } from "../bounded-rest.ts";
import { MAX_REACTORS } from "./known-messages.ts";

/** Discord returns at most this many messages in one answer. */
const PAGE_SIZE = 100;
/** Retries in addition to three by @discordjs/rest if Discord fails or does not answer. */
const RETRIES = 5;

/** The messages after one id, up to and including another. */
export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly APIMessage[];
  readonly after: bigint;
  /** If undefined, up to the newest one. */
  readonly upTo: bigint | undefined;
}

/**
 * Reads a channel's history. @discordjs/rest observes Discord's rate limits: it waits if a bucket is empty
 * (`X-RateLimit-*`), and as long as a 429 says (`Retry-After`), up to a limit.
 */
export class ChatRest {
  readonly #rest: REST;
  readonly #guildId: string;

  constructor(rest: REST, guildId: string) {
    this.#rest = rest;
    this.#guildId = guildId;
  }

  /** Pages of the messages after an id, oldest first; at least one page, which may be empty. */
  async *pagesAfter(channelId: string, afterId: bigint, signal: AbortSignal): AsyncGenerator<MessagePage> {
    for (let after = afterId; ; ) {
      const messages = await this.#messagesAfter(channelId, after, signal);
      const newest = messages.at(-1);
      const isLast = newest === undefined || messages.length < PAGE_SIZE;
      yield { messages, after, upTo: isLast ? undefined : BigInt(newest.id) };
      if (isLast) return;
      after = BigInt(newest.id);
    }
  }

  /** Ids of at most MAX_REACTORS people who have reacted with an emoji. */
  async reactors(message: APIMessage, emoji: string, signal: AbortSignal): Promise<string[]> {
    const query = new URLSearchParams({ limit: String(MAX_REACTORS) });
    const route = Routes.channelMessageReaction(message.channel_id, message.id, encodeURIComponent(emoji));
    const users = await this.#get(route, query, signal);
    return (users as RESTGetAPIChannelMessageReactionUsersResult).map(({ id }) => id);
  }

  /** The newest message's id, which may have been deleted since; 0 if there was none. */
  async lastMessageId(channelId: string, signal: AbortSignal): Promise<bigint> {
    const channel = (await this.#get(Routes.channel(channelId), undefined, signal)) as Partial<APITextChannel>;
    return BigInt(channel.last_message_id ?? 0);
  }

  /** @returns undefined if the user is not in the server any more */
  async member(userId: string, signal: AbortSignal): Promise<RESTGetAPIGuildMemberResult | undefined> {
    try {
      const member = await this.#get(Routes.guildMember(this.#guildId, userId), undefined, signal);
      return member as RESTGetAPIGuildMemberResult;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async #messagesAfter(channelId: string, after: bigint, signal: AbortSignal): Promise<APIMessage[]> {
    const query = new URLSearchParams({ after: String(after), limit: String(PAGE_SIZE) });
    const page = await this.#get(Routes.channelMessages(channelId), query, signal);
    // Discord returns the newest first.
    return (page as RESTGetAPIChannelMessagesResult).toReversed();
  }

  #get(route: `/${string}`, query: URLSearchParams | undefined, signal: AbortSignal): Promise<unknown> {
    const request = { signal, ...(query === undefined ? {} : { query }) };
    return pRetry(() => this.#rest.get(route, request), {
      retries: RETRIES,
      randomize: true,
      signal,
      // A retry of a refused request would be refused again.
      shouldRetry: ({ error }) => !(error instanceof RateLimitedError) && (statusOf(error) ?? 500) >= 500,
    });
  }
}

/** The HTTP status with which Discord refused a request. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof DiscordAPIError) return error.status;
  const status = error instanceof Error ? Reflect.get(error, "status") : undefined;
  return typeof status === "number" ? status : undefined;
}
