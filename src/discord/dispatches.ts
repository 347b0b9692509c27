import { EventEmitter } from "node:events";
import type { GatewayDispatchEvents } from "discord-api-types/v10";

/** Gives each of the gateway's dispatches to its listeners. What one of them throws reaches no other. */
export class Dispatches {
  readonly #emitter = new EventEmitter();
  readonly #contain: (kind: string, action: () => void) => void;

  /** @param contain runs each listener, with the name of the dispatch; must not throw */
  constructor(contain: (kind: string, action: () => void) => void) {
    this.#contain = contain;
  }

  on<Data>(kind: GatewayDispatchEvents, listener: (data: Data) => void): void {
    this.#emitter.on(kind, listener);
  }

  off<Data>(kind: GatewayDispatchEvents, listener: (data: Data) => void): void {
    this.#emitter.off(kind, listener);
  }

  /** @param data as Discord sent it, which may be of any shape */
  emit(kind: string, data: unknown): void {
    for (const listener of this.#emitter.listeners(kind)) {
      this.#contain(kind, () => Reflect.apply(listener, undefined, [data]));
    }
  }
}
