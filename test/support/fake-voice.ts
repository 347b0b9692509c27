import type { CallListener, CallPlace, SpokenNotice, VoiceSource } from "../../src/recording/ports/voice.ts";

export const PLACE: CallPlace = {
  guildId: "100000000000000001",
  guildName: "Guild",
  channelId: "100000000000000002",
  channelName: "Channel",
  selfId: "100000000000000009",
};

/** A voice channel whose events come from the test. */
export class FakeVoice implements VoiceSource {
  listener: CallListener | undefined;
  left = 0;
  closed = 0;
  isQuiet = false;
  joining: Promise<CallPlace> = Promise.resolve(PLACE);

  join(): Promise<CallPlace> {
    return this.joining;
  }

  listen(listener: CallListener): void {
    this.listener = listener;
  }

  /** Spoken notices so far. */
  readonly spoken: SpokenNotice[] = [];

  async speak(notice: SpokenNotice): Promise<void> {
    this.spoken.push(notice);
  }

  /** Events that have arrived; the listener gets them at `settle`. */
  readonly arrived: (() => void)[] = [];

  settle(): void {
    for (const give of this.arrived.splice(0)) give();
  }

  encryption() {
    return { daveProtocolVersion: 1, epochs: 2, plaintextPackets: 0 };
  }

  async leave(): Promise<void> {
    this.left += 1;
    this.listener = undefined;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}
