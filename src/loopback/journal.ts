/** What clients did and what became of their connections, with when: tests count retries and look at their order. */

interface ConnectionFacts {
  /** A bot identified to the gateway, and was let in. */
  readonly gateway_identify: { readonly userId: string; readonly shardId: number; readonly shardCount: number };
  /** A bot asked for its gateway session back. */
  readonly gateway_resume: { readonly userId: string; readonly resumed: boolean };
  /** Its gateway socket is closed, by whomever. 1006: without a close frame. */
  readonly gateway_close: { readonly userId: string; readonly code: number };
  /** Somebody opened a voice WebSocket. */
  readonly voice_open: Readonly<Record<never, never>>;
  /** A bot sent op 0 with a voice token that is known, whatever it was answered. */
  readonly voice_identify: { readonly userId: string };
  readonly voice_resume: { readonly userId: string };
  /** A client sent op 31: it could not use what it was sent, or its keys opened nothing. */
  readonly dave_left_group: { readonly userId: string };
  /** `userId` is undefined for who never said who they are. */
  readonly voice_close: { readonly userId: string | undefined; readonly code: number };
  /** A request, with the status it was answered with; the path is without its query. */
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
