import {
  type APIInteraction,
  type APIMessageComponentInteraction,
  ComponentType,
  GatewayDispatchEvents,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  Routes,
} from "discord-api-types/v10";
import type { Log } from "../../log.ts";
import type { ButtonPress } from "../../recording/ports/announcer.ts";
import { statusOf } from "../chat/chat-rest.ts";
import type { GatewayClient } from "../gateway-client.ts";
import { personOf } from "../guild/roster.ts";
import type { DiscordSession } from "../session.ts";

/** Clicks on buttons under the bot's messages, as the gateway dispatches them. This needs no intent. */
export class Buttons {
  readonly #session: DiscordSession;
  readonly #log: Log;
  #stop: () => void = () => undefined;

  constructor(session: DiscordSession, log: Log) {
    this.#session = session;
    this.#log = log;
  }

  async open(pressed: (press: ButtonPress) => string | undefined): Promise<void> {
    const { client, guild } = await this.#session.open();
    const onInteraction = (interaction: APIInteraction): void => {
      if (interaction.type !== InteractionType.MessageComponent || interaction.guild_id !== guild.id) return;
      this.#onPress(client, interaction, pressed);
    };
    client.dispatches.on(GatewayDispatchEvents.InteractionCreate, onInteraction);
    this.#stop = () => client.dispatches.off(GatewayDispatchEvents.InteractionCreate, onInteraction);
  }

  close(): void {
    this.#stop();
  }

  #onPress(
    client: GatewayClient,
    { id, token, data, member }: APIMessageComponentInteraction,
    pressed: (press: ButtonPress) => string | undefined,
  ): void {
    if (data.component_type !== ComponentType.Button || member === undefined) return;
    const answer = pressed({ buttonId: data.custom_id, person: personOf(member) });
    if (answer === undefined) return; // a button of other software that uses the same bot
    const body = {
      type: InteractionResponseType.ChannelMessageWithSource,
      data: { content: answer, flags: MessageFlags.Ephemeral, allowed_mentions: { parse: [] } },
    };
    client.rest.post(Routes.interactionCallback(id, token), { body, auth: false }).catch((error: unknown) => {
      // The error itself is not logged, because its address contains the interaction's token.
      this.#log.warn(
        { status: statusOf(error) },
        "an answer to a button was counted, but could not be confirmed to its presser",
      );
    });
  }
}
