/** A bot's first answer to an interaction. https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object */

import * as z from "zod";
import { messageBody } from "./message-body.ts";
import { modal } from "./message-components.ts";

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-type */
export const INTERACTION = { command: 2, component: 3, autocomplete: 4, modalSubmit: 5 } as const;
export type InteractionType = (typeof INTERACTION)[keyof typeof INTERACTION];

export const CALLBACK = { message: 4, deferredMessage: 5, deferredUpdate: 6, update: 7, choices: 8, modal: 9 } as const;

const choice = z.object({
  name: z.string().min(1).max(100),
  value: z.union([z.string().max(100), z.number()]),
});
export type Choice = z.infer<typeof choice>;

export const callback = z.discriminatedUnion("type", [
  z.object({ type: z.literal(CALLBACK.message), data: messageBody }),
  z.object({
    type: z.literal(CALLBACK.deferredMessage),
    data: z.object({ flags: z.number().int().min(0).nullish() }).nullish(),
  }),
  z.object({ type: z.literal(CALLBACK.deferredUpdate) }),
  z.object({ type: z.literal(CALLBACK.update), data: messageBody.nullish() }),
  z.object({ type: z.literal(CALLBACK.choices), data: z.object({ choices: z.array(choice).max(25) }) }),
  z.object({ type: z.literal(CALLBACK.modal), data: modal }),
]);
export type Callback = z.infer<typeof callback>;

/** Which answers an interaction takes. @param hasMessage whether it came from a component below a message */
export function takes(type: InteractionType, answer: Callback["type"], hasMessage: boolean): boolean {
  switch (answer) {
    case CALLBACK.choices:
      return type === INTERACTION.autocomplete;
    case CALLBACK.modal:
      return type === INTERACTION.command || type === INTERACTION.component;
    case CALLBACK.update:
    case CALLBACK.deferredUpdate:
      return hasMessage && (type === INTERACTION.component || type === INTERACTION.modalSubmit);
    case CALLBACK.message:
    case CALLBACK.deferredMessage:
      return type !== INTERACTION.autocomplete;
  }
}
