import type { Client } from "discord.js";
import { messageOf } from "../errors.ts";

type Dispatched = (data: unknown, shardId: number) => void;

/**
 * Between Discord's dispatches and those who follow them. A dispatch of another shape than Discord documents costs what
 * it says, and nothing else: the audio goes on. Each kind is warned of once.
 */
export class DispatchBoundary {
  readonly #onDebug: (message: string) => void;
  readonly #warned = new Set<string>();
  #listener: ((kind: string) => void) | undefined;

  constructor(onDebug: (message: string) => void) {
    this.#onDebug = onDebug;
  }

  /** Holds for every listener that is added to the client from now on. */
  guard(client: Client): void {
    const on = client.ws.on.bind(client.ws);
    const guarded = (event: string, listener: Dispatched) => {
      const contained: Dispatched = (data, shardId) => this.run(event, () => listener(data, shardId));
      // `off` finds a listener by this property, as it does one of `once`.
      Reflect.set(contained, "listener", listener);
      return on(event as Parameters<typeof on>[0], contained);
    };
    Reflect.set(client.ws, "on", guarded);
  }

  /** @param kind what Discord calls the dispatch */
  run(kind: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onDebug(`${kind} could not be read: ${messageOf(error)}`);
      if (this.#warned.has(kind)) return;
      this.#warned.add(kind);
      this.#listener?.(kind);
    }
  }

  /** Tells of each kind once, of those before as well. */
  follow(listener: (kind: string) => void): void {
    this.#listener = listener;
    for (const kind of this.#warned) listener(kind);
  }
}
