/**
 * The planned faults for the recording bot's voice connections. faults.ts adds them, and the voice gateway applies
 * them.
 */

/** The stages of a voice connection, at each of which the server acts or would act. */
export const VOICE_STAGES = ["hello", "identify", "ready", "select_protocol", "session_description"] as const;
export type VoiceStage = (typeof VOICE_STAGES)[number];

export type StageFault = { readonly kind: "close"; readonly code: number } | { readonly kind: "stall" };

export class VoiceFaults {
  readonly #userId: string;
  readonly #planned = new Map<VoiceStage, { readonly fault: StageFault; times: number }>();

  /** @param userId the bot whose connections are affected */
  constructor(userId: string) {
    this.#userId = userId;
  }

  /**
   * Applies this to the given number of next connections when they reach the stage. A later plan replaces an earlier
   * one.
   */
  plan(stage: VoiceStage, fault: StageFault, times: number): void {
    this.#planned.set(stage, { fault, times });
  }

  /**
   * Call when a connection reaches this stage.
   *
   * @param userId undefined at `hello`, before the client has identified
   * @returns its fault at this stage, which is then used up once
   */
  met(stage: VoiceStage, userId: string | undefined): StageFault | undefined {
    const planned = this.#planned.get(stage);
    if (planned === undefined || (userId !== undefined && userId !== this.#userId)) return undefined;
    planned.times -= 1;
    if (planned.times <= 0) this.#planned.delete(stage);
    return planned.fault;
  }
}
