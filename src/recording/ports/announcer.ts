import type { Person } from "../../session/shapes.ts";

export interface MessageButton {
  /** 1 to 100 characters, given back if somebody presses it. */
  readonly id: string;
  readonly label: string;
  readonly kind: "allow" | "decline";
}

/** What the bot writes itself. Names in it notify nobody. */
export interface OutgoingMessage {
  /** 1 to `MAX_MESSAGE_LENGTH` characters. */
  readonly text: string;
  readonly buttons?: readonly MessageButton[];
  /** The default is the job's text channel. If it has none, the default is the voice channel's own chat. */
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

/** How the bot makes itself known in the server: messages, their buttons, and its nickname. Use after `join`. */
export interface Announcer {
  /**
   * Posts a message once, however often it has to be sent. Waits if Discord limits how often, until the signal
   * aborts.
   *
   * @throws MessageError with the reason in a sentence
   */
  post(message: OutgoingMessage, signal?: AbortSignal): Promise<PostedMessage>;
  /** Replaces text and buttons. @throws MessageError as above */
  edit(posted: PostedMessage, message: OutgoingMessage, signal?: AbortSignal): Promise<void>;
  /**
   * Reports each press of a button from now on. Discord waits 3 s for the answer and shows it only to the person who
   * pressed.
   *
   * @param pressed returns that answer, or undefined if the button is not ours: it then gets no answer. Must not throw
   */
  openButtons(pressed: (press: ButtonPress) => string | undefined): Promise<void>;
  /** Reports no more presses. Idempotent. */
  closeButtons(): void;
  /** Puts something before the bot's name in the server. @throws MessageError with the reason in a sentence */
  prefixNickname(prefix: string, signal: AbortSignal): Promise<void>;
  /** Gives back the name of before; nothing if it was not changed. @throws MessageError as above */
  restoreNickname(signal: AbortSignal): Promise<void>;
}
