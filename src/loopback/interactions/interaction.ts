import { randomBytes } from "node:crypto";
import type { Json } from "../json.ts";
import { createSnowflake } from "../world/snowflake.ts";
import type { Message } from "../world/world-chat.ts";
import type { Choice, InteractionType } from "./callbacks.ts";
import type { Modal } from "./message-components.ts";

/** What a person did. */
export interface NewInteraction {
  readonly type: InteractionType;
  readonly applicationId: string;
  readonly userId: string;
  readonly channelId: string;
  /** The locale of their client. */
  readonly locale: string;
  readonly data: Json;
  /** Below which the component is, or was when the modal was opened. */
  readonly message?: Message | undefined;
}

/** What the person sees then. If the bot said that it thinks, this is what it said in the end. */
export type Outcome =
  | { readonly kind: "message" | "update"; readonly messageId: string }
  /** Nothing changes on the screen. */
  | { readonly kind: "acknowledged" }
  | { readonly kind: "modal"; readonly modal: Modal }
  | { readonly kind: "choices"; readonly choices: readonly Choice[] }
  /** The bot took its answer away before it said anything. */
  | { readonly kind: "deleted" }
  /** "The application did not respond": no bot was there, or it took too long. */
  | { readonly kind: "failed" };

/** One use of a command or a component, and which answers it has got. */
export class Interaction {
  readonly id = createSnowflake();
  readonly token = randomBytes(32).toString("base64url");
  readonly begun: NewInteraction;
  readonly outcome: Promise<Outcome>;
  readonly finish: (outcome: Outcome) => void;
  /** The message that `@original` means. */
  originalId: string | undefined;
  /** The messages that its token may change. */
  readonly messageIds: Set<string>;
  readonly #startedAtMs = performance.now();
  #state: "waiting" | "answered" | "failed" = "waiting";
  #answeredAfterMs: number | undefined;

  constructor(begun: NewInteraction) {
    this.begun = begun;
    this.messageIds = new Set(begun.message === undefined ? [] : [begun.message.id]);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.finish = resolve;
  }

  get state(): "waiting" | "answered" | "failed" {
    return this.#state;
  }

  get ageMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** How long its first answer took. */
  get answeredAfterMs(): number | undefined {
    return this.#answeredAfterMs;
  }

  answered(): void {
    this.#state = "answered";
    this.#answeredAfterMs = this.ageMs;
  }

  /** Nobody answers any more. */
  failed(): void {
    if (this.#state === "waiting") this.#state = "failed";
    this.finish({ kind: "failed" });
  }
}
