import type { Announcer, ButtonPress, OutgoingMessage, PostedMessage } from "../../src/recording/ports/announcer.ts";
import type { Person } from "../../src/session/shapes.ts";

/** Keeps posts and edits. A test can press its buttons. The bot's name is "Recorder". */
export class FakeAnnouncer implements Announcer {
  readonly posted: OutgoingMessage[] = [];
  readonly edited: { readonly messageId: string; readonly message: OutgoingMessage }[] = [];
  nickname = "Recorder";
  /** The error that posting throws, if any. */
  failure: Error | undefined;
  #pressed: ((press: ButtonPress) => string | undefined) | undefined;

  async post(message: OutgoingMessage): Promise<PostedMessage> {
    if (this.failure !== undefined) throw this.failure;
    this.posted.push(message);
    return { channelId: message.channelId ?? "100000000000000003", messageId: String(this.posted.length) };
  }

  async edit({ messageId }: PostedMessage, message: OutgoingMessage): Promise<void> {
    this.edited.push({ messageId, message });
  }

  async openButtons(pressed: (press: ButtonPress) => string | undefined): Promise<void> {
    this.#pressed = pressed;
  }

  closeButtons(): void {
    this.#pressed = undefined;
  }

  async prefixNickname(prefix: string): Promise<void> {
    this.nickname = `${prefix}Recorder`;
  }

  async restoreNickname(): Promise<void> {
    this.nickname = "Recorder";
  }

  /** @returns the answer that the person sees */
  press(person: Person, kind: "allow" | "decline", jobId = "job_1"): string | undefined {
    return this.#pressed?.({ buttonId: `${kind}:${jobId}`, person });
  }
}
