/**
 * The gateway, version 10, JSON, without compression. https://discord.com/developers/docs/topics/gateway
 */

import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Journal } from "../journal.ts";
import { closeHttpServer, closeServer, listenLocally, parseJson, portOf } from "../net.ts";
import type { Accounts } from "../world/accounts.ts";
import { forwardWorld, type Start, sendGuildMembers, sendReady } from "./gateway-events.ts";
import { CLOSE, frame, identify, resume, voiceStateUpdate } from "./gateway-requests.ts";
import { GATEWAY_OP, GatewaySession, INTENT, PRIVILEGED_INTENTS } from "./gateway-session.ts";
import { GatewaySessions } from "./gateway-sessions.ts";

const HEARTBEAT_INTERVAL_MS = 41_250;

/** https://discord.com/developers/docs/topics/gateway#sharding */
const MAX_GUILDS_PER_SHARD = 2_500;

/** A bot's request to be in a voice channel. */
export interface VoiceSession {
  readonly userId: string;
  readonly channelId: string;
  readonly sessionId: string;
}

/** What the gateway needs of the voice servers. */
export interface VoiceAdmission {
  /** Accepts a bot's voice session, and returns the voice server for it. */
  admit(session: VoiceSession): VoiceServer;
  /** Whether this voice session is connected already. */
  isConnected(session: VoiceSession): boolean;
}

export interface VoiceServer {
  readonly token: string;
  readonly endpoint: string;
}

export interface GatewayOptions extends Start {
  readonly accounts: Accounts;
  readonly voice: VoiceAdmission;
  /** The interval that clients get; undefined means Discord's. */
  readonly heartbeatIntervalMs: number | undefined;
  readonly journal: Journal;
  readonly log: (line: string) => void;
}

export class Gateway {
  readonly sessions: GatewaySessions;
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  /** Bots whose privileged intents are withdrawn. */
  readonly #withoutPrivilegedIntents = new Set<string>();

  private constructor(options: GatewayOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.sessions = new GatewaySessions(options.world, options.journal);
    server.on("connection", (tcp) => this.sessions.links.opened(tcp));
    this.#webSockets = new WebSocketServer({ server });
    this.#webSockets.on("connection", (socket, request) => {
      this.sessions.links.upgraded(socket, request);
      this.#onConnection(socket);
    });
    forwardWorld(options, () => this.sessions.all);
  }

  static async listen(options: GatewayOptions): Promise<Gateway> {
    const server = createServer();
    await listenLocally(server);
    return new Gateway(options, server);
  }

  /** Whether this bot's privileged intents are refused (4014) from its next identify on. */
  refuseIntents(userId: string, refused: boolean): void {
    if (refused) this.#withoutPrivilegedIntents.add(userId);
    else this.#withoutPrivilegedIntents.delete(userId);
  }

  /** Informs the bots of a voice channel that its voice server is gone and the next one is not ready. */
  withdrawVoiceServer(channelId: string): void {
    const { world } = this.#options;
    for (const state of world.voiceStates) {
      const token = randomBytes(8).toString("hex");
      const data = { token, guild_id: world.guild.id, endpoint: null };
      if (state.channelId === channelId) this.sessions.ofVoice(state)?.dispatch("VOICE_SERVER_UPDATE", data);
    }
  }

  /** Gives the bot's voice session a voice server, as after op 4. Does nothing if it is in no channel. */
  offerVoiceServer(userId: string): void {
    const { world, voice } = this.#options;
    const state = world.voiceState(userId);
    if (!state?.channelId) return;
    const server = voice.admit({ userId, channelId: state.channelId, sessionId: state.sessionId });
    this.sessions.ofVoice(state)?.dispatch("VOICE_SERVER_UPDATE", { ...server, guild_id: world.guild.id });
  }

  get url(): string {
    return `ws://127.0.0.1:${portOf(this.#server)}`;
  }

  async close(): Promise<void> {
    this.sessions.close();
    await closeServer(this.#webSockets);
    await closeHttpServer(this.#server);
  }

  #onConnection(socket: WebSocket): void {
    let session: GatewaySession | undefined;
    socket.on("error", (error) => this.#options.log(`gateway: ${error.message}`));
    socket.on("close", (code) => {
      if (session?.socket === socket) this.sessions.detach(session, code);
    });
    socket.on("message", (data) => {
      session = this.#onMessage(session, socket, data);
    });
    const { heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } = this.#options;
    send(socket, GATEWAY_OP.hello, { heartbeat_interval: heartbeatIntervalMs, _trace: [] });
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
        if (session?.socket === socket) session.send(GATEWAY_OP.heartbeatAck, null);
        else send(socket, GATEWAY_OP.heartbeatAck, null);
        return session;
      case GATEWAY_OP.identify:
      case GATEWAY_OP.resume:
        // After its session was invalidated, a socket may identify or resume again.
        if (session === undefined || !this.sessions.has(session))
          return op === GATEWAY_OP.identify ? this.#identify(socket, d) : this.#resume(socket, d);
        socket.close(CLOSE.alreadyAuthenticated, "Already authenticated.");
        return session;
      default:
        if (session === undefined || !this.sessions.has(session))
          socket.close(CLOSE.notAuthenticated, "Not authenticated.");
        else this.#onCommand(session, socket, op, d);
        return session;
    }
  }

  #onCommand(session: GatewaySession, socket: WebSocket, op: number, data: unknown): void {
    if (op === GATEWAY_OP.voiceStateUpdate) this.#updateVoiceState(session, data);
    else if (op === GATEWAY_OP.requestGuildMembers) sendGuildMembers(this.#options.world, session, data);
    // Presences are ignored, because nothing here shows them.
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
    const userId = account.user.id;
    const refused = this.#withoutPrivilegedIntents.has(userId) ? PRIVILEGED_INTENTS : this.#ungranted;
    if ((intents & refused) !== 0) {
      socket.close(CLOSE.disallowedIntents, "Disallowed intent(s).");
      return undefined;
    }
    const identity = { account, intents, shard: { id: shard[0], count: shard[1] } };
    // Voice states of bots carry their gateway session's id, and some libraries identify to voice with it.
    const session = new GatewaySession(randomBytes(16).toString("hex"), identity, socket);
    if (shard[0] >= shard[1]) {
      socket.close(CLOSE.invalidShard, "Invalid shard.");
      return undefined;
    }
    if (this.#options.otherGuilds.ids.filter((id) => session.owns(id)).length >= MAX_GUILDS_PER_SHARD) {
      socket.close(CLOSE.shardingRequired, "Sharding required.");
      return undefined;
    }
    this.sessions.add(session);
    this.#options.journal.note("gateway_identify", { userId, shardId: shard[0], shardCount: shard[1] });
    sendReady(this.#options, session, this.url);
    return session;
  }

  #resume(socket: WebSocket, data: unknown): GatewaySession | undefined {
    const request = resume.safeParse(data);
    const account = request.success ? this.#options.accounts.authenticate(request.data.token) : undefined;
    if (!request.success || account === undefined) {
      socket.close(CLOSE.authenticationFailed, "Authentication failed.");
      return undefined;
    }
    const session = this.sessions.get(request.data.session_id);
    const resumed = session?.account === account;
    this.#options.journal.note("gateway_resume", { userId: account.user.id, resumed });
    if (session === undefined || !resumed) {
      send(socket, GATEWAY_OP.invalidSession, false);
      return undefined;
    }
    session.socket?.close(CLOSE.alreadyAuthenticated, "Session resumed elsewhere.");
    session.resume(socket, request.data.seq);
    return session;
  }

  /**
   * Op 4: the channel that the bot requests. Unknown guilds and channels, and channels that are forbidden or full, get
   * no answer, as on Discord.
   */
  #updateVoiceState(session: GatewaySession, data: unknown): void {
    const { world, voice } = this.#options;
    const request = voiceStateUpdate.safeParse(data);
    if (!request.success || request.data.guild_id !== world.guild.id || !session.owns(world.guild.id)) return;
    const { channel_id: channelId, self_mute: selfMute, self_deaf: selfDeaf } = request.data;
    const { user } = session.account;
    const member = world.member(user.id);
    if (channelId === null) {
      world.leaveVoice(user.id);
      return;
    }
    const kind = world.channels.get(channelId)?.kind;
    if (member === undefined || kind === undefined || kind === "text" || kind === "category") return;
    if (!world.canJoin(user.id, channelId)) return;

    const voiceSession = { userId: user.id, channelId, sessionId: session.id };
    const isFlagChange = voice.isConnected(voiceSession);
    // On a stage, everyone starts in the audience.
    const flags = { selfMute, selfDeaf, suppress: kind === "stage" };
    world.enterVoice(member, channelId, { sessionId: session.id, flags });
    if (isFlagChange) return;
    this.offerVoiceServer(user.id);
  }

  get #ungranted(): number {
    return this.#options.allowMessageContent ? 0 : INTENT.messageContent;
  }
}

function send(socket: WebSocket, op: number, data: unknown): void {
  socket.send(JSON.stringify({ op, d: data, s: null, t: null }));
}
