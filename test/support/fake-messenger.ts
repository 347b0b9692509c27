import type { Messenger, OutgoingMessage, PostedMessage } from "../../src/recording/ports.ts";

/** Keeps what is posted and edited. */
export class FakeMessenger implements Messenger {
  readonly posted: OutgoingMessage[] = [];
  readonly edited: { readonly messageId: string; readonly message: OutgoingMessage }[] = [];
  /** What posting meets, if anything. */
  failure: Error | undefined;

  async post(message: OutgoingMessage): Promise<PostedMessage> {
    if (this.failure !== undefined) throw this.failure;
    this.posted.push(message);
    return { channelId: message.channelId ?? "100000000000000003", messageId: String(this.posted.length) };
  }

  async edit({ messageId }: PostedMessage, message: OutgoingMessage): Promise<void> {
    this.edited.push({ messageId, message });
  }
}
