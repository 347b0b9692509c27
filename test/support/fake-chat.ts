import type { ChatListener, ChatSource } from "../../src/recording/ports.ts";

/** A chat that a test writes. */
export class FakeChat implements ChatSource {
  listener: ChatListener | undefined;

  async open(listener: ChatListener): Promise<void> {
    this.listener = listener;
  }

  async close(): Promise<void> {
    this.listener = undefined;
  }
}
