/** The common parts of the REST routes: the caller, the channels with messages, and Discord's errors. */

import type { FastifyReply } from "fastify";
import type { MessageView } from "../gateway/message-payloads.ts";
import type { ApplicationCommands } from "../interactions/application-commands.ts";
import type { Interactions } from "../interactions/interactions.ts";
import type { Journal } from "../journal.ts";
import type { Account, Accounts } from "../world/accounts.ts";
import type { Channel, DirectChannel, World } from "../world/world.ts";
import type { Thread } from "../world/world-chat.ts";
import type { RestFaults } from "./rest-faults.ts";

export interface RestOptions {
  readonly world: World;
  readonly accounts: Accounts;
  readonly gatewayUrl: string;
  readonly allowMessageContent: boolean;
  /** The base address of attachments without an address in the script. */
  readonly cdnUrl: () => string;
  readonly journal: Journal;
  readonly commands: ApplicationCommands;
  readonly interactions: Interactions;
  readonly faults: RestFaults;
  /** The user for whom the faults are. */
  readonly faultyUserId: string;
  /** What `GET /gateway/bot` recommends. */
  readonly shards: number;
  readonly sessionStartLimit: SessionStartLimit;
}

/** How often a bot may identify. https://discord.com/developers/docs/topics/gateway#session-start-limit-object */
export interface SessionStartLimit {
  readonly total: number;
  /** The number at the start; every identify uses one. */
  readonly remaining: number;
  readonly resetAfterMs: number;
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes */
const UNKNOWN = {
  channel: { message: "Unknown Channel", code: 10003 },
  guild: { message: "Unknown Guild", code: 10004 },
  member: { message: "Unknown Member", code: 10007 },
  emoji: { message: "Unknown Emoji", code: 10014 },
  message: { message: "Unknown Message", code: 10008 },
  user: { message: "Unknown User", code: 10013 },
  voiceState: { message: "Unknown Voice State", code: 10065 },
} as const;
export const MISSING_ACCESS = { message: "Missing Access", code: 50001 };
export const MISSING_PERMISSIONS = { message: "Missing Permissions", code: 50013 };
export const INVALID_FORM_BODY = { message: "Invalid Form Body", code: 50035 };

export type Params<Names extends string> = { Params: Record<Names, string> };

export function authenticate({ accounts }: RestOptions, authorization: string | undefined): Account | undefined {
  return authorization?.startsWith("Bot ") ? accounts.authenticate(authorization) : undefined;
}

/** The caller, whom the hook has authorized. */
export function caller(
  options: RestOptions,
  request: { readonly headers: { readonly authorization?: string | undefined } },
) {
  const account = authenticate(options, request.headers.authorization);
  if (account === undefined) throw new Error("A route was reached without authorization.");
  return account;
}

export function notFound(reply: FastifyReply, what: keyof typeof UNKNOWN): FastifyReply {
  return reply.code(404).send(UNKNOWN[what]);
}

/** A place for messages: a channel, a thread, or direct messages. */
export function textPlace(world: World, id: string): Channel | Thread | DirectChannel | undefined {
  return world.channels.get(id) ?? world.chat.thread(id) ?? world.directChannel(id);
}

export function isVisible(world: World, channel: { readonly id: string }, userId: string): boolean {
  return world.member(userId) !== undefined && world.canSee(userId, channel.id);
}

/** How a user sees messages. */
export function messageView({ allowMessageContent, cdnUrl }: RestOptions, viewerId: string): MessageView {
  return { messageContent: allowMessageContent, viewerId, cdnUrl: cdnUrl() };
}
