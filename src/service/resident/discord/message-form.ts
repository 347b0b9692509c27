import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIModalInteractionResponseCallbackData,
  ButtonStyle,
  ComponentType,
  MessageFlags,
  type RESTPostAPIChannelMessageJSONBody,
  TextInputStyle,
} from "discord-api-types/v10";
import { MAX_MESSAGE_LENGTH } from "../../../session/forms.ts";
import type { Answer, Modal } from "../commands/request.ts";

/** Answers, panels and modals in Discord's JSON. */

const STYLES = {
  primary: ButtonStyle.Primary,
  secondary: ButtonStyle.Secondary,
  success: ButtonStyle.Success,
  danger: ButtonStyle.Danger,
} as const;

const MAX_LABEL_LENGTH = 80;

/** Nobody is notified by a name in it, and an address in it shows no preview. */
export function messageBody({ text, rows = [] }: Answer) {
  return {
    // The cut may fall into an emoji, and Discord takes only whole characters.
    content: text.slice(0, MAX_MESSAGE_LENGTH).toWellFormed(),
    allowed_mentions: { parse: [] },
    flags: MessageFlags.SuppressEmbeds,
    components: rows.filter((row) => row.length > 0).map(rowOf),
  } satisfies RESTPostAPIChannelMessageJSONBody;
}

type Row = NonNullable<Answer["rows"]>[number];

function rowOf(row: Row): APIActionRowComponent<APIButtonComponent> {
  return { type: ComponentType.ActionRow, components: row.map(buttonOf) };
}

function buttonOf(button: Row[number]): APIButtonComponent {
  const common = { type: ComponentType.Button, label: button.label.slice(0, MAX_LABEL_LENGTH).toWellFormed() } as const;
  if ("url" in button) return { ...common, style: ButtonStyle.Link, url: button.url };
  const { id, style, disabled } = button;
  return { ...common, style: STYLES[style], custom_id: id, ...(disabled ? { disabled } : {}) };
}

export function modalBody({ id, title, fields }: Modal): APIModalInteractionResponseCallbackData {
  return {
    custom_id: id,
    title,
    components: fields.map((field) => ({
      type: ComponentType.ActionRow,
      components: [
        {
          type: ComponentType.TextInput,
          custom_id: field.id,
          label: field.label,
          style: field.lines === "one" ? TextInputStyle.Short : TextInputStyle.Paragraph,
          max_length: field.maxLength,
          required: field.required,
          ...(field.value === undefined ? {} : { value: field.value }),
        },
      ],
    })),
  };
}
