import type { Log } from "../../log.ts";
import type { Announcer, ButtonPress, OutgoingMessage, PostedMessage } from "../../recording/ports/announcer.ts";
import type { DiscordSession } from "../session.ts";
import { Buttons } from "./buttons.ts";
import { Messenger } from "./messenger.ts";
import { Nickname } from "./nickname.ts";

/** The bot's messages, buttons and nickname in one server. */
export class DiscordAnnouncer implements Announcer {
  readonly #messenger: Messenger;
  readonly #buttons: Buttons;
  readonly #nickname: Nickname;

  /** @param channelId the default channel for messages: a text channel, or a voice channel for its own chat */
  constructor(session: DiscordSession, channelId: string, log: Log) {
    this.#messenger = new Messenger(session, channelId);
    this.#buttons = new Buttons(session, log);
    this.#nickname = new Nickname(session);
  }

  post(message: OutgoingMessage, signal?: AbortSignal): Promise<PostedMessage> {
    return this.#messenger.post(message, signal);
  }

  edit(posted: PostedMessage, message: OutgoingMessage, signal?: AbortSignal): Promise<void> {
    return this.#messenger.edit(posted, message, signal);
  }

  openButtons(pressed: (press: ButtonPress) => string | undefined): Promise<void> {
    return this.#buttons.open(pressed);
  }

  closeButtons(): void {
    this.#buttons.close();
  }

  prefixNickname(prefix: string, signal: AbortSignal): Promise<void> {
    return this.#nickname.prefix(prefix, signal);
  }

  restoreNickname(signal: AbortSignal): Promise<void> {
    return this.#nickname.restore(signal);
  }
}
