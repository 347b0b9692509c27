import type { NoteRequest } from "../../session/control.ts";
import type { Person } from "../../session/shapes.ts";
import type { PostedMessage } from "../ports/announcer.ts";

/** What outsiders can request of a call that is being recorded. */
export interface CallControls {
  /** @returns whether there was a recording to pause */
  pause(): boolean;
  /** @returns whether there was a paused recording */
  resume(): boolean;
  /**
   * Stops recording for good and stays in the call.
   *
   * @returns whether there was a recording to stop
   */
  stopRecording(): boolean;
  /**
   * Writes a note for this moment to `chat.jsonl`. It resolves when the note would survive a loss of power.
   *
   * @returns the moment in milliseconds since the recording began; undefined if nothing is being recorded
   */
  note(note: NoteRequest): Promise<number | undefined>;
  /**
   * Posts in the job's text channel, or in the voice channel's own chat if there is none.
   *
   * @throws MessageError with the reason in a sentence
   */
  sendMessage(text: string): Promise<PostedMessage>;
  /**
   * Asks people for permission to record them, in the same channel, with buttons to answer.
   *
   * @returns undefined if no call is being recorded
   * @throws MessageError with the reason in a sentence
   */
  requestRecordingPermission(): Promise<PostedMessage | undefined>;
  /**
   * Takes a person's answer whether they may be recorded.
   *
   * @param givenAt epoch milliseconds; an answer that they gave in the call since then counts instead
   * @returns whether it changed anything; undefined if no call is being recorded
   */
  consent(person: Person, granted: boolean, givenAt?: number): boolean | undefined;
}
