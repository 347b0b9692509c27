import type { ChatEvent } from "../../session/chat.ts";

/** A chat event without its place on the session clock, which the recorder adds. */
export type ChatEventBody = ChatEvent extends infer Event
  ? Event extends ChatEvent
    ? Omit<Event, "at" | "offsetMs">
    : never
  : never;

/** Receives what people write, in order. Must not throw. */
export interface ChatListener {
  chatted(event: ChatEventBody): void;
  warning(code: string, text: string): void;
}

/** A text channel to record. */
export interface ChatSource {
  /**
   * Starts to report each event once, in order.
   *
   * @throws JobError if the channel is unknown
   */
  open(listener: ChatListener): Promise<void>;
  /**
   * Fetches what somebody attached to a message.
   *
   * @param bytes how many it is said to have; no more are taken
   * @throws Error with a sentence that says what was wrong, without the address, which may be signed
   */
  fetchAttachment(url: string, bytes: number, signal: AbortSignal): Promise<Buffer>;
  /** Reports what is still held back; no call of the listener afterwards. Idempotent. */
  close(): Promise<void>;
}
