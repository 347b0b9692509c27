import {
  GatewayDispatchEvents,
  type GatewayGuildCreateDispatchData,
  type GatewayGuildDeleteDispatchData,
  GatewayIntentBits,
  type GatewayReadyDispatchData,
} from "discord-api-types/v10";
import { withDeadline } from "../deadline.ts";
import { JobError, messageOf } from "../errors.ts";
import type { Clock } from "../recording/ports/clock.ts";
import { boundRequests, restOptions } from "./bounded-rest.ts";
import { DispatchBoundary } from "./dispatch-boundary.ts";
import { GatewayClient, type GatewayLogin } from "./gateway-client.ts";
import { boundMessages, skipOversized } from "./message-bound.ts";

/** The bot's gateway session, and its REST client. */
export interface SessionOptions {
  readonly token: string;
  readonly guildId: string;
  /** REST base URL without version; Discord's own if undefined. */
  readonly apiUrl: string | undefined;
  /** Whether messages are recorded, which needs further intents. */
  readonly recordChat: boolean;
  readonly clock: Pick<Clock, "sleep">;
  /** Library diagnostics, for the trace level. */
  readonly onDebug: (message: string) => void;
  /** Called before each login. Must not throw. */
  readonly onLogin: (login: GatewayLogin) => void;
}

export interface OpenSession {
  readonly client: GatewayClient;
  readonly selfId: string;
  /** The session that the guild's state came in; voice states carry it. */
  readonly gatewaySessionId: string;
  readonly guild: GatewayGuildCreateDispatchData;
  /** Whether Discord lets the bot read the content of others' messages, which are empty otherwise. */
  readonly readsContent: boolean;
  /** Isolates the rest from malformed dispatches. */
  readonly boundary: DispatchBoundary;
}

/** Gateway close codes, Discord's "Gateway Close Event Codes". */
const CLOSE_AUTHENTICATION_FAILED = 4004;
const CLOSE_DISALLOWED_INTENTS = 4014;
/** From login to the guild's state; Discord takes a second or two. */
const OPEN_DEADLINE_MS = 30_000;
/** Time to close the gateway session. Discord also notices without it that a client is gone. */
const CLOSE_DEADLINE_MS = 3_000;

export class DiscordSession {
  readonly #options: SessionOptions;
  #opening: Promise<OpenSession> | undefined;
  #client: GatewayClient | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Logs in and waits for the guild; later calls share the first one's result.
   *
   * @throws JobError `auth_failure`, `meeting_not_found`, `lobby_timeout` or `network_loss`
   */
  open(): Promise<OpenSession> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Ends the gateway session. Idempotent. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await this.#destroy(client);
  }

  /** If the Message Content intent is refused, logs in again without it: audio does not need it. */
  async #open(): Promise<OpenSession> {
    const readsContent = this.#options.recordChat;
    try {
      return await this.#logIn(readsContent);
    } catch (error) {
      if (!(error instanceof IntentsRefused) || !readsContent || this.#client === undefined) throw error;
    }
    await this.#destroy(this.#client);
    return await this.#logIn(false);
  }

  async #destroy(client: GatewayClient): Promise<void> {
    const { clock } = this.#options;
    await withDeadline(() => client.destroy(), { what: "Discord's gateway", limitMs: CLOSE_DEADLINE_MS, clock });
  }

  async #logIn(readsContent: boolean): Promise<OpenSession> {
    boundMessages();
    const { token, guildId, apiUrl, clock, onDebug, onLogin } = this.#options;
    const boundary = new DispatchBoundary(onDebug);
    const client = new GatewayClient({
      token,
      guildId,
      intents: this.#intents(readsContent),
      rest: restOptions(apiUrl),
      contain: (kind, action) => boundary.run(kind, action),
      dropped: boundary,
      onLogin,
    });
    this.#client = client;
    boundRequests(client.rest, clock);
    client.on("debug", onDebug);
    client.on("socketError", (error) => onDebug(`gateway error: ${error.message}`));
    skipOversized(client, () => boundary.tooLarge());
    const waiting = waitForGuild(client, guildId);
    try {
      const login = client.login().then(() => waiting.guild);
      return { client, readsContent, boundary, ...(await Promise.race([waiting.guild, login])) };
    } catch (error) {
      throw error instanceof JobError ? error : loginError(error);
    } finally {
      waiting.stop();
    }
  }

  #intents(readsContent: boolean): readonly GatewayIntentBits[] {
    const forChat = [GatewayIntentBits.GuildMessages, GatewayIntentBits.GuildMessageReactions];
    return [
      ...[GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates],
      ...(this.#options.recordChat ? forChat : []),
      ...(readsContent ? [GatewayIntentBits.MessageContent] : []),
    ];
  }
}

type Found = Omit<OpenSession, "client" | "readsContent" | "boundary">;

/** Waits for the guild's state in the gateway's first dispatches. */
function waitForGuild(client: GatewayClient, guildId: string): { guild: Promise<Found>; stop: () => void } {
  const { promise, resolve, reject } = Promise.withResolvers<Found>();
  let selfId = "";
  let gatewaySessionId = "";
  let hasOutage = false;
  const onReady = (data: GatewayReadyDispatchData): void => {
    selfId = data.user.id;
    gatewaySessionId = data.session_id;
    if (!data.guilds.some((guild) => guild.id === guildId)) {
      reject(new JobError("meeting_not_found", `the bot is not in a server with the id ${guildId}`));
    }
  };
  const onGuild = (data: GatewayGuildCreateDispatchData): void => {
    if (data.id !== guildId) return;
    hasOutage = data.unavailable === true;
    if (!hasOutage) resolve({ selfId, gatewaySessionId, guild: data });
  };
  const onGuildGone = (data: GatewayGuildDeleteDispatchData): void => {
    if (data.id === guildId && data.unavailable === true) hasOutage = true;
  };
  const onRefused = (code: number): void => reject(closeError(code));
  const timer = setTimeout(() => {
    if (hasOutage) {
      const text = `Discord has an outage of this server (${guildId}), which did not end within 30 s; try again later`;
      reject(new JobError("lobby_timeout", text));
    }
    reject(new JobError("network_loss", `Discord's gateway did not answer within 30 s (${client.stage})`));
  }, OPEN_DEADLINE_MS);

  client.dispatches.on(GatewayDispatchEvents.Ready, onReady);
  client.dispatches.on(GatewayDispatchEvents.GuildCreate, onGuild);
  client.dispatches.on(GatewayDispatchEvents.GuildDelete, onGuildGone);
  client.on("refused", onRefused);
  promise.catch(() => undefined); // login's own error may come first
  return {
    guild: promise,
    stop: () => {
      clearTimeout(timer);
      client.off("refused", onRefused);
      client.dispatches.off(GatewayDispatchEvents.Ready, onReady);
      client.dispatches.off(GatewayDispatchEvents.GuildCreate, onGuild);
      client.dispatches.off(GatewayDispatchEvents.GuildDelete, onGuildGone);
    },
  };
}

/** Close 4014: the application has not been granted an intent that was asked for. */
class IntentsRefused extends JobError {
  constructor() {
    super("auth_failure", "Discord refused gateway intents that the worker cannot do without");
  }
}

function closeError(code: number): JobError {
  if (code === CLOSE_AUTHENTICATION_FAILED) return new JobError("auth_failure", "Discord refused the bot token");
  if (code === CLOSE_DISALLOWED_INTENTS) return new IntentsRefused();
  return new JobError("network_loss", `Discord's gateway closed the connection with code ${code}`);
}

/** The error that ends a job after a refused login or another refused first request. */
export function loginError(error: unknown): JobError {
  const status = error instanceof Error ? Reflect.get(error, "status") : undefined;
  if (status === 401) {
    return new JobError("auth_failure", "Discord refused the bot token", { cause: error });
  }
  const message = messageOf(error);
  if (message === "Used disallowed intents") return closeError(CLOSE_DISALLOWED_INTENTS);
  return new JobError("network_loss", `logging in to Discord failed: ${message}`, { cause: error });
}
