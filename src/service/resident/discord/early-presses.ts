import type { REST } from "@discordjs/rest";
import {
  type APIInteraction,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  Routes,
} from "discord-api-types/v10";
import { statusOf } from "../../../discord/chat/chat-rest.ts";
import type { Log } from "../../../log.ts";
import { NOTICE_TEXTS } from "../../../session/notice-texts.ts";
import { boundedName } from "../../../text/safe-text.ts";
import { isOver, type JobRow } from "../../domain/job-row.ts";
import type { ResidentStore } from "../../ports/resident.ts";
import type { ConsentForwarder } from "../consent-forwarder.ts";
import { readGuildSettings } from "../domain/guild-settings.ts";

/**
 * Presses on Allow and Don't record me while no worker can answer them: before it records, and after its end. The panel has
 * the buttons from the beginning, and people press them at once.
 */
export interface EarlyPressesOptions {
  readonly rest: Pick<REST, "post">;
  readonly store: Pick<ResidentStore, "call" | "guild">;
  readonly consents: Pick<ConsentForwarder, "early">;
  readonly now: () => number;
  readonly log: Log;
}

/** The worker's own ids; `consentButtons` makes them. */
const BUTTON = /^(allow|decline):(.+)$/;

export class EarlyPresses {
  readonly #options: EarlyPressesOptions;

  constructor(options: EarlyPressesOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async handle(interaction: APIInteraction): Promise<void> {
    const { log } = this.#options;
    try {
      const answer = await this.#answerTo(interaction);
      if (answer !== undefined) await this.#send(interaction, answer);
    } catch (error) {
      // Without the error itself: its address contains the interaction's token.
      log.warn({ status: statusOf(error) }, "a press on a consent button could not be answered");
    }
  }

  async #answerTo(interaction: APIInteraction): Promise<string | undefined> {
    if (interaction.type !== InteractionType.MessageComponent || interaction.member === undefined) return undefined;
    const [, choice, jobId = ""] = BUTTON.exec(interaction.data.custom_id) ?? [];
    if (choice !== "allow" && choice !== "decline") return undefined;
    const { store, consents, now } = this.#options;
    const row = await store.call(jobId);
    if (row === undefined || row.call.guildId !== interaction.guild_id) return undefined;
    const texts = NOTICE_TEXTS[readGuildSettings((await store.guild(row.call.guildId))?.settingsJson ?? null).language];
    if (isOver(row.job.status) || row.job.status === "finalizing") return texts.end;
    if (!isBefore(row.job)) return undefined;
    const { nick, user } = interaction.member;
    const name = boundedName(nick ?? user.global_name ?? user.username);
    consents.early(jobId, { userId: user.id, name, choice, at: now() });
    return choice === "allow" ? texts.granted : texts.declined;
  }

  async #send({ id, token }: APIInteraction, content: string): Promise<void> {
    const data = { content, flags: MessageFlags.Ephemeral, allowed_mentions: { parse: [] } };
    const body = { type: InteractionResponseType.ChannelMessageWithSource, data };
    await this.#options.rest.post(Routes.interactionCallback(id, token), { body, auth: false });
  }
}

/** The worker answers from `recording` on. */
function isBefore({ status, stopped }: JobRow): boolean {
  return status === "scheduled" || status === "queued" || status === "joining" || (status === "in_call" && !stopped);
}
