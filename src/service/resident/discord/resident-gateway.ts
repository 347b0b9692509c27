import { REST } from "@discordjs/rest";
import { CloseCodes, type SessionInfo, WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import { GatewayCloseCodes, GatewayIntentBits } from "discord-api-types/v10";
import { boundRequests, restOptions } from "../../../discord/bounded-rest.ts";
import { CheckedShards } from "../../../discord/checked-shards.ts";
import { boundMessages, isOversized } from "../../../discord/message-bound.ts";
import { messageOf } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import type { ResidentState } from "../../ports/resident-state.ts";

export interface ResidentGatewayOptions {
  readonly token: string;
  /** REST base address without version; Discord's own if undefined. */
  readonly apiUrl: string | undefined;
  readonly log: Log;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Each dispatch of each shard, in order; must not throw. */
  readonly onDispatch: (kind: string, data: unknown) => void;
  /** What Discord says about the logins of the day. */
  readonly onLimit: (limit: {
    readonly total: number;
    readonly remaining: number;
    readonly resetAfterMs: number;
  }) => void;
  /** A login of the day was used. */
  readonly onLogin: () => void;
  readonly onState: (state: ResidentState) => void;
}

/** As few as possible: servers with their channels and roles, and who is in voice. Interactions need none. */
const INTENTS = GatewayIntentBits.Guilds | GatewayIntentBits.GuildVoiceStates;

const UNAUTHORIZED = 401;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

const TOKEN_REFUSED =
  "Discord refused the token in MEETBOT_BOT_TOKEN; make a new one in the Developer Portal under Bot, Reset Token, and start the service again";

/** Discord's documentation, "Gateway Close Event Codes": those after which it says not to reconnect. */
const REFUSALS: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]: TOKEN_REFUSED,
  [GatewayCloseCodes.InvalidIntents]:
    "Discord does not know the gateway intents of this version; a newer version is needed",
  [GatewayCloseCodes.DisallowedIntents]: "Discord refused the gateway intents for servers and voice states",
  [GatewayCloseCodes.InvalidAPIVersion]: "Discord no longer has the gateway of this version; a newer version is needed",
};

/** The bot is in more servers than when its shards were counted. */
const NEEDS_OTHER_SHARDS: ReadonlySet<number> = new Set([
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.ShardingRequired,
]);

/**
 * The service's own login in Discord, over as many shards as Discord recommends. @discordjs/ws keeps each shard's
 * session alive: it resumes and reconnects by itself.
 */
export class ResidentGateway {
  readonly rest: REST;
  readonly #options: ResidentGatewayOptions;
  readonly #stop = new AbortController();
  /** What the library needs to resume, by shard. */
  readonly #sessions = new Map<number, SessionInfo>();
  readonly #readyShards = new Set<number>();
  #shards = 0;
  #state: ResidentState = { kind: "connecting", ready: 0, shards: 0 };
  #running: Promise<void> | undefined;

  constructor(options: ResidentGatewayOptions) {
    this.#options = options;
    this.rest = new REST(restOptions(options.apiUrl)).setToken(options.token);
    boundMessages();
    boundRequests(this.rest, { sleep: options.sleep });
  }

  get state(): ResidentState {
    return this.#state;
  }

  /** Connects in the background, and tries again as long as that can help. */
  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.rest.clearHashSweeper();
    this.rest.clearHandlerSweeper();
    await this.#running;
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stop.signal.aborted) {
      const sockets = this.#newSockets();
      const again = await this.#connect(sockets);
      await sockets.destroy({ code: CloseCodes.Normal, reason: "the service ends" });
      this.#readyShards.clear();
      if (again === "never") return;
      pauseMs = again === "soon" ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      await this.#options.sleep(pauseMs, this.#stop.signal).catch(() => undefined);
    }
  }

  /** Connects, and stays until the session is over. @returns when to connect again */
  async #connect(sockets: WebSocketManager): Promise<"soon" | "later" | "never"> {
    try {
      const { shards, session_start_limit } = await sockets.fetchGatewayInformation(true);
      const { remaining, total, reset_after } = session_start_limit;
      this.#options.onLimit({ total, remaining, resetAfterMs: reset_after });
      if (remaining < shards) {
        const resets = new Date(Date.now() + reset_after).toISOString();
        const why = `the bot has ${remaining} of its ${total} logins of the day left and needs ${shards}; more are possible from ${resets} on`;
        this.#change({ kind: "waiting", why });
        return "later";
      }
      this.#shards = shards;
      sockets.options.shardCount = shards;
    } catch (error) {
      return this.#afterFailure(error);
    }
    this.#noteShards();
    const over = this.#untilOver(sockets);
    // The library itself connects a shard again, also if its first try fails.
    sockets.connect().catch((error: unknown) => this.#options.log.debug({ error: messageOf(error) }, "a shard waits"));
    return await over;
  }

  #afterFailure(error: unknown): "later" | "never" {
    if (error instanceof Error && Reflect.get(error, "status") === UNAUTHORIZED) return this.#refuse(TOKEN_REFUSED);
    this.#change({ kind: "waiting", why: `Discord cannot be reached: ${messageOf(error)}` });
    return "later";
  }

  #refuse(why: string): "never" {
    this.#change({ kind: "refused", why });
    return "never";
  }

  #untilOver(sockets: WebSocketManager): Promise<"soon" | "later" | "never"> {
    return new Promise((resolve) => {
      this.#stop.signal.addEventListener("abort", () => resolve("never"), { once: true });
      sockets.on(WebSocketShardEvents.Closed, ({ code, shardId }) => {
        this.#readyShards.delete(shardId);
        const refusal = REFUSALS[code];
        if (refusal !== undefined) resolve(this.#refuse(refusal));
        // Each try costs a login, so one that never connected is repeated with growing pauses.
        else if (NEEDS_OTHER_SHARDS.has(code)) resolve(this.#state.kind === "connected" ? "soon" : "later");
        this.#noteShards();
      });
    });
  }

  #newSockets(): WebSocketManager {
    const { token, log, onDispatch, onLogin } = this.#options;
    this.#sessions.clear();
    const sockets = new WebSocketManager({
      token,
      intents: INTENTS,
      rest: this.rest,
      buildStrategy: (manager) =>
        new CheckedShards(manager, {
          malformed: (kind) => log.warn({ kind }, "Discord sent a message of an unknown shape"),
          tooLarge: () => log.warn({}, "Discord sent a message that is too large; it was left out"),
        }),
      retrieveSessionInfo: (shardId) => this.#sessions.get(shardId) ?? null,
      updateSessionInfo: (shardId, info) => {
        if (info === null) this.#sessions.delete(shardId);
        else this.#sessions.set(shardId, info);
      },
    });
    sockets.on(WebSocketShardEvents.Ready, ({ shardId }) => {
      onLogin();
      this.#ready(shardId);
    });
    sockets.on(WebSocketShardEvents.Resumed, ({ shardId }) => this.#ready(shardId));
    sockets.on(WebSocketShardEvents.Dispatch, ({ data }) => onDispatch(data.t, data.d));
    sockets.on(WebSocketShardEvents.Error, ({ error, shardId }) => {
      log.debug({ shardId, error: error.message }, "the connection to Discord failed; it is opened again");
      if (isOversized(error)) this.#skipDispatch(shardId);
    });
    return sockets;
  }

  /** A resumed session would get the same dispatch again. The library resumes half a second later. */
  #skipDispatch(shardId: number): void {
    setImmediate(() => {
      const info = this.#sessions.get(shardId);
      if (info !== undefined) this.#sessions.set(shardId, { ...info, sequence: info.sequence + 1 });
    });
  }

  #ready(shardId: number): void {
    this.#readyShards.add(shardId);
    this.#noteShards();
  }

  #noteShards(): void {
    // For good, while the other shards are still being closed.
    if (this.#state.kind === "refused") return;
    const [ready, shards] = [this.#readyShards.size, this.#shards];
    this.#change(ready === shards ? { kind: "connected", shards } : { kind: "connecting", ready, shards });
  }

  #change(state: ResidentState): void {
    const { log, onState } = this.#options;
    const before = this.#state;
    this.#state = state;
    if (state.kind === before.kind) return;
    onState(state);
    if (state.kind === "connected") log.info({ shards: state.shards }, "the resident is connected to Discord");
    else if ("why" in state) log.error({}, `commands in Discord do not work: ${state.why}`);
  }
}
