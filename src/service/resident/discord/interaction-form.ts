import {
  type APIApplicationCommandAutocompleteInteraction,
  type APIChatInputApplicationCommandInteraction,
  type APIGuildInteraction,
  type APIInteraction,
  type APIMessageComponentInteraction,
  type APIModalSubmitInteraction,
  ApplicationCommandOptionType,
  ComponentType,
} from "discord-api-types/v10";
import { boundedName } from "../../../text/safe-text.ts";
import type { CommandRequest, CompletionRequest, ComponentRequest, ModalRequest } from "../commands/request.ts";

/** What Discord sends of an interaction, read into the requests of commands. */

export type GuildInteraction<Given extends APIInteraction> = Given & APIGuildInteraction;

/** What is known of the servers from the gateway. */
export interface KnownGuilds {
  /** Undefined until Discord has sent the server's state, and in servers without the bot. */
  guild(guildId: string): object | undefined;
  voiceChannelOf(guildId: string, userId: string): string | null;
}

interface Parts {
  readonly world: KnownGuilds;
  readonly now: () => number;
}

/** Begins the ids of our components and modals. Those of the worker of the same bot begin otherwise. */
const PREFIX = "record:";

export function isOurs({ data }: { readonly data: { readonly custom_id: string } }): boolean {
  return data.custom_id.startsWith(PREFIX);
}

/** The first part of an id after `record:`. */
export function kindOf({ data }: { readonly data: { readonly custom_id: string } }): string {
  return partsOf(data.custom_id)[0] ?? "";
}

/** The words after the command's name. */
export function pathOf({ data }: { readonly data: { readonly options?: readonly SentOption[] } }): string {
  return chosen(data.options ?? []).path;
}

export function commandRequest(
  interaction: GuildInteraction<APIChatInputApplicationCommandInteraction>,
  parts: Parts,
): CommandRequest {
  const { values } = chosen(interaction.data.options ?? []);
  const options = Object.fromEntries(values.map(({ name, value }) => [name, value]));
  const channels = Object.entries(interaction.data.resolved?.channels ?? {});
  const channelPermissions = new Map(channels.map(([id, { permissions }]) => [id, BigInt(permissions)]));
  return { ...placeOf(interaction, parts), options, channelPermissions };
}

export function completionRequest(
  interaction: GuildInteraction<APIApplicationCommandAutocompleteInteraction>,
  parts: Parts,
): CompletionRequest {
  const { values } = chosen(interaction.data.options);
  const options = Object.fromEntries(values.map(({ name, value }) => [name, value]));
  const focused = values.find((option) => option.focused === true)?.name ?? "";
  return { ...placeOf(interaction, parts), options, channelPermissions: new Map(), focused };
}

export function componentRequest(
  interaction: GuildInteraction<APIMessageComponentInteraction>,
  parts: Parts,
): ComponentRequest {
  const { data, message } = interaction;
  return {
    ...placeOf(interaction, parts),
    parts: partsOf(data.custom_id),
    values: "values" in data ? data.values : [],
    messageId: message.id,
  };
}

export function modalRequest(interaction: GuildInteraction<APIModalSubmitInteraction>, parts: Parts): ModalRequest {
  const { data } = interaction;
  const filled = data.components.flatMap((row) => ("components" in row ? row.components : []));
  const fields = filled.flatMap((field) =>
    field.type === ComponentType.TextInput ? [[field.custom_id, field.value]] : [],
  );
  return {
    ...placeOf(interaction, parts),
    parts: partsOf(data.custom_id),
    fields: Object.fromEntries(fields),
  };
}

function partsOf(customId: string): readonly string[] {
  return customId.slice(PREFIX.length).split(":");
}

function placeOf(interaction: APIGuildInteraction, { world, now }: Parts) {
  const { id, guild_id: guildId, member, locale, channel } = interaction;
  const { user } = member;
  return {
    interactionId: id,
    guildId,
    channelId: channel?.id ?? interaction.channel_id ?? "",
    asker: {
      userId: user.id,
      name: boundedName(member.nick ?? user.global_name ?? user.username),
      // Discord lists it nowhere: everybody has the role whose id is the server's.
      roleIds: [guildId, ...member.roles],
      permissions: BigInt(member.permissions),
      voiceChannelId: world.voiceChannelOf(guildId, user.id),
    },
    locale,
    at: now(),
  };
}

interface SentOption {
  readonly name: string;
  readonly type: ApplicationCommandOptionType;
  readonly options?: readonly SentOption[];
  readonly value?: string | number | boolean;
  readonly focused?: boolean;
}

interface SentValue {
  readonly name: string;
  readonly value: string | number | boolean;
  readonly focused?: boolean | undefined;
}

/** The innermost sub-command. */
function chosen(options: readonly SentOption[]): { readonly path: string; readonly values: readonly SentValue[] } {
  const words: string[] = [];
  let given = options;
  for (;;) {
    const inner = given.find(
      ({ type }) =>
        type === ApplicationCommandOptionType.Subcommand || type === ApplicationCommandOptionType.SubcommandGroup,
    );
    if (inner === undefined) break;
    words.push(inner.name);
    given = inner.options ?? [];
  }
  const values = given.flatMap(({ name, value, focused }) => (value === undefined ? [] : [{ name, value, focused }]));
  return { path: words.join(" "), values };
}
