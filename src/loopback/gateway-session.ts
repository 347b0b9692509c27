import type { WebSocket } from "ws";
import type { Account } from "./accounts.ts";
import type { Json } from "./gateway-payloads.ts";

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

/** One identified bot: outlives its socket, so that it can be resumed. */
export class GatewaySession {
  readonly id: string;
  readonly account: Account;
  readonly intents: number;
  socket: WebSocket | undefined;
  /** Ends the session when nobody resumes it. */
  expiry: NodeJS.Timeout | undefined;
  #sequence = 0;
  readonly #replay: { readonly sequence: number; readonly text: string }[] = [];
  /** What the socket is yet to be sent; undefined while nothing is withheld. */
  #withheld: string[] | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(id: string, account: Account, intents: number, socket: WebSocket) {
    this.id = id;
    this.account = account;
    this.intents = intents;
    this.socket = socket;
  }

  has(intent: number): boolean {
    return (this.intents & intent) !== 0;
  }

  /** Sends an event, or keeps it for the resume. */
  dispatch(event: string, data: Json): void {
    this.#sequence += 1;
    const text = JSON.stringify({ op: GATEWAY_OP.dispatch, s: this.#sequence, t: event, d: data });
    this.#replay.push({ sequence: this.#sequence, text });
    if (this.#replay.length > MAX_REPLAY_EVENTS) this.#replay.shift();
    this.#send(text);
  }

  /** Sends what is no event: an acknowledgement, a request. */
  send(op: number, data: unknown): void {
    this.#send(JSON.stringify({ op, d: data, s: null, t: null }));
  }

  /** Withholds everything for so long; then it comes all at once. A resume on another socket ends it. */
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
  }

  /** Sends again what the client has missed, then RESUMED. */
  resume(socket: WebSocket, lastSeen: number): void {
    this.close();
    this.#withheld = undefined;
    this.socket = socket;
    for (const { sequence, text } of this.#replay) if (sequence > lastSeen) this.#send(text);
    this.dispatch("RESUMED", {});
  }

  #send(text: string): void {
    if (this.#withheld) this.#withheld.push(text);
    else this.socket?.send(text);
  }
}
