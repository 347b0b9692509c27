import type { ChatListener, ChatSource } from "../../src/recording/ports/chat.ts";

/** A chat whose events come from the test. */
export class FakeChat implements ChatSource {
  listener: ChatListener | undefined;

  async open(listener: ChatListener): Promise<void> {
    this.listener = listener;
  }

  async fetchAttachment(_url: string, bytes: number): Promise<Buffer> {
    return Buffer.alloc(bytes);
  }

  async close(): Promise<void> {
    this.listener = undefined;
  }
}
