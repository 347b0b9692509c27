import {
  type APIOverwrite,
  type APIRole,
  type GatewayGuildCreateDispatchData,
  OverwriteType,
  PermissionFlagsBits,
} from "discord-api-types/v10";

/** The part of a guild's state that is read from the gateway or over REST. */
export type GuildState = Pick<
  GatewayGuildCreateDispatchData,
  "id" | "name" | "owner_id" | "roles" | "members" | "channels" | "voice_states"
>;

/** The part of a server's state from which permissions follow. */
export interface PermissionFacts {
  readonly id: string;
  readonly owner_id: string;
  readonly roles: readonly Pick<APIRole, "id" | "permissions">[];
  readonly members: readonly { readonly user: { readonly id: string }; readonly roles: readonly string[] }[];
  readonly channels: readonly {
    readonly id: string;
    readonly permission_overwrites?: readonly Overwrite[] | undefined;
  }[];
}

type Overwrite = Readonly<Pick<APIOverwrite, "id" | "type" | "allow" | "deny">>;

/**
 * Computes an account's permissions in a channel, in the order of Discord's documentation, "Permission Overwrites".
 *
 * @param channelId the guild's own id for the permissions of its roles everywhere
 */
export function channelPermissions(guild: PermissionFacts, channelId: string, userId: string): bigint {
  if (guild.owner_id === userId) return EVERYTHING;
  const member = guild.members.find(({ user }) => user.id === userId);
  // The @everyone role has the guild's id.
  const roleIds = new Set([guild.id, ...(member?.roles ?? [])]);
  let granted = 0n;
  for (const role of guild.roles) if (roleIds.has(role.id)) granted |= BigInt(role.permissions);
  if (granted & PermissionFlagsBits.Administrator) return EVERYTHING;

  const channel = guild.channels.find(({ id }) => id === channelId);
  const overwrites: readonly Overwrite[] = channel?.permission_overwrites ?? [];
  const apply = (chosen: typeof overwrites): void => {
    let [allow, deny] = [0n, 0n];
    for (const overwrite of chosen) {
      allow |= BigInt(overwrite.allow);
      deny |= BigInt(overwrite.deny);
    }
    granted = (granted & ~deny) | allow;
  };
  apply(overwrites.filter(({ id }) => id === guild.id));
  apply(overwrites.filter(({ id, type }) => type === OverwriteType.Role && id !== guild.id && roleIds.has(id)));
  apply(overwrites.filter(({ id, type }) => type === OverwriteType.Member && id === userId));
  return granted;
}

const EVERYTHING = (1n << 64n) - 1n;

/** Names as Discord's own pages show them, for the bits that this worker needs. */
const NAMES: readonly (readonly [bit: bigint, name: string])[] = [
  [PermissionFlagsBits.ViewChannel, "View Channel"],
  [PermissionFlagsBits.Connect, "Connect"],
  [PermissionFlagsBits.Speak, "Speak"],
  [PermissionFlagsBits.SendMessages, "Send Messages"],
  [PermissionFlagsBits.ReadMessageHistory, "Read Message History"],
  [PermissionFlagsBits.ChangeNickname, "Change Nickname"],
];

/** @returns the names of the needed permissions that are missing */
export function missingPermissions(granted: bigint, needed: bigint): string[] {
  return NAMES.filter(([bit]) => (needed & bit) !== 0n && (granted & bit) === 0n).map(([, name]) => name);
}
