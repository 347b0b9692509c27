import type { Client } from "discord.js";
import { messageOf } from "../errors.ts";
import { containListeners, keepNoCaches } from "./discordjs-seam.ts";
import { MAX_MESSAGE_MIB } from "./message-bound.ts";

/** What a dispatch has cost. */
export interface DispatchWarning {
  readonly code: "dispatch_malformed" | "dispatch_too_large";
  readonly text: string;
}

/**
 * Between Discord's dispatches and those who follow them. A dispatch of another shape than Discord documents costs what
 * it says, and nothing else: the audio goes on. Each kind is warned of once, and so is one that was too large to read.
 */
export class DispatchBoundary {
  readonly #onDebug: (message: string) => void;
  readonly #warnings = new Map<string, DispatchWarning>();
  #listener: ((warning: DispatchWarning) => void) | undefined;

  constructor(onDebug: (message: string) => void) {
    this.#onDebug = onDebug;
  }

  /** Holds for every listener that is added to the client from now on. */
  guard(client: Client): void {
    keepNoCaches(client, (kind, action) => this.run(kind, action));
    containListeners(client, (kind, action) => this.run(kind, action));
  }

  /** @param kind what Discord calls the dispatch */
  run(kind: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onDebug(`${kind} could not be read: ${messageOf(error)}`);
      this.malformed(kind);
    }
  }

  /** A message was left out, because it has another shape than the library expects. */
  malformed(kind: string): void {
    this.#warn(kind, {
      code: "dispatch_malformed",
      text: `Discord sent a ${kind} of an unknown shape; it was left out, and the call goes on`,
    });
  }

  /** A dispatch was not read, so nobody knows what it was. */
  tooLarge(): void {
    this.#warn("too large", {
      code: "dispatch_too_large",
      text: `Discord sent a message of more than ${MAX_MESSAGE_MIB} MiB; it was left out, and the call goes on`,
    });
  }

  /** Gives each warning once, those from before as well. */
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
