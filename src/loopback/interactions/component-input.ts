/** What Discord's own client makes of a choice in a menu, and of a modal that a person fills in. */

import type { Json } from "../json.ts";
import { NotPossible } from "./command-input.ts";
import { COMPONENT, type Modal, type ModalField, type SelectMenu } from "./message-components.ts";
import type { ResolvedData } from "./resolved-data.ts";
import type { FieldValues } from "./seen.ts";

/**
 * The values chosen in a menu.
 *
 * @param resolved gets the ids among them
 * @throws NotPossible
 */
export function chosenValues(menu: SelectMenu, values: readonly string[], resolved: ResolvedData): Json {
  const { custom_id: id, min_values: least, max_values: most } = menu;
  if (values.length < least || values.length > most) throw new NotPossible(`${id} takes ${least} to ${most} values`);
  if (!values.every((value) => offers(menu, value, resolved))) {
    throw new NotPossible(`${id} does not offer ${values.join(", ")}`);
  }
  return { values };
}

function offers(menu: SelectMenu, value: string, resolved: ResolvedData): boolean {
  switch (menu.type) {
    case COMPONENT.stringSelect:
      return menu.options.some((option) => option.value === value);
    case COMPONENT.userSelect:
      return resolved.addUser(value);
    case COMPONENT.roleSelect:
      return resolved.addRole(value);
    case COMPONENT.mentionableSelect:
      return resolved.addUser(value) || resolved.addRole(value);
    case COMPONENT.channelSelect:
      return resolved.addChannel(value, menu.channel_types);
  }
}

/**
 * `data` of the modal's interaction.
 *
 * @throws NotPossible
 */
export function modalData(modal: Modal, values: FieldValues, resolved: ResolvedData): Json {
  const filled = (field: ModalField): Json => filledField(field, values, resolved);
  const components = modal.components.map((row) =>
    "component" in row
      ? { type: row.type, component: filled(row.component) }
      : { type: row.type, components: row.components.map(filled) },
  );
  return { custom_id: modal.custom_id, components, ...resolved.payload };
}

function filledField(field: ModalField, values: FieldValues, resolved: ResolvedData): Json {
  const { type, custom_id: customId } = field;
  const value = values[customId];
  if (field.type !== COMPONENT.textInput) {
    const chosen = typeof value === "string" ? [value] : (value ?? []);
    return { type, custom_id: customId, ...chosenValues(field, chosen, resolved) };
  }
  const text = typeof value === "string" ? value : (field.value ?? "");
  const { min_length: shortest = 0, max_length: longest = 4_000, required } = field;
  const isWrong = text.length > longest || (text === "" ? required : text.length < shortest);
  if (isWrong) throw new NotPossible(`the field ${customId} has ${text.length} characters`);
  return { type, custom_id: customId, value: text };
}
