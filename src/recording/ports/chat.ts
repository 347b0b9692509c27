import type { DiscordChatEvent } from "../../session/chat.ts";

/** A chat event of Discord without its place on the session clock, which the recorder adds. */
export type ChatEventBody = DiscordChatEvent extends infer Event
  ? Event extends DiscordChatEvent
    ? Omit<Event, "at" | "offsetMs">
    : never
  : never;

/** Receives chat events in order. Must not throw. */
export interface ChatListener {
  chatted(event: ChatEventBody): void;
  warning(code: string, text: string): void;
}

/** A text channel to record. */
export interface ChatSource {
  /**
   * Starts reporting each event once, in order.
   *
   * @throws JobError if the channel is unknown
   */
  open(listener: ChatListener): Promise<void>;
  /**
   * Fetches an attachment.
   *
   * @param bytes its announced size; a larger file is refused
   * @throws Error with a sentence that says what was wrong, without the address, because that may be signed
   */
  fetchAttachment(url: string, bytes: number, signal: AbortSignal): Promise<Buffer>;
  /** Reports everything held back; the listener is not called after that. Idempotent. */
  close(): Promise<void>;
}
