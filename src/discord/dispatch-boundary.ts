import { messageOf } from "../errors.ts";
import { MAX_MESSAGE_VALUES } from "./gateway-message.ts";
import { MAX_MESSAGE_MIB } from "./message-bound.ts";

/** What was lost with a dispatch. */
export interface DispatchWarning {
  readonly code: "dispatch_malformed" | "dispatch_too_large";
  readonly text: string;
}

/**
 * Isolates listeners from malformed dispatches. Only the content of such a dispatch is lost, and the audio continues.
 * There is one warning per kind, and one for a dispatch that was too large to read.
 */
export class DispatchBoundary {
  readonly #onDebug: (message: string) => void;
  readonly #warnings = new Map<string, DispatchWarning>();
  #listener: ((warning: DispatchWarning) => void) | undefined;

  constructor(onDebug: (message: string) => void) {
    this.#onDebug = onDebug;
  }

  /** @param kind Discord's name of the dispatch */
  run(kind: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onDebug(`${kind} could not be read: ${messageOf(error)}`);
      this.malformed(kind);
    }
  }

  /** Warns about a dropped message that the library could not have read. */
  malformed(kind: string): void {
    this.#warn(kind, {
      code: "dispatch_malformed",
      text: `Discord sent a ${kind} of an unknown shape; it was left out, and the call continues`,
    });
  }

  /** Warns about a dispatch that was not read, so its content is unknown. */
  tooLarge(): void {
    this.#warn("too large", {
      code: "dispatch_too_large",
      text: `Discord sent a message of more than ${MAX_MESSAGE_MIB} MiB or ${MAX_MESSAGE_VALUES} values; it was left out, and the call continues`,
    });
  }

  /** Gives each warning once, including earlier ones. */
  follow(listener: (warning: DispatchWarning) => void): void {
    this.#listener = listener;
    for (const warning of this.#warnings.values()) listener(warning);
  }

  #warn(kind: string, warning: DispatchWarning): void {
    if (this.#warnings.has(kind)) return;
    this.#warnings.set(kind, warning);
    this.#listener?.(warning);
  }
}
