/** Records what clients did and how their connections ended, with times. Tests count retries and check their order. */

interface ConnectionFacts {
  /** A bot identified to the gateway, and was accepted. */
  readonly gateway_identify: { readonly userId: string; readonly shardId: number; readonly shardCount: number };
  /** A bot tried to resume its gateway session. */
  readonly gateway_resume: { readonly userId: string; readonly resumed: boolean };
  /** Its gateway socket was closed by either side. 1006: without a close frame. */
  readonly gateway_close: { readonly userId: string; readonly code: number };
  /** A client opened a voice WebSocket. */
  readonly voice_open: Readonly<Record<never, never>>;
  /** A bot sent op 0 with a known voice token, whatever the answer. */
  readonly voice_identify: { readonly userId: string };
  readonly voice_resume: { readonly userId: string };
  /** A client sent op 31, because it could not use a message or its keys opened nothing. */
  readonly dave_left_group: { readonly userId: string };
  /** `userId` is undefined for clients that never identified. */
  readonly voice_close: { readonly userId: string | undefined; readonly code: number };
  /** A bot's first answer to an interaction, with Discord's numbers, and how long it took. */
  readonly interaction_answer: {
    readonly interactionType: number;
    readonly answerType: number;
    readonly afterMs: number;
  };
  /** A request and the status of its answer; the path is without its query. */
  readonly rest: { readonly method: string; readonly path: string; readonly status: number };
}

export type ConnectionEvent = {
  readonly [Kind in keyof ConnectionFacts]: {
    readonly kind: Kind;
    /** Milliseconds since the loopback started, monotonic. */
    readonly atMs: number;
  } & ConnectionFacts[Kind];
}[keyof ConnectionFacts];

export class Journal {
  readonly #events: ConnectionEvent[] = [];
  readonly #startedAtMs = performance.now();

  get events(): readonly ConnectionEvent[] {
    return this.#events;
  }

  note<Kind extends keyof ConnectionFacts>(kind: Kind, facts: ConnectionFacts[Kind]): void {
    const event = { kind, atMs: performance.now() - this.#startedAtMs, ...facts };
    this.#events.push(event as ConnectionEvent & { readonly kind: Kind });
  }
}
