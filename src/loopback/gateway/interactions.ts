/**
 * Buttons under messages: clicks on them, the events for the bot that posted them, and its answers.
 * https://discord.com/developers/docs/interactions/receiving-and-responding
 */

import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { Json } from "../json.ts";
import { createSnowflake } from "../world/snowflake.ts";
import type { World } from "../world/world.ts";
import type { Message } from "../world/world-chat.ts";
import { memberPayload } from "./gateway-payloads.ts";
import type { GatewaySession } from "./gateway-session.ts";
import { buttonsOf } from "./message-buttons.ts";
import { messagePayload } from "./message-payloads.ts";

/** After this time without an answer Discord shows "This interaction failed". */
const ANSWER_DEADLINE_MS = 3_000;
const MESSAGE_COMPONENT = 3;
const BUTTON = 2;
/**
 * Flag of a message that only the clicking person sees.
 * https://discord.com/developers/docs/resources/message#message-object-message-flags
 */
const EPHEMERAL = 1 << 6;

const UNKNOWN_INTERACTION = { message: "Unknown interaction", code: 10062 };
const ALREADY_ANSWERED = { message: "Interaction has already been acknowledged.", code: 40060 };

/** Type 4: a message. https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object */
const callback = z.object({
  type: z.literal(4),
  data: z.object({ content: z.string().min(1).max(2_000), flags: z.number().int().default(0) }),
});

export interface PressAnswer {
  readonly content: string;
  /** Whether only the clicking person sees it. */
  readonly ephemeral: boolean;
}

interface Pending {
  readonly token: string;
  readonly answer: (answer: PressAnswer | undefined) => void;
  answered: boolean;
}

export interface InteractionsOptions {
  readonly world: World;
  readonly botUserId: string;
  readonly cdnUrl: () => string;
  readonly sessions: () => Iterable<GatewaySession>;
}

export class Interactions {
  readonly #options: InteractionsOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: InteractionsOptions) {
    this.#options = options;
  }

  /**
   * A member clicks the button with this label under the bot's newest message that has one.
   *
   * @returns the answer they see; undefined if there is no such button, or no answer in time
   */
  async press(userId: string, label: string): Promise<PressAnswer | undefined> {
    const { world, botUserId } = this.#options;
    for (const message of world.chat.messagesBy(botUserId).toReversed()) {
      const button = buttonsOf(message.components).find((candidate) => candidate.label === label);
      if (button !== undefined) return await this.#interact(userId, message, button.customId);
    }
    return undefined;
  }

  /** @returns the error's status and body, or undefined if the answer is accepted */
  answer(id: string, token: string, body: unknown): { readonly status: number; readonly body: Json } | undefined {
    const pending = this.#pending.get(id);
    if (pending?.token !== token) return { status: 404, body: UNKNOWN_INTERACTION };
    if (pending.answered) return { status: 400, body: ALREADY_ANSWERED };
    const parsed = callback.safeParse(body);
    if (!parsed.success) return { status: 400, body: { message: "Invalid Form Body", code: 50035 } };
    pending.answered = true;
    const { content, flags } = parsed.data.data;
    pending.answer({ content, ephemeral: (flags & EPHEMERAL) !== 0 });
    return undefined;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { answer } of this.#pending.values()) answer(undefined);
  }

  #interact(userId: string, message: Message, customId: string): Promise<PressAnswer | undefined> {
    const { world, botUserId, sessions } = this.#options;
    const [id, token] = [createSnowflake(), randomBytes(32).toString("base64url")];
    const { promise, resolve } = Promise.withResolvers<PressAnswer | undefined>();
    this.#pending.set(id, { token, answer: resolve, answered: false });
    const timer = setTimeout(() => {
      this.#pending.delete(id);
      this.#timers.delete(timer);
      resolve(undefined);
    }, ANSWER_DEADLINE_MS);
    this.#timers.add(timer);
    const payload = this.#payload({ id, token, userId, message, customId });
    for (const session of sessions()) {
      // This needs no intent.
      if (session.account.user.id === botUserId && session.owns(world.guild.id)) {
        session.dispatch("INTERACTION_CREATE", payload);
      }
    }
    return promise;
  }

  #payload(interaction: {
    readonly id: string;
    readonly token: string;
    readonly userId: string;
    readonly message: Message;
    readonly customId: string;
  }): Json {
    const { world, botUserId, cdnUrl } = this.#options;
    const { id, token, userId, message, customId } = interaction;
    const member = world.member(userId);
    if (member === undefined) throw new Error(`${userId} is not a member of the guild, and cannot press a button.`);
    return {
      id,
      token,
      application_id: botUserId,
      type: MESSAGE_COMPONENT,
      version: 1,
      guild_id: world.guild.id,
      channel_id: message.channelId,
      channel: { id: message.channelId },
      member: { ...memberPayload(member), permissions: "0" },
      locale: "en-US",
      guild_locale: "en-US",
      app_permissions: "0",
      entitlements: [],
      authorizing_integration_owners: {},
      context: 0,
      attachment_size_limit: 0,
      message: messagePayload(world, message, { messageContent: true, viewerId: botUserId, cdnUrl: cdnUrl() }),
      data: { component_type: BUTTON, custom_id: customId },
    };
  }
}
