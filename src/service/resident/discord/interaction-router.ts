import { setTimeout as sleep } from "node:timers/promises";
import type { REST } from "@discordjs/rest";
import {
  type APIApplicationCommandAutocompleteInteraction,
  type APIChatInputApplicationCommandInteraction,
  type APIGuildInteraction,
  type APIInteraction,
  type APIMessageComponentInteraction,
  type APIModalSubmitInteraction,
  ApplicationCommandType,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  Routes,
} from "discord-api-types/v10";
import { statusOf } from "../../../discord/chat/chat-rest.ts";
import { InputError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import type { Answer, Handlers } from "../commands/request.ts";
import { COMMAND_NAME } from "../commands/table.ts";
import {
  commandRequest,
  completionRequest,
  componentRequest,
  type GuildInteraction,
  isOurs,
  type KnownGuilds,
  kindOf,
  modalRequest,
  pathOf,
} from "./interaction-form.ts";
import { messageBody, modalBody } from "./message-form.ts";

export interface RouterOptions {
  readonly rest: Pick<REST, "post" | "patch" | "delete">;
  readonly handlers: Handlers;
  readonly world: KnownGuilds;
  readonly log: Log;
  readonly now: () => number;
  /** The link with which somebody adds the bot to a server. */
  readonly invite: () => string;
  /** How long a command waits for its server: after a start Discord sends thousands one after the other. */
  readonly knownWithinMs: number;
}

const LOOK_MS = 100;

/** The person sees it, and may ask the operator about the log. */
const FAILED = "That did not work because of an error in the bot. The log of its service has the details.";
const UNKNOWN_COMMAND =
  "This version of the bot does not have that command. Type /record again: Discord shows the current commands after a moment.";
const ONLY_IN_SERVERS = "The bot works in servers. Use the command in a channel of one.";

/**
 * Answers interactions. Discord waits 3 s for the first answer, so each is acknowledged before anything else is done. If
 * Discord refuses the acknowledgement, nothing is done: the person saw an error, or another process answered.
 */
export class InteractionRouter {
  readonly #options: RouterOptions;
  readonly #running = new Set<Promise<void>>();

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** Never throws. */
  handle(interaction: APIInteraction): void {
    const task = this.#route(interaction).catch((error: unknown) => this.#logFailure(error, "an interaction failed"));
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
  }

  /** Resolves when everything under way has been answered. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #route(interaction: APIInteraction): Promise<void> {
    switch (interaction.type) {
      case InteractionType.ApplicationCommand:
        if (interaction.data.type !== ApplicationCommandType.ChatInput || interaction.data.name !== COMMAND_NAME)
          return;
        if (!isInGuild(interaction)) return await this.#say(interaction, ONLY_IN_SERVERS);
        return await this.#command(interaction as GuildInteraction<APIChatInputApplicationCommandInteraction>);
      case InteractionType.ApplicationCommandAutocomplete:
        return isInGuild(interaction) ? await this.#complete(interaction) : undefined;
      case InteractionType.MessageComponent:
        return isInGuild(interaction) && isOurs(interaction) ? await this.#component(interaction) : undefined;
      case InteractionType.ModalSubmit:
        return isInGuild(interaction) && isOurs(interaction) ? await this.#modal(interaction) : undefined;
    }
  }

  async #command(interaction: GuildInteraction<APIChatInputApplicationCommandInteraction>): Promise<void> {
    const path = pathOf(interaction);
    const handler = this.#options.handlers.commands[path];
    if (handler === undefined) return await this.#say(interaction, UNKNOWN_COMMAND);
    const flags = handler.isPublic ? {} : { flags: MessageFlags.Ephemeral };
    const isOpen = await this.#acknowledge(interaction, {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      data: flags,
    });
    if (!isOpen) return;
    const answer = await this.#inGuild(interaction, () => handler.run(commandRequest(interaction, this.#options)));
    await this.#edit(interaction, answer);
  }

  async #complete(interaction: GuildInteraction<APIApplicationCommandAutocompleteInteraction>): Promise<void> {
    const request = completionRequest(interaction, this.#options);
    const complete = this.#options.handlers.commands[pathOf(interaction)]?.complete;
    const choices = (await complete?.(request)) ?? [];
    await this.#acknowledge(interaction, {
      type: InteractionResponseType.ApplicationCommandAutocompleteResult,
      data: { choices },
    });
  }

  async #component(interaction: GuildInteraction<APIMessageComponentInteraction>): Promise<void> {
    const handler = this.#options.handlers.components[kindOf(interaction)];
    if (handler === undefined) return await this.#say(interaction, UNKNOWN_COMMAND);
    if ("opens" in handler) {
      const data = modalBody(handler.opens(componentRequest(interaction, this.#options)));
      await this.#acknowledge(interaction, { type: InteractionResponseType.Modal, data });
      return;
    }
    const isOpen = await this.#acknowledge(interaction, { type: InteractionResponseType.DeferredMessageUpdate });
    if (!isOpen) return;
    const answer = await this.#inGuild(interaction, () => handler.run(componentRequest(interaction, this.#options)));
    if (answer !== undefined) await this.#followUp(interaction, answer);
  }

  async #modal(interaction: GuildInteraction<APIModalSubmitInteraction>): Promise<void> {
    const handler = this.#options.handlers.modals[kindOf(interaction)];
    if (handler === undefined) return await this.#say(interaction, UNKNOWN_COMMAND);
    const isOpen = await this.#acknowledge(interaction, {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      data: { flags: MessageFlags.Ephemeral },
    });
    if (!isOpen) return;
    const answer = await this.#inGuild(interaction, () => handler(modalRequest(interaction, this.#options)));
    if (answer !== undefined) await this.#edit(interaction, answer);
    else await this.#request(interaction, "delete");
  }

  /** Runs an action when the server is known. */
  async #inGuild<Given extends Answer | undefined>(
    { guild_id: guildId }: APIGuildInteraction,
    action: () => Promise<Given>,
  ): Promise<Given | Answer> {
    const { world, invite, knownWithinMs } = this.#options;
    for (let waitedMs = 0; world.guild(guildId) === undefined; waitedMs += LOOK_MS) {
      if (waitedMs >= knownWithinMs) {
        return {
          text: `The bot is not in this server, or Discord has not said yet who is in it. Try again in a minute, or add the bot with ${invite()}`,
        };
      }
      await sleep(LOOK_MS);
    }
    return await this.#run(action);
  }

  /** An error for people becomes the answer, and any other one is logged. */
  async #run<Given extends Answer | undefined>(action: () => Promise<Given>): Promise<Given | Answer> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof InputError) return { text: error.message };
      this.#options.log.error({ err: error }, "a command in Discord failed");
      return { text: FAILED };
    }
  }

  async #say(interaction: APIInteraction, content: string): Promise<void> {
    await this.#acknowledge(interaction, {
      type: InteractionResponseType.ChannelMessageWithSource,
      data: { content, flags: MessageFlags.Ephemeral },
    });
  }

  /** @returns whether Discord accepted it */
  async #acknowledge({ id, token }: APIInteraction, body: unknown): Promise<boolean> {
    try {
      await this.#options.rest.post(Routes.interactionCallback(id, token), { body, auth: false });
      return true;
    } catch (error) {
      this.#logFailure(error, "Discord refused the first answer to an interaction, and nothing was done");
      return false;
    }
  }

  async #edit(interaction: APIInteraction, answer: Answer): Promise<void> {
    const { flags: _flags, ...body } = messageBody(answer);
    await this.#request(interaction, "patch", body);
  }

  async #followUp({ application_id, token }: APIInteraction, answer: Answer): Promise<void> {
    const body = messageBody(answer);
    const flags = body.flags | MessageFlags.Ephemeral;
    await this.#options.rest.post(Routes.webhook(application_id, token), { body: { ...body, flags }, auth: false });
  }

  async #request({ application_id, token }: APIInteraction, method: "patch" | "delete", body?: unknown): Promise<void> {
    const route = Routes.webhookMessage(application_id, token, "@original");
    await this.#options.rest[method](route, { ...(body === undefined ? {} : { body }), auth: false });
  }

  /** Without the error itself: its address contains the interaction's token. */
  #logFailure(error: unknown, message: string): void {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    this.#options.log.warn({ status: statusOf(error), code: typeof code === "number" ? code : undefined }, message);
  }
}

function isInGuild<Given extends APIInteraction>(interaction: Given): interaction is Given & APIGuildInteraction {
  return interaction.guild_id !== undefined && interaction.member !== undefined;
}
