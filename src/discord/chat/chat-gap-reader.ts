import { ChannelType } from "discord-api-types/v10";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { ChatBackfill } from "./chat-backfill.ts";
import { type ChatRest, statusOf } from "./chat-rest.ts";
import type { ActiveThread, ChatThreads } from "./chat-threads.ts";
import type { KnownMessages } from "./known-messages.ts";

/** Time to read everything after one gap; dispatches wait in memory meanwhile. */
const DEADLINE_MS = 120_000;
const FORBIDDEN = 403;
const NOT_FOUND = 404;

export interface GapReaderOptions {
  readonly channelId: string;
  readonly channelType: ChannelType;
  readonly rest: ChatRest;
  readonly backfill: ChatBackfill;
  readonly knownMessages: KnownMessages;
  readonly threads: ChatThreads;
  readonly warn: (code: string, text: string) => void;
  readonly log: Log;
}

/** After a gap, reads the channel and the threads that may have changed. */
export class ChatGapReader {
  readonly #options: GapReaderOptions;

  constructor(options: GapReaderOptions) {
    this.#options = options;
  }

  /** Never throws: a failed read is a warning. */
  async run(closing: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(DEADLINE_MS)]);
    const done = new Set<string>();
    // Messages of the channel may begin threads, which are then read too.
    for (let channelId = this.#next(done); channelId !== undefined; channelId = this.#next(done)) {
      done.add(channelId);
      await this.#read(channelId, signal);
    }
  }

  /** Whether Discord has newer messages than the known ones, because a silent gateway may have dropped some. */
  async isBehind(closing: AbortSignal): Promise<boolean> {
    const { rest, channelId, knownMessages, log } = this.#options;
    try {
      return (await rest.lastMessageId(channelId, closing)) > knownMessages.newestIn(channelId);
    } catch (error) {
      log.debug({ err: error }, "the channel's last message could not be asked for");
      return false;
    }
  }

  #next(done: ReadonlySet<string>): string | undefined {
    const { channelId, channelType, threads, knownMessages } = this.#options;
    // A forum has posts, which are threads, and no messages of its own.
    const isForum = channelType === ChannelType.GuildForum || channelType === ChannelType.GuildMedia;
    if (!isForum && !done.has(channelId)) return channelId;
    const known = knownMessages.knownChannels();
    const mayHaveNews = ({ id, lastMessageId }: ActiveThread): boolean =>
      !done.has(id) && (lastMessageId > knownMessages.newestIn(id) || known.has(id));
    return threads.active().find(mayHaveNews)?.id;
  }

  async #read(channelId: string, signal: AbortSignal): Promise<void> {
    const { backfill, warn, log } = this.#options;
    try {
      const unread = await backfill.read(channelId, signal);
      if (unread.messages) {
        warn("chat_backfill_incomplete", `${GAP} in ${channelId} are not all recorded: there were too many`);
      }
      if (unread.reactions) {
        warn("chat_reactions_incomplete", `not all reactions made while the gateway was disconnected are recorded`);
      }
    } catch (error) {
      log.warn({ err: error, channelId }, "messages could not be read");
      warn("chat_backfill_incomplete", `${GAP} in ${channelId} are not all recorded: ${reasonOf(error)}`);
    }
  }
}

const GAP = "messages sent while the gateway was disconnected";

function reasonOf(error: unknown): string {
  const status = statusOf(error);
  if (status === FORBIDDEN) return "the bot may not read the channel";
  if (status === NOT_FOUND) return "the channel is gone";
  if (error instanceof Error && error.name === "TimeoutError") return "Discord did not give them in time";
  return messageOf(error);
}
