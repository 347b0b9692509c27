/** What a member of the guild does with bots, and sees of them. */

import type { World } from "../world/world.ts";
import type { Message } from "../world/world-chat.ts";
import type { ApplicationCommand, ApplicationCommands } from "./application-commands.ts";
import { type Choice, INTERACTION } from "./callbacks.ts";
import { commandData, NotPossible, type TypedCommand, type TypedOptions } from "./command-input.ts";
import { COMMAND } from "./command-schema.ts";
import { chosenValues, modalData } from "./component-input.ts";
import type { Interaction, NewInteraction } from "./interaction.ts";
import type { Interactions } from "./interactions.ts";
import { COMPONENT, type Control, controlsOf, fieldsOf, type Modal } from "./message-components.ts";
import { ResolvedData } from "./resolved-data.ts";
import { type FieldValues, type SeenMessage, type SeenOutcome, seenMessage } from "./seen.ts";

/** Where a person is when they act. */
export interface Place {
  /** Default: the guild's text channel, or the call's own chat if there is none. */
  readonly channelId?: string;
  /** The locale of their client. Default: en-US. */
  readonly locale?: string;
}

export interface PersonOptions {
  readonly world: World;
  readonly userId: string;
  /** The bot whose commands they use. */
  readonly applicationId: string;
  readonly defaultChannelId: string;
  readonly commands: ApplicationCommands;
  readonly interactions: Interactions;
}

/** Each action throws `NotPossible` if Discord's own client would not offer it. */
export class Person {
  readonly #options: PersonOptions;

  constructor(options: PersonOptions) {
    this.#options = options;
  }

  get userId(): string {
    return this.#options.userId;
  }

  /**
   * Types a command and sends it.
   *
   * @param command its words: `record start`
   * @param options by name; users, channels and roles by id
   */
  async use(command: string, options: TypedOptions = {}, place: Place = {}): Promise<SeenOutcome> {
    return await this.#typed(INTERACTION.command, { words: command.split(" "), options }, place);
  }

  /**
   * Has typed a part of an option's value.
   *
   * @param options with the part that is typed
   * @returns what the bot offers; undefined if it did not answer
   */
  async complete(
    command: string,
    option: string,
    options: TypedOptions = {},
    place: Place = {},
  ): Promise<readonly Choice[] | undefined> {
    const typed = { words: command.split(" "), options: { [option]: "", ...options }, focused: option };
    const outcome = await this.#typed(INTERACTION.autocomplete, typed, place);
    return outcome.kind === "choices" ? outcome.choices : undefined;
  }

  /** Uses a command from the menu of a member or a message. */
  async useOn(name: string, targetId: string, place: Place = {}): Promise<SeenOutcome> {
    const command = this.#command(name);
    const resolved = this.#resolved();
    const target = this.#visible().find(({ id }) => id === targetId);
    const isThere = command.type === COMMAND.user ? resolved.addUser(targetId) : target && resolved.addMessage(target);
    if (!isThere) throw new NotPossible(`there is no ${targetId}`);
    const { id, type } = command;
    const data = { id, name, type, target_id: targetId, ...resolved.payload };
    return await this.#act({ type: INTERACTION.command, data, ...this.#at(place) });
  }

  /** Clicks a button, by label or id, below the newest message that has it. */
  async press(button: string, place: Place & { readonly messageId?: string } = {}): Promise<SeenOutcome> {
    const { message, control } = this.#control(place.messageId, button, (candidate) => {
      const isButton = candidate.type === COMPONENT.button;
      return isButton && (candidate.label === button || candidate.custom_id === button);
    });
    return await this.#useControl(message, control, {}, place);
  }

  /** Chooses from a menu, by its id, below the newest message that has it. */
  async choose(customId: string, values: readonly string[], place: Place = {}): Promise<SeenOutcome> {
    const { message, control } = this.#control(undefined, customId, (candidate) => candidate.custom_id === customId);
    if (control.type === COMPONENT.button) throw new NotPossible(`${customId} is a button`);
    const resolved = this.#resolved();
    const chosen = chosenValues(control, values, resolved);
    return await this.#useControl(message, control, { ...chosen, ...resolved.payload }, place);
  }

  /** All that they see in a channel, oldest first. */
  sees(channelId: string = this.#options.defaultChannelId): readonly SeenMessage[] {
    return this.#visible()
      .filter((message) => message.channelId === channelId)
      .map(seenMessage);
  }

  /** The direct messages with the bot, oldest first. */
  seesDirect(): readonly SeenMessage[] {
    const { world, applicationId, userId } = this.#options;
    return this.sees(world.openDirectChannel(applicationId, userId).id);
  }

  /** Takes no direct messages from now on. */
  refuseDirectMessages(): void {
    this.#options.world.refuseDirectMessages(this.#options.userId);
  }

  /** Enters a voice channel, or changes to it. */
  join(channelId: string): void {
    const { world, userId } = this.#options;
    const member = world.member(userId);
    if (member === undefined) throw new NotPossible(`${userId} is not a member`);
    world.enterVoice(member, channelId);
  }

  /** Leaves voice. */
  leave(): void {
    this.#options.world.leaveVoice(this.#options.userId);
  }

  giveRole(roleId: string): void {
    this.#options.world.giveRole(this.#options.userId, roleId);
  }

  takeRole(roleId: string): void {
    this.#options.world.takeRole(this.#options.userId, roleId);
  }

  async #typed(type: NewInteraction["type"], typed: TypedCommand, place: Place): Promise<SeenOutcome> {
    const data = commandData(this.#command(typed.words[0] ?? ""), typed, this.#resolved());
    return await this.#act({ type, data, ...this.#at(place) });
  }

  #command(name: string): ApplicationCommand {
    const { world, userId, applicationId, commands } = this.#options;
    const command = commands.find(applicationId, world.guild.id, name);
    if (command === undefined) throw new NotPossible(`there is no command ${name}`);
    const granted = world.permissionsOf(userId, world.guild.id);
    const { default_member_permissions: needed, contexts } = command;
    // 0 means: only for administrators.
    const isAllowed =
      needed == null ||
      world.isAdministrator(userId) ||
      (needed !== "0" && (granted & BigInt(needed)) === BigInt(needed));
    if (!isAllowed || !(contexts ?? [0]).includes(0))
      throw new NotPossible(`${userId} is not offered the command ${name}`);
    return command;
  }

  async #useControl(message: Message, control: Control, chosen: object, place: Place): Promise<SeenOutcome> {
    if (control.disabled === true) throw new NotPossible(`${control.custom_id} is disabled`);
    const data = { component_type: control.type, custom_id: control.custom_id, ...chosen };
    const at = { ...this.#at(place), channelId: message.channelId };
    return await this.#act({ type: INTERACTION.component, data, message, ...at });
  }

  async #act(what: Omit<NewInteraction, "applicationId" | "userId">): Promise<SeenOutcome> {
    const { interactions, applicationId, userId } = this.#options;
    return await this.#seen(interactions.start({ ...what, applicationId, userId }));
  }

  async #seen(interaction: Interaction): Promise<SeenOutcome> {
    const outcome = await interaction.outcome;
    const afterMs = interaction.answeredAfterMs ?? interaction.ageMs;
    switch (outcome.kind) {
      case "message":
      case "update": {
        const message = this.#options.interactions.messages.find(outcome.messageId);
        return message ? { kind: outcome.kind, message: seenMessage(message), afterMs } : { kind: "deleted", afterMs };
      }
      case "modal":
        return { kind: "modal", modal: this.#opened(outcome.modal, interaction.begun), afterMs };
      case "choices":
        return { kind: "choices", choices: outcome.choices, afterMs };
      case "acknowledged":
      case "deleted":
      case "failed":
        return { kind: outcome.kind, afterMs };
    }
  }

  #opened(modal: Modal, { channelId, locale, message }: NewInteraction) {
    return {
      title: modal.title,
      fields: fieldsOf(modal).map((field) => ({
        customId: field.custom_id,
        value: "value" in field ? (field.value ?? "") : "",
      })),
      submit: async (values: FieldValues): Promise<SeenOutcome> => {
        const data = modalData(modal, values, this.#resolved());
        return await this.#act({ type: INTERACTION.modalSubmit, data, channelId, locale, message });
      },
    };
  }

  #at({ channelId = this.#options.defaultChannelId, locale = "en-US" }: Place) {
    return { channelId, locale };
  }

  #resolved(): ResolvedData {
    const { world, userId, applicationId } = this.#options;
    return new ResolvedData(world, { userId, applicationId });
  }

  #control(messageId: string | undefined, name: string, matches: (control: Control) => boolean) {
    const messages = this.#visible().filter(({ id }) => messageId === undefined || id === messageId);
    for (const message of messages.toReversed()) {
      if (message.author.id !== this.#options.applicationId) continue;
      const control = controlsOf(message.components).find(matches);
      if (control !== undefined) return { message, control };
    }
    throw new NotPossible(`there is no ${name} below a message`);
  }

  /** In every channel, oldest first. */
  #visible(): readonly Message[] {
    const { world, userId, interactions } = this.#options;
    const inChannels = world.chat.all.filter(({ channelId }) => world.canSee(userId, channelId));
    return [...inChannels, ...interactions.messages.seenOnlyBy(userId)].sort(
      (left, right) => left.createdAt.getTime() - right.createdAt.getTime(),
    );
  }
}
