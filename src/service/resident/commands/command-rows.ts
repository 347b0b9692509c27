/** How commands are written down before they are registered: names, help texts and their translations. */

/** Names in lower case without spaces. Discord allows 32 characters for names, 100 for descriptions. */
export interface Text {
  readonly en: string;
  readonly de: string;
  readonly fr: string;
  readonly es: string;
  readonly ptBr: string;
  readonly ja: string;
}

export type OptionKind =
  | "text"
  | "number"
  | "flag"
  | "user"
  | "role"
  | "voice_channel"
  | "text_channel"
  | "category"
  | "any_channel";

export interface OptionRow {
  readonly name: Text;
  readonly description: Text;
  readonly kind: OptionKind;
  readonly required?: boolean;
  readonly choices?: readonly { readonly name: Text; readonly value: string }[];
  readonly completes?: boolean;
  /** For numbers. */
  readonly min?: number;
  readonly max?: number;
  /** For texts. */
  readonly maxLength?: number;
}

export interface CommandRow {
  readonly name: Text;
  readonly description: Text;
  readonly options: readonly OptionRow[];
}

export interface GroupRow {
  readonly name: Text;
  readonly description: Text;
  readonly commands: readonly CommandRow[];
}
