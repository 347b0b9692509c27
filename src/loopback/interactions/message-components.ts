/**
 * Buttons and select menus under messages, and the text fields of a modal.
 * https://discord.com/developers/docs/components/reference
 */

import * as z from "zod";
import type { Json } from "../json.ts";

export const COMPONENT = {
  actionRow: 1,
  button: 2,
  stringSelect: 3,
  textInput: 4,
  userSelect: 5,
  roleSelect: 6,
  mentionableSelect: 7,
  channelSelect: 8,
  label: 18,
} as const;
/** The button with an address instead of an id. */
const LINK_STYLE = 5;

const customId = z.string().min(1).max(100);
const id = z.number().int().min(0).optional();
const disabled = z.boolean().optional();
const emoji = z.object({ id: z.string().nullish(), name: z.string().nullish(), animated: z.boolean().optional() });

const pressed = z.object({
  type: z.literal(COMPONENT.button),
  id,
  style: z
    .number()
    .int()
    .min(1)
    .max(LINK_STYLE - 1),
  label: z.string().min(1).max(80).optional(),
  emoji: emoji.optional(),
  custom_id: customId,
  disabled,
});
const link = z.object({
  type: z.literal(COMPONENT.button),
  id,
  style: z.literal(LINK_STYLE),
  label: z.string().min(1).max(80).optional(),
  emoji: emoji.optional(),
  url: z.url({ protocol: /^(https?|discord)$/ }).max(512),
  disabled,
});
const button = z
  .union([pressed, link])
  .refine(({ label, emoji: sign }) => label !== undefined || sign !== undefined, "A button needs a label or an emoji.");

const choices = {
  id,
  custom_id: customId,
  placeholder: z.string().max(150).optional(),
  min_values: z.number().int().min(0).max(25).default(1),
  max_values: z.number().int().min(1).max(25).default(1),
  disabled,
};
const stringSelect = z.object({
  type: z.literal(COMPONENT.stringSelect),
  ...choices,
  options: z
    .array(
      z.object({
        label: z.string().min(1).max(100),
        value: z.string().min(1).max(100),
        description: z.string().max(100).optional(),
        emoji: emoji.optional(),
        default: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(25)
    .refine(
      (options) => new Set(options.map(({ value }) => value)).size === options.length,
      "Option values must be unique.",
    ),
});
const entitySelect = z.object({
  type: z.union([
    z.literal(COMPONENT.userSelect),
    z.literal(COMPONENT.roleSelect),
    z.literal(COMPONENT.mentionableSelect),
    z.literal(COMPONENT.channelSelect),
  ]),
  ...choices,
  channel_types: z.array(z.number().int()).optional(),
  default_values: z.array(z.object({ id: z.string(), type: z.enum(["user", "role", "channel"]) })).optional(),
});
const select = z.union([stringSelect, entitySelect]);

const actionRow = z.object({
  type: z.literal(COMPONENT.actionRow),
  id,
  components: z.union([z.array(button).min(1).max(5), z.tuple([select])]),
});

/** Below a message: rows of up to five buttons, or of one menu. */
export const components = z
  .array(actionRow)
  .max(5)
  .refine((rows) => areUnique(rows.flatMap((row) => row.components.map(idOf))), {
    message: "Component custom id cannot be duplicated",
  });

const textInput = z.object({
  type: z.literal(COMPONENT.textInput),
  id,
  custom_id: customId,
  style: z.number().int().min(1).max(2),
  label: z.string().min(1).max(45).optional(),
  min_length: z.number().int().min(0).max(4_000).optional(),
  max_length: z.number().int().min(1).max(4_000).optional(),
  required: z.boolean().default(true),
  value: z.string().max(4_000).optional(),
  placeholder: z.string().max(100).optional(),
});
/** In a row with a label of its own, which is the older way, or below a label component. */
const modalRow = z.union([
  z.object({
    type: z.literal(COMPONENT.actionRow),
    id,
    components: z.tuple([textInput.extend({ label: z.string().min(1).max(45) })]),
  }),
  z.object({
    type: z.literal(COMPONENT.label),
    id,
    label: z.string().min(1).max(45),
    description: z.string().max(100).optional(),
    component: z.union([textInput, select]),
  }),
]);

export const modal = z.object({
  custom_id: customId,
  title: z.string().min(1).max(45),
  components: z.array(modalRow).min(1).max(5),
});

export type Modal = z.infer<typeof modal>;
export type SelectMenu = z.infer<typeof select>;
export type ModalField = z.infer<typeof textInput> | SelectMenu;

/** What a person can use below a message. */
export type Control = z.infer<typeof pressed> | SelectMenu;

export function fieldsOf({ components: rows }: Modal): readonly ModalField[] {
  return rows.flatMap((row): readonly ModalField[] => ("component" in row ? [row.component] : row.components));
}

/** The buttons with an id and the menus of a message that was posted here. */
export function controlsOf(rows: readonly Json[]): readonly Control[] {
  return partsOf(rows).filter((part) => "custom_id" in part);
}

/** Buttons with an address. */
export function linksOf(rows: readonly Json[]): readonly { readonly label: string; readonly url: string }[] {
  return partsOf(rows).flatMap((part) => ("url" in part ? [{ label: part.label ?? "", url: part.url }] : []));
}

function partsOf(rows: readonly Json[]): readonly (Control | z.infer<typeof link>)[] {
  return components.parse(rows).flatMap((row): readonly (Control | z.infer<typeof link>)[] => row.components);
}

/** The buttons with an id of a message that was posted here. */
export function buttonsOf(rows: readonly Json[]): readonly { readonly label: string; readonly customId: string }[] {
  return controlsOf(rows).flatMap((control) =>
    control.type === COMPONENT.button ? [{ label: control.label ?? "", customId: control.custom_id }] : [],
  );
}

function idOf(control: { readonly custom_id: string } | { readonly url: string }): string | undefined {
  return "custom_id" in control ? control.custom_id : undefined;
}

function areUnique(ids: readonly (string | undefined)[]): boolean {
  const given = ids.filter((known) => known !== undefined);
  return new Set(given).size === given.length;
}
