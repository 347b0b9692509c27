import type { GatewayGuildCreateDispatchData } from "discord-api-types/v10";
import { JobError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { ChatListener, ChatSource } from "../../recording/ports/chat.ts";
import type { DiscordSession } from "../session.ts";
import { AttachmentFetch } from "./attachment-fetch.ts";
import { ChatFollower } from "./chat-follower.ts";
import type { FollowedChannel } from "./followed-channel.ts";

const CONTENT_MISSING =
  "Discord has not granted the application the Message Content intent: texts, attachments, embeds and polls of messages come empty, except those that mention the bot; enable it in the Developer Portal under Bot, Message Content Intent";

/** A Discord text channel, or a voice channel's own chat, and the threads under it. */
export class DiscordChatSource implements ChatSource {
  readonly #session: DiscordSession;
  readonly #channelId: string;
  readonly #attachments: AttachmentFetch;
  readonly #log: Log;
  #follower: ChatFollower | undefined;

  /** @param apiUrl a REST base other than Discord's, whose host also serves files */
  constructor(session: DiscordSession, channelId: string, apiUrl: string | undefined, log: Log) {
    this.#session = session;
    this.#channelId = channelId;
    this.#attachments = new AttachmentFetch(apiUrl);
    this.#log = log;
  }

  async open(listener: ChatListener): Promise<void> {
    const session = await this.#session.open();
    if (!session.readsContent) listener.warning("message_content_missing", CONTENT_MISSING);
    const channel = channelOf(session.guild, this.#channelId);
    this.#follower = new ChatFollower(session, channel, listener, this.#log);
  }

  fetchAttachment(url: string, bytes: number, signal: AbortSignal): Promise<Buffer> {
    return this.#attachments.fetch(url, bytes, signal);
  }

  async close(): Promise<void> {
    await this.#follower?.close();
  }
}

/** @throws JobError if the bot cannot see the channel */
function channelOf(guild: GatewayGuildCreateDispatchData, channelId: string): FollowedChannel {
  const channel = [...guild.channels, ...guild.threads].find(({ id }) => id === channelId);
  if (channel !== undefined) return channel;
  throw new JobError(
    "meeting_not_found",
    `the server "${guild.name}" has no text channel with the id ${channelId} that the bot can see`,
  );
}
