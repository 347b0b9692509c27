// First, before discord.js looks for FormData.
import "./one-http-client.ts";
import { Client, type ClientOptions, GatewayDispatchEvents, GatewayIntentBits, Routes, Status } from "discord.js";
import type {
  GatewayGuildCreateDispatchData,
  GatewayGuildDeleteDispatchData,
  GatewayReadyDispatchData,
  RESTGetAPIGatewayBotResult,
} from "discord-api-types/v10";
import { withDeadline } from "../deadline.ts";
import { hasCode, JobError, messageOf } from "../errors.ts";
import type { Clock } from "../recording/ports/clock.ts";
import { boundRequests, restOptions } from "./bounded-rest.ts";
import { checkedGateway, chooseShard } from "./discordjs-seam.ts";
import { DispatchBoundary } from "./dispatch-boundary.ts";
import { boundMessages, skipOversized } from "./message-bound.ts";

/**
 * The bot's gateway session. discord.js keeps it alive and handles REST; events of the guild are read from the
 * dispatches, so no cache and no other guild is needed.
 */
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
}

export interface OpenSession {
  readonly client: Client;
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
  #client: Client | undefined;

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

  async #destroy(client: Client): Promise<void> {
    const { clock } = this.#options;
    await withDeadline(() => client.destroy(), { what: "Discord's gateway", limitMs: CLOSE_DEADLINE_MS, clock });
  }

  async #logIn(readsContent: boolean): Promise<OpenSession> {
    boundMessages();
    const boundary = new DispatchBoundary(this.#options.onDebug);
    const ws = checkedGateway((kind) => boundary.malformed(kind));
    const client = new Client({ ...clientOptions(this.#options, readsContent), ws });
    this.#client = client;
    boundRequests(client.rest, this.#options.clock);
    client.on("debug", this.#options.onDebug);
    // Without a listener a gateway error would end the process; its effects show in other events.
    client.on("error", (error) => this.#options.onDebug(`client error: ${error.message}`));
    client.on("shardError", (error) => this.#options.onDebug(`gateway error: ${error.message}`));

    boundary.guard(client);
    skipOversized(client, () => boundary.tooLarge());
    const waiting = waitForGuild(client, this.#options.guildId);
    try {
      // The deadline starts here, so the first request counts too.
      await Promise.race([openOneShard(client, this.#options), waiting.guild]);
      const login = client.login(this.#options.token).then(() => waiting.guild);
      return { client, readsContent, boundary, ...(await Promise.race([waiting.guild, login])) };
    } catch (error) {
      throw error instanceof JobError ? error : loginError(error);
    } finally {
      waiting.stop();
    }
  }
}

/**
 * Opens the one shard that has the guild: a bot in more than 2,500 guilds must shard, and a guild lives on shard
 * `(guild_id >> 22) % shards` (Discord's documentation, "Sharding").
 *
 * @throws JobError if the bot has no login left for today
 */
async function openOneShard(client: Client, { token, guildId }: SessionOptions): Promise<void> {
  client.rest.setToken(token);
  const info = (await client.rest.get(Routes.gatewayBot())) as RESTGetAPIGatewayBotResult;
  const { remaining, total, reset_after } = info.session_start_limit;
  if (remaining === 0) {
    const resets = new Date(Date.now() + reset_after).toISOString();
    throw new JobError(
      "network_loss",
      `the bot has used up its ${total} logins of the day; the next is possible at ${resets}`,
    );
  }
  const shard = Number((BigInt(guildId) >> 22n) % BigInt(info.shards));
  chooseShard(client, { shardCount: info.shards, shard });
}

function clientOptions(options: SessionOptions, readsContent: boolean): ClientOptions {
  const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates];
  if (options.recordChat) {
    intents.push(GatewayIntentBits.GuildMessages, GatewayIntentBits.GuildMessageReactions);
  }
  if (readsContent) intents.push(GatewayIntentBits.MessageContent);
  return {
    intents,
    rest: restOptions(options.apiUrl),
  };
}

type Found = Omit<OpenSession, "client" | "readsContent" | "boundary">;

/** Waits for the guild's state in the gateway's first dispatches. */
function waitForGuild(client: Client, guildId: string): { guild: Promise<Found>; stop: () => void } {
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
  const onClose = ({ code }: { code: number }): void => reject(closeError(code));
  const timer = setTimeout(() => {
    if (hasOutage) {
      const text = `Discord has an outage of this server (${guildId}), which did not end within 30 s; try again later`;
      reject(new JobError("lobby_timeout", text));
    }
    const stage = Status[client.ws.status] ?? "unknown";
    reject(new JobError("network_loss", `Discord's gateway did not answer within 30 s (stage ${stage})`));
  }, OPEN_DEADLINE_MS);

  client.ws.on(GatewayDispatchEvents.Ready, onReady);
  client.ws.on(GatewayDispatchEvents.GuildCreate, onGuild);
  client.ws.on(GatewayDispatchEvents.GuildDelete, onGuildGone);
  client.on("shardDisconnect", onClose);
  promise.catch(() => undefined); // login's own error may come first
  return {
    guild: promise,
    stop: () => {
      clearTimeout(timer);
      client.off("shardDisconnect", onClose);
      client.ws.off(GatewayDispatchEvents.Ready, onReady);
      client.ws.off(GatewayDispatchEvents.GuildCreate, onGuild);
      client.ws.off(GatewayDispatchEvents.GuildDelete, onGuildGone);
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
  if (hasCode(error, "TokenInvalid") || status === 401) {
    return new JobError("auth_failure", "Discord refused the bot token", { cause: error });
  }
  const message = messageOf(error);
  if (message === "Used disallowed intents") return closeError(CLOSE_DISALLOWED_INTENTS);
  return new JobError("network_loss", `logging in to Discord failed: ${message}`, { cause: error });
}
