/** What is in store for the recording bot's voice connections. The voice gateway asks; faults.ts fills it. */

/** How far a voice connection has come: each is where the server does, or would do, something. */
export const VOICE_STAGES = ["hello", "identify", "ready", "select_protocol", "session_description"] as const;
export type VoiceStage = (typeof VOICE_STAGES)[number];

export type StageFault = { readonly kind: "close"; readonly code: number } | { readonly kind: "stall" };

export class VoiceFaults {
  readonly #userId: string;
  readonly #planned = new Map<VoiceStage, { readonly fault: StageFault; times: number }>();

  /** @param userId of the bot whose connections are meant */
  constructor(userId: string) {
    this.#userId = userId;
  }

  /** So many of the next connections meet this when they come to the stage. A later plan replaces an earlier one. */
  plan(stage: VoiceStage, fault: StageFault, times: number): void {
    this.#planned.set(stage, { fault, times });
  }

  /**
   * A connection has come to this stage.
   *
   * @param userId undefined at `hello`, when nobody has said yet who they are
   * @returns what it meets there, which counts as once
   */
  met(stage: VoiceStage, userId: string | undefined): StageFault | undefined {
    const planned = this.#planned.get(stage);
    if (planned === undefined || (userId !== undefined && userId !== this.#userId)) return undefined;
    planned.times -= 1;
    if (planned.times <= 0) this.#planned.delete(stage);
    return planned.fault;
  }
}
