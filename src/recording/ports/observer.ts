import type { ChatEventBody } from "./chat.ts";
import type { CallPlace, RosterChange, VoiceFrame } from "./voice.ts";

/** Writes the live call as a fixture, in addition to the recording. */
export interface CallObserver {
  started(place: CallPlace, startedAt: Date): void;
  frame(frame: VoiceFrame, atMs: number): void;
  roster(change: RosterChange, atMs: number): void;
  chat(event: ChatEventBody, atMs: number): void;
  /** Ends the fixture. If no call was started, removes what it had created. */
  close(atMs: number): Promise<void>;
}
