import { randomBytes } from "node:crypto";
import { DiscordAPIError, RateLimitError, type REST } from "@discordjs/rest";
import {
  type RESTPostAPIChannelMessageResult,
  type RESTPostAPICurrentUserCreateDMChannelResult,
  Routes,
} from "discord-api-types/v10";
import { RateLimitedError } from "../../../discord/bounded-rest.ts";
import type { Answer } from "../commands/request.ts";
import { messageBody } from "./message-form.ts";

export interface PostedMessage {
  readonly channelId: string;
  readonly messageId: string;
}

/** Why a message could not be written. */
export type Unwritten =
  /** The channel or the message is gone. */
  | { readonly kind: "gone" }
  /** A permission is missing, or the person takes no direct messages. */
  | { readonly kind: "refused"; readonly why: string }
  /** Discord cannot be reached or limits the rate; it may work later. */
  | { readonly kind: "later"; readonly why: string };

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes */
const GONE: ReadonlySet<unknown> = new Set([10003, 10008]);
const REASONS: Readonly<Record<number, string>> = {
  50001: "the bot lacks the permission View Channel",
  50013: "the bot lacks the permission Send Messages",
  50007: "the person takes no direct messages",
};

/** Writes and edits messages with the resident's bot. @discordjs/rest observes Discord's rate limits. */
export class DiscordMessages {
  readonly #rest: Pick<REST, "post" | "patch" | "delete">;

  constructor(rest: Pick<REST, "post" | "patch" | "delete">) {
    this.#rest = rest;
  }

  /** @param nonce a message with the same one is not posted twice within some minutes; at most 25 characters */
  async post(
    channelId: string,
    answer: Answer,
    nonce = randomBytes(12).toString("hex"),
  ): Promise<({ readonly kind: "posted" } & PostedMessage) | Unwritten> {
    return await written(async () => {
      const body = { ...messageBody(answer), nonce, enforce_nonce: true };
      const posted = (await this.#rest.post(Routes.channelMessages(channelId), {
        body,
      })) as RESTPostAPIChannelMessageResult;
      return { kind: "posted", channelId, messageId: posted.id } as const;
    });
  }

  /** A direct message. */
  async postTo(userId: string, answer: Answer, nonce?: string) {
    return await written(async () => {
      const channel = (await this.#rest.post(Routes.userChannels(), {
        body: { recipient_id: userId },
      })) as RESTPostAPICurrentUserCreateDMChannelResult;
      return await this.post(channel.id, answer, nonce);
    });
  }

  async edit(
    { channelId, messageId }: PostedMessage,
    answer: Answer,
  ): Promise<{ readonly kind: "edited" } | Unwritten> {
    return await written(async () => {
      await this.#rest.patch(Routes.channelMessage(channelId, messageId), { body: messageBody(answer) });
      return { kind: "edited" } as const;
    });
  }

  async remove({ channelId, messageId }: PostedMessage): Promise<{ readonly kind: "removed" } | Unwritten> {
    return await written(async () => {
      await this.#rest.delete(Routes.channelMessage(channelId, messageId));
      return { kind: "removed" } as const;
    });
  }
}

async function written<Result>(write: () => Promise<Result>): Promise<Result | Unwritten> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof DiscordAPIError) {
      if (GONE.has(error.code)) return { kind: "gone" };
      const why = typeof error.code === "number" ? REASONS[error.code] : undefined;
      if (error.status < 500) return { kind: "refused", why: why ?? `Discord refused it: ${error.message}` };
      return { kind: "later", why: `Discord answered ${error.status}` };
    }
    if (error instanceof RateLimitedError || error instanceof RateLimitError)
      return { kind: "later", why: error.message };
    return { kind: "later", why: "Discord cannot be reached" };
  }
}
