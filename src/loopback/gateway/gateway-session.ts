import type { WebSocket } from "ws";
import type { Json } from "../json.ts";
import type { Account } from "../world/accounts.ts";
import { shardOf } from "../world/other-guilds.ts";

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes */
export const GATEWAY_OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presenceUpdate: 3,
  voiceStateUpdate: 4,
  resume: 6,
  reconnect: 7,
  requestGuildMembers: 8,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
} as const;

/** https://discord.com/developers/docs/topics/gateway#gateway-intents */
export const INTENT = {
  guilds: 1 << 0,
  guildMembers: 1 << 1,
  guildVoiceStates: 1 << 7,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  guildMessageReactions: 1 << 10,
  messageContent: 1 << 15,
} as const;

/** Those that a bot must be granted. https://discord.com/developers/docs/topics/gateway#privileged-intents */
export const PRIVILEGED_INTENTS = INTENT.guildMembers | INTENT.guildPresences | INTENT.messageContent;

/** Events kept for a resume. */
const MAX_REPLAY_EVENTS = 5_000;
/** A thousand a second, so 2,000 guilds take a few seconds, as on Discord. */
const TRICKLE_EVENTS = 20;
const TRICKLE_INTERVAL_MS = 20;

export interface Shard {
  readonly id: number;
  readonly count: number;
}

/** The identity of a session. */
export interface Identity {
  readonly account: Account;
  readonly intents: number;
  readonly shard: Shard;
}

/** One identified bot. It outlives its socket, so it can be resumed. */
export class GatewaySession {
  readonly id: string;
  readonly account: Account;
  readonly intents: number;
  readonly shard: Shard;
  socket: WebSocket | undefined;
  /** Ends the session when nobody resumes it. */
  expiry: NodeJS.Timeout | undefined;
  #sequence = 0;
  readonly #replay: { readonly sequence: number; readonly text: () => string }[] = [];
  #trickle: NodeJS.Timeout | undefined;
  /** Messages withheld from the socket; undefined while nothing is withheld. */
  #withheld: string[] | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(id: string, { account, intents, shard }: Identity, socket: WebSocket) {
    this.id = id;
    this.account = account;
    this.intents = intents;
    this.shard = shard;
    this.socket = socket;
  }

  /** Whether this shard gets the guild's events. */
  owns(guildId: string): boolean {
    return shardOf(guildId, this.shard.count) === this.shard.id;
  }

  has(intent: number): boolean {
    return (this.intents & intent) === intent;
  }

  /** Sends an event, or keeps it for the resume. */
  dispatch(event: string, data: unknown): void {
    const text = this.#eventText(event, data);
    this.#send(text);
    this.#keep(() => text);
  }

  /** Sends events a few at a time. A resume makes them again instead of keeping them, because they may be big and many. */
  dispatchSlowly(event: string, payloads: readonly (() => Json)[]): void {
    for (const payload of payloads.slice(0, TRICKLE_EVENTS)) {
      const text = this.#eventText(event, payload());
      const sequence = this.#sequence;
      this.#send(text);
      this.#keep(() => eventText(event, payload(), sequence));
    }
    const rest = payloads.slice(TRICKLE_EVENTS);
    if (rest.length > 0) this.#trickle = setTimeout(() => this.dispatchSlowly(event, rest), TRICKLE_INTERVAL_MS);
  }

  /** Sends a message that is not an event: an acknowledgement or a request. */
  send(op: number, data: unknown): void {
    this.#send(JSON.stringify({ op, d: data, s: null, t: null }));
  }

  /** Withholds everything for this long, then sends it all at once. A resume on another socket ends it. */
  silence(durationMs: number): void {
    clearTimeout(this.#silence);
    this.#withheld ??= [];
    this.#silence = setTimeout(() => {
      const withheld = this.#withheld ?? [];
      this.#withheld = undefined;
      for (const text of withheld) this.socket?.send(text);
    }, durationMs);
  }

  /** Leaves no timer. */
  close(): void {
    clearTimeout(this.expiry);
    clearTimeout(this.#silence);
    clearTimeout(this.#trickle);
  }

  /** Sends the missed events again, then RESUMED. */
  resume(socket: WebSocket, lastSeen: number): void {
    clearTimeout(this.expiry);
    clearTimeout(this.#silence);
    this.#withheld = undefined;
    this.socket = socket;
    for (const { sequence, text } of this.#replay) if (sequence > lastSeen) this.#send(text());
    this.dispatch("RESUMED", {});
  }

  #eventText(event: string, data: unknown): string {
    this.#sequence += 1;
    return eventText(event, data, this.#sequence);
  }

  #keep(text: () => string): void {
    this.#replay.push({ sequence: this.#sequence, text });
    if (this.#replay.length > MAX_REPLAY_EVENTS) this.#replay.shift();
  }

  #send(text: string): void {
    if (this.#withheld) this.#withheld.push(text);
    else this.socket?.send(text);
  }
}

function eventText(event: string, data: unknown, sequence: number): string {
  return JSON.stringify({ op: GATEWAY_OP.dispatch, s: sequence, t: event, d: data });
}
