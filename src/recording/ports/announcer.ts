import type { Person } from "../../session/shapes.ts";

export interface MessageButton {
  /** 1 to 100 characters, returned when the button is clicked. */
  readonly id: string;
  readonly label: string;
  readonly kind: "allow" | "decline";
}

/** A message of the bot. Mentions in it notify nobody. */
export interface OutgoingMessage {
  /** 1 to `MAX_MESSAGE_LENGTH` characters. */
  readonly text: string;
  readonly buttons?: readonly MessageButton[];
  /** By default the job's text channel, or the voice channel's own chat if there is none. */
  readonly channelId?: string;
}

export interface PostedMessage {
  readonly channelId: string;
  readonly messageId: string;
}

export interface ButtonPress {
  readonly buttonId: string;
  /** A member of the server, who need not be in the call. */
  readonly person: Person;
}

/** The bot's messages, their buttons, and its nickname in the server. Use after `join`. */
export interface Announcer {
  /**
   * Posts a message once, even if the request is retried. Waits for Discord's rate limit until the signal aborts.
   *
   * @throws MessageError with the reason in a sentence
   */
  post(message: OutgoingMessage, signal?: AbortSignal): Promise<PostedMessage>;
  /** Replaces text and buttons. @throws MessageError as above */
  edit(posted: PostedMessage, message: OutgoingMessage, signal?: AbortSignal): Promise<void>;
  /**
   * Starts to report each button click. Discord waits 3 s for the answer and shows it only to the person who clicked.
   *
   * @param pressed returns that answer, or undefined if the button is not ours, which then gets no answer. Must not
   *   throw
   */
  openButtons(pressed: (press: ButtonPress) => string | undefined): Promise<void>;
  /** Stops reporting clicks. Idempotent. */
  closeButtons(): void;
  /** Adds a prefix to the bot's name in the server. @throws MessageError with the reason in a sentence */
  prefixNickname(prefix: string, signal: AbortSignal): Promise<void>;
  /** Restores the earlier name, if it was changed. @throws MessageError as above */
  restoreNickname(signal: AbortSignal): Promise<void>;
}
