/** What a person sees of a bot: messages, modals, choices. */

import type { Json } from "../json.ts";
import type { Message } from "../world/world-chat.ts";
import type { Choice } from "./callbacks.ts";
import { MESSAGE_FLAG } from "./message-body.ts";
import { COMPONENT, controlsOf, linksOf } from "./message-components.ts";

export interface SeenMessage {
  readonly id: string;
  readonly channelId: string;
  readonly authorId: string;
  readonly content: string;
  readonly embeds: readonly Json[];
  /** Buttons with an id, and menus, in order. */
  readonly controls: readonly SeenControl[];
  /** Buttons with an address. */
  readonly links: readonly { readonly label: string; readonly url: string }[];
  /** Nobody else sees it. */
  readonly ephemeral: boolean;
  /** The bot has said that it thinks, and nothing else yet. */
  readonly thinking: boolean;
}

export interface SeenControl {
  readonly customId: string;
  /** A menu has its placeholder. */
  readonly label: string;
  readonly disabled: boolean;
}

/** What a person sees after they did something, and how long the bot's first answer took. */
export type SeenOutcome = { readonly afterMs: number } & (
  | { readonly kind: "message" | "update"; readonly message: SeenMessage }
  | { readonly kind: "acknowledged" | "deleted" | "failed" }
  | { readonly kind: "modal"; readonly modal: OpenModal }
  | { readonly kind: "choices"; readonly choices: readonly Choice[] }
);

/** By field; a menu has a list. */
export type FieldValues = Readonly<Record<string, string | readonly string[]>>;

export interface OpenModal {
  readonly title: string;
  readonly fields: readonly { readonly customId: string; readonly value: string }[];
  /** Fills it in and sends it. */
  submit(values: FieldValues): Promise<SeenOutcome>;
}

export function seenMessage(message: Message): SeenMessage {
  const { id, channelId, author, content, embeds, components, flags } = message;
  return {
    id,
    channelId,
    authorId: author.id,
    content,
    embeds,
    controls: controlsOf(components).map((control) => ({
      customId: control.custom_id,
      label: (control.type === COMPONENT.button ? control.label : control.placeholder) ?? "",
      disabled: control.disabled === true,
    })),
    links: linksOf(components),
    ephemeral: (flags & MESSAGE_FLAG.ephemeral) !== 0,
    thinking: (flags & MESSAGE_FLAG.loading) !== 0,
  };
}
