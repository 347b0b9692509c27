import { PermissionFlagsBits } from "discord-api-types/v10";
import { channelPermissions, type GuildState } from "./permissions.ts";

/**
 * When a member's time-out ends, as ISO 8601. A moderator sets it. Until then the member has only View Channel and Read
 * Message History, and is in no voice channel (Discord's documentation, "Permissions for Timed Out Members").
 *
 * @returns undefined if there is none, or it is over
 */
export function timeOutEnd(member: { readonly communication_disabled_until?: string | null }): string | undefined {
  const endMs = Date.parse(member.communication_disabled_until ?? "");
  return endMs > Date.now() ? new Date(endMs).toISOString() : undefined;
}

/** Like `timeOutEnd`, for a member of a guild. It does not apply to the owner and to administrators. */
export function timeOutIn(guild: GuildState, userId: string): string | undefined {
  const member = guild.members.find(({ user }) => user.id === userId);
  if (member === undefined) return undefined;
  const isExempt = (channelPermissions(guild, guild.id, userId) & PermissionFlagsBits.Administrator) !== 0n;
  return isExempt ? undefined : timeOutEnd(member);
}
