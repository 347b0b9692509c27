import type { Action, GuildSettings } from "./guild-settings.ts";

/** Who may do what. Discord's own command permissions come first: it does not send a command that they forbid. Pure. */

/** Bits of https://discord.com/developers/docs/topics/permissions. */
const ADMINISTRATOR = 1n << 3n;
const MANAGE_GUILD = 1n << 5n;
const VIEW_CHANNEL = 1n << 10n;
const CONNECT = 1n << 20n;

export interface Asker {
  readonly userId: string;
  readonly roleIds: readonly string[];
  /** The person's permissions in the server, which the interaction holds. */
  readonly permissions: bigint;
  /** The voice channel that they are in. */
  readonly voiceChannelId: string | null;
}

/** The call that something is asked about. A call that is about to start has nobody who started it. */
export interface AskedCall {
  readonly voiceChannelId: string;
  readonly startedBy: string | null;
  /** The asker's permissions in the call's channel; null if they are not known. */
  readonly channelPermissions: bigint | null;
}

export type May = { readonly allowed: true } | { readonly allowed: false; readonly why: string };

const YES: May = { allowed: true };

/** Whether somebody may do something, or a sentence for them. */
export function whoMay(action: Action, asker: Asker, settings: GuildSettings, call: AskedCall | null): May {
  if (managesServer(asker)) return YES;
  if (call !== null && action === "start" && !canEnter(asker, call)) {
    return no("You cannot join this voice channel, so you cannot have it recorded.");
  }
  if (call !== null && action !== "start" && call.startedBy === asker.userId && action !== "configure") return YES;
  const roles = settings.roles[action];
  if (asker.roleIds.some((id) => roles.includes(id))) return YES;
  if (roles.length > 0 || !isOpenTo(action, asker, call)) return no(refusal(action, roles));
  return YES;
}

/** Manage Server, or Administrator, which includes it. */
export function managesServer({ permissions }: Pick<Asker, "permissions">): boolean {
  return (permissions & (ADMINISTRATOR | MANAGE_GUILD)) !== 0n;
}

/** What people may do without a role for it: those in the voice channel start and stop its recording. */
function isOpenTo(action: Action, { voiceChannelId }: Asker, call: AskedCall | null): boolean {
  const isThere = call !== null && voiceChannelId === call.voiceChannelId;
  return (action === "start" || action === "stop") && isThere;
}

function canEnter({ voiceChannelId }: Asker, call: AskedCall): boolean {
  if (voiceChannelId === call.voiceChannelId || call.channelPermissions === null) return true;
  const needed = VIEW_CHANNEL | CONNECT;
  return (call.channelPermissions & ADMINISTRATOR) !== 0n || (call.channelPermissions & needed) === needed;
}

const DEFAULTS: Readonly<Record<Action, string>> = {
  start: "people who are in the voice channel, and those with the permission Manage Server",
  stop: "people who are in the voice channel, the person who started the recording, and those with the permission Manage Server",
  get: "the person who started the recording, and those with the permission Manage Server",
  configure: "people with the permission Manage Server",
};

const WORDS: Readonly<Record<Action, string>> = {
  start: "start a recording",
  stop: "stop, pause or resume this recording",
  get: "get this recording",
  configure: "change how this server is recorded",
};

/** The roles are shown as mentions; answers notify nobody. */
function refusal(action: Action, roles: readonly string[]): string {
  if (roles.length === 0) return `You may not ${WORDS[action]}: that is for ${DEFAULTS[action]}.`;
  const names = roles.map((id) => `<@&${id}>`).join(", ");
  const starter = action === "stop" || action === "get" ? ", the person who started it" : "";
  return `You may not ${WORDS[action]}: that is for ${names}${starter} and people with the permission Manage Server.`;
}

function no(why: string): May {
  return { allowed: false, why };
}

/** Who may do something, for the list of settings. */
export function whoMayWords(action: Action, settings: GuildSettings): string {
  const roles = settings.roles[action];
  if (roles.length === 0) return DEFAULTS[action];
  const names = roles.map((id) => `<@&${id}>`).join(", ");
  const starter = action === "stop" || action === "get" ? ", the person who started the recording" : "";
  return `${names}${starter} and people with the permission Manage Server`;
}
