/**
 * What Discord accepts as an application command.
 * https://discord.com/developers/docs/interactions/application-commands#application-command-object
 */

import * as z from "zod";

export const COMMAND = { chatInput: 1, user: 2, message: 3 } as const;
export const OPTION = {
  subcommand: 1,
  subcommandGroup: 2,
  string: 3,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
} as const;
const OPTION_TYPES = Object.values(OPTION);
const SUBCOMMAND_TYPES: readonly number[] = [OPTION.subcommand, OPTION.subcommandGroup];
const CHOICE_TYPES: readonly number[] = [OPTION.string, OPTION.integer, OPTION.number];
const MAX_OPTIONS = 25;
/** Names, descriptions and values of a command, of its options and choices together. */
const MAX_COMMAND_CHARACTERS = 8_000;

/** https://discord.com/developers/docs/reference#locales */
const LOCALES = [
  ...["id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR"],
  ...["ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko"],
] as const;

/** https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming */
const NAME_PATTERN = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

const chatName = z
  .string()
  .regex(NAME_PATTERN, "String value did not match validation regex.")
  .refine((name) => name === name.toLowerCase(), "Command name is invalid: it must be in lower case.");
const description = z.string().min(1).max(100);
const localized = <Value extends z.ZodType<string>>(value: Value) =>
  z
    .record(z.string(), value)
    .refine((byLocale) => Object.keys(byLocale).every((key) => LOCALES.some((locale) => locale === key)), {
      message: `Value must be one of: ${LOCALES.join(", ")}.`,
    })
    .nullish();

const choice = z.object({
  name: z.string().min(1).max(100),
  name_localizations: localized(z.string().min(1).max(100)),
  value: z.union([z.string().min(1).max(100), z.number()]),
});

const limits = {
  channel_types: z.array(z.number().int()).optional(),
  min_value: z.number().optional(),
  max_value: z.number().optional(),
  min_length: z.number().int().min(0).max(6_000).optional(),
  max_length: z.number().int().min(1).max(6_000).optional(),
};
const optionFields = z.object({
  type: z.number().refine((type) => OPTION_TYPES.some((known) => known === type), "Value must be an option's type."),
  name: chatName,
  name_localizations: localized(chatName),
  description,
  description_localizations: localized(description),
  required: z.boolean().default(false),
  choices: z.array(choice).max(MAX_OPTIONS).optional(),
  autocomplete: z.boolean().optional(),
  ...limits,
});

export interface CommandOption extends z.infer<typeof optionFields> {
  readonly options?: readonly CommandOption[] | undefined;
}

const option: z.ZodType<CommandOption> = optionFields
  .extend({
    get options() {
      return optionList.optional();
    },
  })
  .superRefine((value, context) => {
    for (const message of problemsOf(value)) context.addIssue({ code: "custom", message });
  });
const optionList = z
  .array(option)
  .max(MAX_OPTIONS)
  .superRefine((options, context) => {
    const names = options.map(({ name }) => name);
    if (new Set(names).size < names.length) {
      context.addIssue({ code: "custom", message: "Option names must be unique." });
    }
    const firstOptional = options.findIndex(({ required }) => !required);
    const lateRequired = options.findIndex(({ required }, index) => required && index > firstOptional);
    if (firstOptional >= 0 && lateRequired >= 0) {
      const message = "Required options must be placed before non-required options.";
      context.addIssue({ code: "custom", message, path: [lateRequired] });
    }
    const subcommands = options.filter(({ type }) => SUBCOMMAND_TYPES.includes(type));
    if (subcommands.length > 0 && subcommands.length < options.length) {
      context.addIssue({
        code: "custom",
        message: "Sub-command and sub-command group option types are mutually exclusive to all other types.",
      });
    }
  });

function* problemsOf(given: CommandOption): Generator<string> {
  const inner = given.options ?? [];
  const isSubcommand = SUBCOMMAND_TYPES.includes(given.type);
  if (!isSubcommand && inner.length > 0) yield "Only sub-commands have options.";
  if (isSubcommand && given.required) yield "A sub-command cannot be required.";
  if (given.type === OPTION.subcommandGroup && inner.some(({ type }) => type !== OPTION.subcommand)) {
    yield "A sub-command group has sub-commands only.";
  }
  if (given.type === OPTION.subcommand && inner.some(({ type }) => SUBCOMMAND_TYPES.includes(type))) {
    yield "A sub-command cannot have sub-commands.";
  }
  yield* problemsOfValues(given);
}

function* problemsOfValues(given: CommandOption): Generator<string> {
  const { choices = [], type } = given;
  if (choices.length > 0 && !CHOICE_TYPES.includes(type)) yield "Only strings and numbers have choices.";
  if (given.autocomplete && !CHOICE_TYPES.includes(type)) yield "Only strings and numbers are completed.";
  if (given.autocomplete && choices.length > 0) yield "An option has either choices or autocomplete.";
  const isText = type === OPTION.string;
  if (choices.some(({ value }) => (typeof value === "string") !== isText))
    yield "A choice has a value of the option's type.";
  const isNumber = type === OPTION.integer || type === OPTION.number;
  if (!isNumber && (given.min_value ?? given.max_value) !== undefined)
    yield "Only numbers have a least and a largest value.";
  if (!isText && (given.min_length ?? given.max_length) !== undefined)
    yield "Only strings have a least and a largest length.";
  if (type !== OPTION.channel && given.channel_types !== undefined) yield "Only channels have channel types.";
}

const permissions = z
  .string()
  .regex(/^\d{1,20}$/)
  .nullish();
const common = {
  default_member_permissions: permissions,
  dm_permission: z.boolean().nullish(),
  contexts: z.array(z.number().int().min(0).max(2)).min(1).nullish(),
  integration_types: z.array(z.number().int().min(0).max(1)).min(1).optional(),
  nsfw: z.boolean().default(false),
};
const chatCommand = z.object({
  type: z.literal(COMMAND.chatInput),
  name: chatName,
  name_localizations: localized(chatName),
  description,
  description_localizations: localized(description),
  options: optionList.default([]),
  ...common,
});
const menuName = z.string().min(1).max(32);
const menuCommand = z.object({
  type: z.literal([COMMAND.user, COMMAND.message]),
  name: menuName,
  name_localizations: localized(menuName),
  description: z.literal("").default(""),
  description_localizations: z.null().optional(),
  options: z.array(z.never()).default([]),
  ...common,
});

/** Without a type it is a chat command. */
function typed(body: unknown): unknown {
  return typeof body === "object" && body !== null ? { type: COMMAND.chatInput, ...body } : body;
}

export const command = z
  .preprocess(typed, z.discriminatedUnion("type", [chatCommand, menuCommand]))
  .refine((value) => charactersOf(value) <= MAX_COMMAND_CHARACTERS, {
    message: `Command exceeds maximum size (${MAX_COMMAND_CHARACTERS}).`,
  });
export type CommandBody = z.infer<typeof command>;

interface Described {
  readonly name: string;
  readonly name_localizations?: Readonly<Record<string, string>> | null | undefined;
  readonly description?: string | undefined;
  readonly description_localizations?: Readonly<Record<string, string>> | null | undefined;
  readonly value?: string | number | undefined;
  readonly choices?: readonly Described[] | undefined;
  readonly options?: readonly Described[] | undefined;
}

/** Only the longest translation of each text counts. */
function charactersOf(item: Described): number {
  const longest = (text: string, translations: Described["name_localizations"]): number =>
    Math.max(text.length, ...Object.values(translations ?? {}).map(({ length }) => length));
  const inner = [...(item.choices ?? []), ...(item.options ?? [])];
  return (
    longest(item.name, item.name_localizations) +
    longest(item.description ?? "", item.description_localizations) +
    (typeof item.value === "string" ? item.value.length : 0) +
    inner.reduce((sum, part) => sum + charactersOf(part), 0)
  );
}
