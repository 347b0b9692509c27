/** https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags */
export const PERMISSION = {
  administrator: 1n << 3n,
  manageChannels: 1n << 4n,
  manageGuild: 1n << 5n,
  addReactions: 1n << 6n,
  stream: 1n << 9n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  embedLinks: 1n << 14n,
  readMessageHistory: 1n << 16n,
  connect: 1n << 20n,
  speak: 1n << 21n,
  useVoiceActivity: 1n << 25n,
  changeNickname: 1n << 26n,
  useApplicationCommands: 1n << 31n,
} as const;

export type PermissionName = keyof typeof PERMISSION;

/** Those that a member has only by a role. */
const BY_ROLE: readonly PermissionName[] = ["administrator", "manageChannels", "manageGuild"];
const NAMES = Object.keys(PERMISSION) as PermissionName[];
/** What @everyone has. */
export const EVERYONE_PERMISSIONS = NAMES.filter((name) => !BY_ROLE.includes(name));
export const EVERY_PERMISSION = permissionBits(NAMES);

export function permissionBits(names: Iterable<PermissionName>): bigint {
  let bits = 0n;
  for (const name of names) bits |= PERMISSION[name];
  return bits;
}

/** Permissions that members are denied in single channels. Elsewhere everyone has `EVERYONE_PERMISSIONS`. */
export class Permissions {
  /** By user id, then channel id. */
  readonly #denied = new Map<string, Map<string, ReadonlySet<PermissionName>>>();

  /** Replaces the earlier denials there. */
  deny(userId: string, channelId: string, names: readonly PermissionName[]): void {
    const channels = this.#denied.get(userId) ?? new Map();
    this.#denied.set(userId, channels.set(channelId, new Set(names)));
  }

  denied(userId: string, channelId: string): ReadonlySet<PermissionName> {
    return this.#denied.get(userId)?.get(channelId) ?? new Set();
  }

  has(userId: string, channelId: string, name: PermissionName): boolean {
    return !this.denied(userId, channelId).has(name);
  }
}
