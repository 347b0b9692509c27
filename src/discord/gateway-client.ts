import { EventEmitter } from "node:events";
import { REST, type RESTOptions } from "@discordjs/rest";
import {
  CloseCodes,
  type IIdentifyThrottler,
  type SessionInfo,
  SimpleIdentifyThrottler,
  WebSocketManager,
  WebSocketShardEvents,
} from "@discordjs/ws";
import { GatewayCloseCodes, type GatewayIntentBits, type GatewaySendPayload } from "discord-api-types/v10";
import { JobError } from "../errors.ts";
import { CheckedShards, type DropListener } from "./checked-shards.ts";
import { Dispatches } from "./dispatches.ts";

export interface GatewayOptions {
  readonly token: string;
  readonly intents: readonly GatewayIntentBits[];
  /** The guild whose shard is opened. */
  readonly guildId: string;
  readonly rest: Partial<RESTOptions>;
  /** Runs a listener of a dispatch; must not throw. */
  readonly contain: (kind: string, action: () => void) => void;
  readonly dropped: DropListener;
  /** Called before each login (IDENTIFY). A resumed session is none. Must not throw. */
  readonly onLogin: (login: GatewayLogin) => void;
}

/** A login, and what Discord said about the bot's logins just before; undefined if it was not asked for this one. */
export interface GatewayLogin {
  readonly limit: { readonly total: number; readonly remaining: number; readonly resetAfterMs: number } | undefined;
}

interface GatewayEvents {
  /** Library diagnostics. */
  readonly debug: [message: string];
  /** The socket failed. The library connects again. */
  readonly socketError: [error: Error];
  readonly reconnecting: [];
  /** Discord has refused the session for good, with this close code. */
  readonly refused: [code: number];
}

/** Discord's documentation, "Gateway Close Event Codes": those after which it says not to reconnect. */
const FINAL_CLOSE_CODES: ReadonlySet<number> = new Set([
  GatewayCloseCodes.AuthenticationFailed,
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.ShardingRequired,
  GatewayCloseCodes.InvalidAPIVersion,
  GatewayCloseCodes.InvalidIntents,
  GatewayCloseCodes.DisallowedIntents,
]);

/**
 * One shard of the bot's gateway session, and the bot's REST client. @discordjs/ws keeps the session alive. Nothing is
 * cached: events of the guild are read from the dispatches.
 */
export class GatewayClient extends EventEmitter<GatewayEvents> {
  readonly rest: REST;
  readonly dispatches: Dispatches;
  readonly #guildId: string;
  readonly #sockets: WebSocketManager;
  /** What the library needs to resume. */
  #sessionInfo: SessionInfo | null = null;
  #shard = 0;
  #stage = "requesting the gateway's address";

  /** What Discord said before the first login. It is not asked again for later ones. */
  #limit: GatewayLogin["limit"];

  constructor({ token, intents, guildId, rest, contain, dropped, onLogin }: GatewayOptions) {
    super();
    this.#guildId = guildId;
    this.rest = new REST(rest).setToken(token);
    this.dispatches = new Dispatches(contain);
    this.#sockets = new WebSocketManager({
      token,
      intents: intents.reduce((bits: number, bit) => bits | bit, 0),
      rest: this.rest,
      buildStrategy: (manager) => new CheckedShards(manager, dropped),
      buildIdentifyThrottler: async (manager) => {
        const { session_start_limit } = await manager.fetchGatewayInformation();
        return counted(new SimpleIdentifyThrottler(session_start_limit.max_concurrency), () => {
          onLogin({ limit: this.#limit });
          this.#limit = undefined;
        });
      },
      retrieveSessionInfo: () => this.#sessionInfo,
      updateSessionInfo: (_shard, info) => {
        this.#sessionInfo = info;
      },
    });
    this.#follow();
  }

  /** The last step that was begun while connecting. */
  get stage(): string {
    return this.#stage;
  }

  /**
   * Connects the one shard that has the guild, and waits until the session is ready. A bot in more than 2,500 guilds must
   * shard, and a guild is on shard `(guild_id >> 22) % shards` (Discord's documentation, "Sharding").
   *
   * @throws JobError if the bot has no login left for today
   */
  async login(): Promise<void> {
    try {
      const { shards, session_start_limit } = await this.#askForGateway();
      const { remaining, total, reset_after } = session_start_limit;
      if (remaining === 0) throw noLoginLeft(total, reset_after);
      this.#limit = { total, remaining, resetAfterMs: reset_after };
      this.#shard = Number((BigInt(this.#guildId) >> 22n) % BigInt(shards));
      this.#sockets.options.shardCount = shards;
      this.#sockets.options.shardIds = [this.#shard];
      this.#stage = "connecting";
      await this.#sockets.connect();
    } catch (error) {
      await this.destroy();
      throw error;
    }
  }

  async #askForGateway() {
    try {
      const information = await this.#sockets.fetchGatewayInformation();
      if (Number.isInteger(information.shards) && information.shards > 0) return information;
    } catch (error) {
      // The library does not check the answer's form.
      if (!(error instanceof TypeError)) throw error;
    }
    throw new JobError(
      "network_loss",
      "the answer to GET /gateway/bot is not Discord's; a proxy, or the login page of a network, may have sent it",
    );
  }

  send(payload: GatewaySendPayload): void {
    Promise.resolve(this.#sockets.send(this.#shard, payload)).catch((error: unknown) => {
      this.emit("debug", `opcode ${payload.op} was not sent: ${error instanceof Error ? error.message : error}`);
    });
  }

  /** Makes a resumed session continue after the dispatch that could not be read. */
  skipDispatch(): void {
    const info = this.#sessionInfo;
    if (info !== null) this.#sessionInfo = { ...info, sequence: info.sequence + 1 };
  }

  /** Ends the session. */
  async destroy(): Promise<void> {
    this.rest.clearHashSweeper();
    this.rest.clearHandlerSweeper();
    await this.#sockets.destroy({ code: CloseCodes.Normal, reason: "the call is over" });
  }

  #follow(): void {
    const sockets = this.#sockets;
    sockets.on(WebSocketShardEvents.Debug, ({ message }) => this.emit("debug", `gateway: ${message}`));
    sockets.on(WebSocketShardEvents.Hello, () => {
      this.#stage = "identifying";
    });
    sockets.on(WebSocketShardEvents.Ready, () => {
      this.#stage = "waiting for the server's state";
    });
    sockets.on(WebSocketShardEvents.Dispatch, ({ data }) => this.dispatches.emit(data.t, data.d));
    sockets.on(WebSocketShardEvents.Error, ({ error }) => this.emit("socketError", error));
    sockets.on(WebSocketShardEvents.Closed, ({ code }) => {
      if (FINAL_CLOSE_CODES.has(code)) this.emit("refused", code);
      else this.emit("reconnecting");
    });
  }
}

/** The library waits for this before each IDENTIFY. */
function counted(throttler: IIdentifyThrottler, onLogin: () => void): IIdentifyThrottler {
  return {
    waitForIdentify: async (shardId, signal) => {
      await throttler.waitForIdentify(shardId, signal);
      onLogin();
    },
  };
}

function noLoginLeft(total: number, resetAfterMs: number): JobError {
  const resets = new Date(Date.now() + resetAfterMs).toISOString();
  return new JobError(
    "network_loss",
    `the bot has used up its ${total} logins of the day; the next is possible at ${resets}`,
  );
}
