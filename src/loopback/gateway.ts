/**
 * The gateway, version 10, JSON, without compression. https://discord.com/developers/docs/topics/gateway
 */

import { randomBytes } from "node:crypto";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import type { Accounts } from "./accounts.ts";
import { forwardWorld, sendGuildMembers, sendReady } from "./gateway-events.ts";
import { GATEWAY_OP, GatewaySession, INTENT } from "./gateway-session.ts";
import { closeServer, parseJson, portOf } from "./net.ts";
import type { World } from "./world.ts";

const HEARTBEAT_INTERVAL_MS = 41_250;
/** How long a session whose socket broke waits to be resumed. */
const RESUME_WINDOW_MS = 60_000;

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
const CLOSE = {
  unknownOpcode: 4001,
  decodeError: 4002,
  notAuthenticated: 4003,
  authenticationFailed: 4004,
  alreadyAuthenticated: 4005,
  disallowedIntents: 4014,
} as const;

const frame = z.object({ op: z.number().int(), d: z.unknown() });
const identify = z.object({
  token: z.string(),
  intents: z.number().int(),
  shard: z.tuple([z.number(), z.number()]).default([0, 1]),
});
const resume = z.object({ token: z.string(), session_id: z.string(), seq: z.number().int() });
const voiceStateUpdate = z.object({
  guild_id: z.string(),
  channel_id: z.string().nullable(),
  self_mute: z.boolean().default(false),
  self_deaf: z.boolean().default(false),
});

/** A bot's wish to be in a voice channel. */
export interface VoiceSession {
  readonly userId: string;
  readonly channelId: string;
  readonly sessionId: string;
}

/** The voice side, as the gateway needs it. */
export interface VoiceAdmission {
  /** Lets a bot's voice session in. */
  admit(session: VoiceSession): VoiceServer;
  /** Whether this voice session is connected already. */
  isConnected(session: VoiceSession): boolean;
}

export interface VoiceServer {
  readonly token: string;
  readonly endpoint: string;
}

export interface GatewayOptions {
  readonly world: World;
  readonly accounts: Accounts;
  readonly voice: VoiceAdmission;
  readonly allowMessageContent: boolean;
  readonly log: (line: string) => void;
}

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #server: WebSocketServer;
  readonly #sessions = new Map<string, GatewaySession>();

  private constructor(options: GatewayOptions, server: WebSocketServer) {
    this.#options = options;
    this.#server = server;
    server.on("connection", (socket) => this.#onConnection(socket));
    forwardWorld(options.world, () => this.#sessions.values());
  }

  static async listen(options: GatewayOptions): Promise<Gateway> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await new Promise<void>((resolve, reject) => server.once("listening", resolve).once("error", reject));
    return new Gateway(options, server);
  }

  get url(): string {
    return `ws://127.0.0.1:${portOf(this.#server)}`;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) {
      clearTimeout(session.expiry);
      session.socket = undefined;
    }
    this.#sessions.clear();
    await closeServer(this.#server);
  }

  #onConnection(socket: WebSocket): void {
    let session: GatewaySession | undefined;
    socket.on("error", (error) => this.#options.log(`gateway: ${error.message}`));
    socket.on("close", (code) => {
      if (session?.socket === socket) this.#detach(session, code);
    });
    socket.on("message", (data) => {
      session = this.#onMessage(session, socket, data);
    });
    send(socket, GATEWAY_OP.hello, { heartbeat_interval: HEARTBEAT_INTERVAL_MS, _trace: [] });
  }

  /** @returns the socket's session from now on. */
  #onMessage(session: GatewaySession | undefined, socket: WebSocket, data: RawData): GatewaySession | undefined {
    const message = frame.safeParse(parseJson(data));
    if (!message.success) {
      socket.close(CLOSE.decodeError, "Error while decoding payload");
      return session;
    }
    const { op, d } = message.data;
    switch (op) {
      case GATEWAY_OP.heartbeat:
        send(socket, GATEWAY_OP.heartbeatAck, null);
        return session;
      case GATEWAY_OP.identify:
      case GATEWAY_OP.resume:
        if (session === undefined)
          return op === GATEWAY_OP.identify ? this.#identify(socket, d) : this.#resume(socket, d);
        socket.close(CLOSE.alreadyAuthenticated, "Already authenticated.");
        return session;
      default:
        if (session === undefined) socket.close(CLOSE.notAuthenticated, "Not authenticated.");
        else this.#onCommand(session, socket, op, d);
        return session;
    }
  }

  #onCommand(session: GatewaySession, socket: WebSocket, op: number, data: unknown): void {
    if (op === GATEWAY_OP.voiceStateUpdate) this.#updateVoiceState(session, data);
    else if (op === GATEWAY_OP.requestGuildMembers) sendGuildMembers(this.#options.world, session, data);
    // Nobody here can see a presence.
    else if (op !== GATEWAY_OP.presenceUpdate) socket.close(CLOSE.unknownOpcode, "Unknown opcode.");
  }

  #identify(socket: WebSocket, data: unknown): GatewaySession | undefined {
    const request = identify.safeParse(data);
    if (!request.success) {
      socket.close(CLOSE.decodeError, "Error while decoding payload");
      return undefined;
    }
    const { token, intents, shard } = request.data;
    const account = this.#options.accounts.authenticate(token);
    if (account === undefined) {
      socket.close(CLOSE.authenticationFailed, "Authentication failed.");
      return undefined;
    }
    if ((intents & INTENT.messageContent) !== 0 && !this.#options.allowMessageContent) {
      socket.close(CLOSE.disallowedIntents, "Disallowed intent(s).");
      return undefined;
    }
    // Voice states of bots carry their gateway session's id, and some libraries identify to voice with it.
    const session = new GatewaySession(randomBytes(16).toString("hex"), account, intents, socket);
    this.#sessions.set(session.id, session);
    sendReady(this.#options, session, { shard, resumeUrl: this.url });
    return session;
  }

  #resume(socket: WebSocket, data: unknown): GatewaySession | undefined {
    const request = resume.safeParse(data);
    const account = request.success ? this.#options.accounts.authenticate(request.data.token) : undefined;
    if (!request.success || account === undefined) {
      socket.close(CLOSE.authenticationFailed, "Authentication failed.");
      return undefined;
    }
    const session = this.#sessions.get(request.data.session_id);
    if (session?.account !== account) {
      send(socket, GATEWAY_OP.invalidSession, false);
      return undefined;
    }
    session.socket?.close(CLOSE.alreadyAuthenticated, "Session resumed elsewhere.");
    session.resume(socket, request.data.seq);
    return session;
  }

  /** Codes 1000 and 1001 end a session at once; every other one leaves it to be resumed. */
  #detach(session: GatewaySession, code: number): void {
    session.socket = undefined;
    if (code === 1000 || code === 1001) this.#end(session);
    else session.expiry = setTimeout(() => this.#end(session), RESUME_WINDOW_MS);
  }

  #end(session: GatewaySession): void {
    this.#sessions.delete(session.id);
    const { id } = session.account.user;
    if (this.#options.world.voiceState(id)?.sessionId === session.id) this.#options.world.leaveVoice(id);
  }

  /** Op 4: where the bot wants to be. Unknown guilds and channels get no answer, as on Discord. */
  #updateVoiceState(session: GatewaySession, data: unknown): void {
    const { world, voice } = this.#options;
    const request = voiceStateUpdate.safeParse(data);
    if (!request.success || request.data.guild_id !== world.guild.id) return;
    const { channel_id: channelId, self_mute: selfMute, self_deaf: selfDeaf } = request.data;
    const { user } = session.account;
    const member = world.member(user.id);
    if (channelId === null) {
      world.leaveVoice(user.id);
      return;
    }
    const kind = world.channels.get(channelId)?.kind;
    if (member === undefined || kind === undefined || kind === "text") return;

    const voiceSession = { userId: user.id, channelId, sessionId: session.id };
    const isFlagChange = voice.isConnected(voiceSession);
    // Nobody speaks on a stage unasked.
    const flags = { selfMute, selfDeaf, suppress: kind === "stage" };
    world.enterVoice(member, channelId, { sessionId: session.id, flags });
    if (isFlagChange) return;
    const server = voice.admit(voiceSession);
    session.dispatch("VOICE_SERVER_UPDATE", { ...server, guild_id: world.guild.id });
  }
}

function send(socket: WebSocket, op: number, data: unknown): void {
  socket.send(JSON.stringify({ op, d: data, s: null, t: null }));
}
