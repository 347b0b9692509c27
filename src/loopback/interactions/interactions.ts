/**
 * What people do with a bot's commands, buttons, menus and modals: the events for the bot, and the routes for its
 * answers. https://discord.com/developers/docs/interactions/receiving-and-responding
 */

import type { GatewaySession } from "../gateway/gateway-session.ts";
import type { Journal } from "../journal.ts";
import type { World } from "../world/world.ts";
import type { RestAnswer } from "./application-commands.ts";
import { callback, takes } from "./callbacks.ts";
import { invalidForm } from "./form-errors.ts";
import { Interaction, type NewInteraction } from "./interaction.ts";
import { InteractionAnswers } from "./interaction-answers.ts";
import { InteractionMessages } from "./interaction-messages.ts";
import { interactionPayload } from "./interaction-payload.ts";

/** After this time without an answer Discord shows "The application did not respond". */
const ANSWER_LIMIT_MS = 3_000;
/** How long an interaction's token is valid. */
const TOKEN_LIMIT_MS = 15 * 60_000;

const UNKNOWN_INTERACTION = { status: 404, body: { message: "Unknown interaction", code: 10062 } };
const UNKNOWN_WEBHOOK = { status: 404, body: { message: "Unknown Webhook", code: 10015 } };
const ALREADY_ANSWERED = {
  status: 400,
  body: { message: "Interaction has already been acknowledged.", code: 40060 },
};
const INVALID_TOKEN = { status: 401, body: { message: "Invalid Webhook Token", code: 50027 } };
const WRONG_ANSWER = {
  status: 400,
  body: {
    message: "Invalid Form Body",
    code: 50035,
    errors: { type: { _errors: [{ code: "BASE_TYPE_CHOICES", message: "The interaction does not take this type." }] } },
  },
};

/** Discord's, unless a test cannot wait that long. */
export interface InteractionLimits {
  readonly answerMs: number;
  readonly tokenMs: number;
}

export interface InteractionsOptions {
  readonly world: World;
  readonly cdnUrl: () => string;
  readonly sessions: () => Iterable<GatewaySession>;
  readonly journal: Journal;
  readonly limits?: Partial<InteractionLimits> | undefined;
}

/** A bot's request with an interaction's token. */
export interface TokenRequest {
  readonly applicationId: string;
  readonly token: string;
}

export class Interactions {
  readonly messages: InteractionMessages;
  readonly #options: InteractionsOptions;
  readonly #limits: InteractionLimits;
  readonly #answers: InteractionAnswers;
  readonly #byId = new Map<string, Interaction>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: InteractionsOptions) {
    const { world, cdnUrl, limits } = options;
    this.#options = options;
    this.#limits = { answerMs: ANSWER_LIMIT_MS, tokenMs: TOKEN_LIMIT_MS, ...limits };
    this.messages = new InteractionMessages(world);
    this.#answers = new InteractionAnswers(world, this.messages, cdnUrl);
  }

  /** A person does something. Its `outcome` is what they see. */
  start(begun: NewInteraction): Interaction {
    const { world, cdnUrl, sessions } = this.#options;
    const interaction = new Interaction(begun);
    this.#byId.set(interaction.id, interaction);
    const payload = interactionPayload(world, interaction, cdnUrl());
    // This needs no intent.
    const theirs = [...sessions()].filter(
      (session) => session.account.user.id === begun.applicationId && session.owns(world.guild.id),
    );
    for (const session of theirs) session.dispatch("INTERACTION_CREATE", payload);
    if (theirs.length === 0) {
      interaction.failed();
      return interaction;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (interaction.state === "waiting") interaction.failed();
    }, this.#limits.answerMs);
    this.#timers.add(timer);
    return interaction;
  }

  /** The first answer. @param withResponse whether the bot asks for the message that it makes */
  answer(id: string, token: string, body: unknown, withResponse: boolean): RestAnswer {
    const interaction = this.#byId.get(id);
    if (interaction?.token !== token || interaction.state === "failed") return UNKNOWN_INTERACTION;
    if (interaction.state === "answered") return ALREADY_ANSWERED;
    const parsed = callback.safeParse(body);
    if (!parsed.success) return { status: 400, body: invalidForm(parsed.error) };
    const { type, message } = interaction.begun;
    if (!takes(type, parsed.data.type, message !== undefined)) return WRONG_ANSWER;
    const refused = this.#answers.first(interaction, parsed.data);
    if (refused) return refused;
    interaction.answered();
    this.#options.journal.note("interaction_answer", {
      interactionType: type,
      answerType: parsed.data.type,
      afterMs: interaction.ageMs,
    });
    return withResponse
      ? { status: 200, body: this.#answers.callbackPayload(interaction, parsed.data) }
      : { status: 204, body: undefined };
  }

  /** POST: a further message. */
  followUp(request: TokenRequest, body: unknown): RestAnswer {
    return this.#withToken(request, (interaction) => this.#answers.followUp(interaction, body));
  }

  getMessage(request: TokenRequest, messageId: string): RestAnswer {
    return this.#withToken(request, (interaction) => this.#answers.get(interaction, messageId));
  }

  editMessage(request: TokenRequest, messageId: string, body: unknown): RestAnswer {
    return this.#withToken(request, (interaction) => this.#answers.edit(interaction, messageId, body));
  }

  deleteMessage(request: TokenRequest, messageId: string): RestAnswer {
    return this.#withToken(request, (interaction) => this.#answers.delete(interaction, messageId));
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const interaction of this.#byId.values()) interaction.failed();
  }

  #withToken({ applicationId, token }: TokenRequest, act: (interaction: Interaction) => RestAnswer): RestAnswer {
    const interaction = [...this.#byId.values()].find((known) => known.token === token);
    const isTheirs = interaction?.begun.applicationId === applicationId;
    if (interaction === undefined || !isTheirs || interaction.ageMs > this.#limits.tokenMs) return INVALID_TOKEN;
    return interaction.state === "answered" ? act(interaction) : UNKNOWN_WEBHOOK;
  }
}
