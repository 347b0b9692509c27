import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  type LocalizationMap,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from "discord-api-types/v10";
import { CALL_ROWS } from "./call-rows.ts";
import type { CommandRow, GroupRow, OptionKind, OptionRow, Text } from "./command-rows.ts";

/** All commands are below this one. */
export const COMMAND_NAME = "record";

const NAME: Text = {
  en: COMMAND_NAME,
  ...{ de: "aufnahme", fr: "enregistrer", es: "grabar", ptBr: "gravar", ja: "録音" },
};
const DESCRIPTION: Text = {
  en: "Record voice channels",
  de: "Sprachkanäle aufnehmen",
  fr: "Enregistrer des salons vocaux",
  es: "Grabar canales de voz",
  ptBr: "Gravar canais de voz",
  ja: "ボイスチャンネルを録音する",
};

const TYPES = {
  text: ApplicationCommandOptionType.String,
  number: ApplicationCommandOptionType.Integer,
  flag: ApplicationCommandOptionType.Boolean,
  user: ApplicationCommandOptionType.User,
  role: ApplicationCommandOptionType.Role,
  voice_channel: ApplicationCommandOptionType.Channel,
  text_channel: ApplicationCommandOptionType.Channel,
  category: ApplicationCommandOptionType.Channel,
  any_channel: ApplicationCommandOptionType.Channel,
} as const satisfies Record<OptionKind, ApplicationCommandOptionType>;

const VOICE = [ChannelType.GuildVoice, ChannelType.GuildStageVoice] as const;
const CHANNEL_TYPES: Partial<Record<OptionKind, readonly ChannelType[]>> = {
  voice_channel: VOICE,
  text_channel: [ChannelType.GuildText, ChannelType.GuildAnnouncement, ...VOICE],
  category: [ChannelType.GuildCategory],
};

/**
 * The command as it is registered. Everybody sees it, unless a server's own command permissions say otherwise; each
 * sub-command checks who may use it.
 *
 * @param rows further sub-commands and groups
 */
export function registration(
  rows: readonly (CommandRow | GroupRow)[],
): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return {
    type: ApplicationCommandType.ChatInput,
    ...named(NAME, DESCRIPTION),
    options: [...CALL_ROWS, ...rows].map((row) => ("commands" in row ? group(row) : subcommand(row))),
    contexts: [InteractionContextType.Guild],
    integration_types: [ApplicationIntegrationType.GuildInstall],
  };
}

function group({ name, description, commands }: GroupRow): APIApplicationCommandOption {
  return {
    type: ApplicationCommandOptionType.SubcommandGroup,
    ...named(name, description),
    options: commands.map(subcommand),
  };
}

function subcommand({ name, description, options }: CommandRow): APIApplicationCommandSubcommandOption {
  return { type: ApplicationCommandOptionType.Subcommand, ...named(name, description), options: options.map(option) };
}

function option(row: OptionRow): APIApplicationCommandBasicOption {
  const { kind, required = false, choices, completes, min, max, maxLength } = row;
  const channelTypes = CHANNEL_TYPES[kind];
  // Each field is there only for the kinds that have it.
  return {
    type: TYPES[kind],
    ...named(row.name, row.description),
    required,
    ...(choices === undefined ? {} : { choices: choices.map(choiceOf) }),
    ...(completes ? { autocomplete: true } : {}),
    ...(channelTypes === undefined ? {} : { channel_types: [...channelTypes] }),
    ...(min === undefined ? {} : { min_value: min }),
    ...(max === undefined ? {} : { max_value: max }),
    ...(maxLength === undefined ? {} : { max_length: maxLength }),
  } as APIApplicationCommandBasicOption;
}

function choiceOf({ name, value }: { readonly name: Text; readonly value: string }) {
  return { name: name.en, name_localizations: translations(name), value };
}

function named(name: Text, description: Text) {
  return {
    name: name.en,
    name_localizations: translations(name),
    description: description.en,
    description_localizations: translations(description),
  };
}

function translations({ de, fr, es, ptBr, ja }: Text): LocalizationMap {
  return { de, fr, "es-ES": es, "es-419": es, "pt-BR": ptBr, ja };
}
