import { PermissionFlagsBits } from "discord-api-types/v10";

/** The features of a job that need further Discord permissions. */
export interface Features {
  /** Reads a text channel. */
  readonly chat: boolean;
  /** Posts notices, or asks for consent. */
  readonly notices: boolean;
  /** Speaks a notice. */
  readonly spokenNotice: boolean;
  /** Puts a prefix before its nickname. */
  readonly nickname: boolean;
}

const { ViewChannel, Connect, Speak, UseVAD, SendMessages, ReadMessageHistory, ChangeNickname } = PermissionFlagsBits;

/** The permissions to invite the bot with; `docs/guide/record-your-server.md` explains each. */
export function permissionsFor({ chat, notices, nickname }: Features): bigint {
  let bits = ViewChannel | Connect | Speak | UseVAD;
  if (notices) bits |= SendMessages;
  if (chat) bits |= ReadMessageHistory;
  if (nickname) bits |= ChangeNickname;
  return bits;
}

/**
 * The page where a person adds the bot to a server.
 * https://discord.com/developers/docs/topics/oauth2#bot-authorization-flow
 */
export function inviteUrl(applicationId: string, features: Features): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    // The second one lets it have commands.
    scope: "bot applications.commands",
    permissions: String(permissionsFor(features)),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}

/**
 * The first part of a token is the bot's id in Base64, which is also the application's id. Undefined if it is not an
 * id.
 */
export function applicationIdIn(token: string): string | undefined {
  const id = Buffer.from(token.split(".")[0] ?? "", "base64url").toString("latin1");
  return /^\d{17,20}$/.test(id) ? id : undefined;
}
