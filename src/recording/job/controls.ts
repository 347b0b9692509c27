import type { PostedMessage } from "../ports/announcer.ts";

/** What can be asked of a call that is recorded, from outside. */
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
   * Writes in the job's text channel, or in its voice channel's own chat if it has none.
   *
   * @throws MessageError with the reason in a sentence
   */
  sendMessage(text: string): Promise<PostedMessage>;
  /**
   * Asks in the same place who may be recorded, with buttons to answer.
   *
   * @returns undefined if no call is being recorded
   * @throws MessageError with the reason in a sentence
   */
  requestRecordingPermission(): Promise<PostedMessage | undefined>;
}
