/**
 * The voice gateway, version 8, over TLS. https://discord.com/developers/docs/topics/voice-connections
 */

import { createServer, type Server } from "node:https";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import * as z from "zod";
import type { Certificates } from "../certificates.ts";
import type { Journal } from "../journal.ts";
import { closeHttpServer, closeServer, listenLocally, parseJson, portOf, toBuffer } from "../net.ts";
import type { Links } from "../senders/links.ts";
import { type EncryptionMode, TransportCipher } from "./transport-crypto.ts";
import { VOICE_OP, type VoiceClient } from "./voice-client.ts";
import type { VoiceFaults, VoiceStage } from "./voice-faults.ts";
import type { VoiceSessions } from "./voice-sessions.ts";
import type { VoiceUdp } from "./voice-udp.ts";

const HEARTBEAT_INTERVAL_MS = 13_750;

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#voice-voice-close-event-codes */
const CLOSE = {
  unknownOpcode: 4001,
  decodeError: 4002,
  notAuthenticated: 4003,
  authenticationFailed: 4004,
  alreadyAuthenticated: 4005,
  sessionInvalid: 4006,
  serverNotFound: 4011,
  unknownProtocol: 4012,
  unknownEncryptionMode: 4016,
  daveRequired: 4017,
} as const;

const frame = z.object({ op: z.number().int(), d: z.unknown() });
const identify = z.object({
  server_id: z.string(),
  user_id: z.string(),
  session_id: z.string(),
  token: z.string(),
  max_dave_protocol_version: z.number().int().default(0),
});
const resume = z.object({ session_id: z.string(), token: z.string(), seq_ack: z.number().int().default(-1) });
const selectProtocol = z.object({
  protocol: z.string(),
  data: z.object({ address: z.string(), port: z.number().int(), mode: z.string() }),
});
const heartbeat = z.object({ t: z.number() });
const speaking = z.object({ speaking: z.union([z.boolean().transform(Number), z.number().int()]) });
const transition = z.object({ transition_id: z.number().int() });

export interface VoiceGatewayOptions {
  readonly sessions: VoiceSessions;
  readonly guildId: string;
  readonly certificates: Certificates;
  readonly encryptionModes: readonly EncryptionMode[];
  readonly daveProtocolVersion: 0 | 1;
  readonly udp: VoiceUdp;
  /** The TCP connections under the sockets, of every voice server. */
  readonly links: Links;
  /** The interval that clients get; undefined means Discord's. */
  readonly heartbeatIntervalMs: number | undefined;
  readonly faults: VoiceFaults;
  readonly journal: Journal;
  readonly log: (line: string) => void;
}

export class VoiceGateway {
  readonly #options: VoiceGatewayOptions;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;

  private constructor(options: VoiceGatewayOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.#webSockets = new WebSocketServer({ server });
    server.on("connection", (tcp) => this.#options.links.opened(tcp));
    this.#webSockets.on("connection", (socket, request) => {
      this.#options.links.upgraded(socket, request);
      this.#onConnection(socket);
    });
  }

  static async listen(options: VoiceGatewayOptions): Promise<VoiceGateway> {
    const { serverKey: key, serverCertificate: cert } = options.certificates;
    const server = createServer({ key, cert });
    // A client that does not trust the CA causes an error only here.
    server.on("tlsClientError", (error) => options.log(`voice: TLS: ${error.message}`));
    await listenLocally(server);
    return new VoiceGateway(options, server);
  }

  /** The form in VOICE_SERVER_UPDATE, without a scheme. */
  get endpoint(): string {
    return `127.0.0.1:${portOf(this.#server)}`;
  }

  async close(): Promise<void> {
    await closeServer(this.#webSockets);
    await closeHttpServer(this.#server);
  }

  #onConnection(socket: WebSocket): void {
    const { journal, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } = this.#options;
    journal.note("voice_open", {});
    let client: VoiceClient | undefined;
    socket.on("error", (error) => this.#options.log(`voice: ${error.message}`));
    socket.on("close", (code) => {
      this.#options.log(`voice: socket of ${client?.userId ?? "nobody"} closed with ${code}`);
      journal.note("voice_close", { userId: client?.userId, code });
      if (client?.socket === socket) this.#options.sessions.socketClosed(client, code);
    });
    socket.on("message", (data, isBinary) => {
      if (isBinary) {
        if (client) this.#onBinary(client, toBuffer(data));
        return;
      }
      client = this.#onJson(client, socket, data);
    });
    if (this.#meetsFault("hello", socket)) return;
    socket.send(JSON.stringify({ op: VOICE_OP.hello, d: { v: 8, heartbeat_interval: heartbeatIntervalMs } }));
  }

  /** @returns whether the connection stops at this stage. */
  #meetsFault(stage: VoiceStage, socket: WebSocket, userId?: string): boolean {
    const fault = this.#options.faults.met(stage, userId);
    if (fault?.kind === "close") this.#options.links.close(socket, fault.code);
    return fault !== undefined;
  }

  /** @returns the socket's client from now on. */
  #onJson(client: VoiceClient | undefined, socket: WebSocket, data: RawData): VoiceClient | undefined {
    const message = frame.safeParse(parseJson(data));
    if (!message.success) {
      socket.close(CLOSE.decodeError, "Failed to decode payload.");
      return client;
    }
    const { op, d } = message.data;
    switch (op) {
      case VOICE_OP.heartbeat:
        acknowledgeHeartbeat(client, socket, d);
        return client;
      case VOICE_OP.identify:
      case VOICE_OP.resume:
        if (client === undefined) return op === VOICE_OP.identify ? this.#identify(socket, d) : this.#resume(socket, d);
        socket.close(CLOSE.alreadyAuthenticated, "Already authenticated.");
        return client;
      default:
        if (client === undefined) socket.close(CLOSE.notAuthenticated, "Not authenticated.");
        else this.#onCommand(client, socket, op, d);
        return client;
    }
  }

  #identify(socket: WebSocket, data: unknown): VoiceClient | undefined {
    const { sessions, guildId, daveProtocolVersion, encryptionModes, udp } = this.#options;
    const request = identify.safeParse(data);
    if (!request.success) return refuse(socket, CLOSE.decodeError, "Failed to decode payload.");
    const admission = sessions.admission(request.data.token);
    if (sessions.wasAdmitted(request.data.token)) {
      return refuse(socket, CLOSE.sessionInvalid, "Session is no longer valid.");
    }
    if (admission === undefined || admission.userId !== request.data.user_id) {
      return refuse(socket, CLOSE.authenticationFailed, "Authentication failed.");
    }
    this.#options.journal.note("voice_identify", { userId: admission.userId });
    if (this.#meetsFault("identify", socket, admission.userId)) return undefined;
    if (request.data.server_id !== guildId) return refuse(socket, CLOSE.serverNotFound, "Server not found.");
    if (request.data.session_id !== admission.sessionId) {
      return refuse(socket, CLOSE.sessionInvalid, "Session is no longer valid.");
    }
    if (request.data.max_dave_protocol_version < daveProtocolVersion) {
      return refuse(socket, CLOSE.daveRequired, "E2EE/DAVE protocol required.");
    }
    const client = sessions.connect(admission, {
      socket,
      sendDatagram: (address, datagram) => udp.send(address, datagram),
    });
    client.sendUnnumbered(VOICE_OP.ready, {
      ssrc: client.ssrc,
      ip: "127.0.0.1",
      port: udp.port,
      modes: encryptionModes,
      experiments: [],
      streams: [],
    });
    client.stalled = this.#meetsFault("ready", socket, client.userId);
    return client;
  }

  #resume(socket: WebSocket, data: unknown): VoiceClient | undefined {
    const request = resume.safeParse(data);
    if (!request.success) return refuse(socket, CLOSE.decodeError, "Failed to decode payload.");
    const client = this.#options.sessions.resumable(request.data.token);
    if (client?.admission.sessionId !== request.data.session_id) {
      return refuse(socket, CLOSE.sessionInvalid, "Session is no longer valid.");
    }
    this.#options.journal.note("voice_resume", { userId: client.userId });
    client.resume(socket, request.data.seq_ack);
    return client;
  }

  #onCommand(client: VoiceClient, socket: WebSocket, op: number, data: unknown): void {
    const room = this.#options.sessions.roomOf(client);
    if (op === VOICE_OP.selectProtocol) {
      this.#selectProtocol(client, socket, data);
    } else if (op === VOICE_OP.speaking) {
      const request = speaking.safeParse(data);
      if (request.success) room?.relaySpeaking(client, request.data.speaking);
    } else if (op === VOICE_OP.daveTransitionReady) {
      const request = transition.safeParse(data);
      if (request.success) room?.group?.transitionReady(client.userId, request.data.transition_id);
    } else if (op === VOICE_OP.mlsInvalidCommitWelcome) {
      this.#options.log(`dave: ${client.userId} could not use its commit or welcome`);
      this.#options.journal.note("dave_left_group", { userId: client.userId });
      room?.group?.invalidCommitWelcome(client.userId);
    } else {
      socket.close(CLOSE.unknownOpcode, "Unknown opcode.");
    }
  }

  #selectProtocol(client: VoiceClient, socket: WebSocket, data: unknown): void {
    if (client.stalled || this.#meetsFault("select_protocol", socket, client.userId)) return;
    const request = selectProtocol.safeParse(data);
    const mode = this.#options.encryptionModes.find((offered) => offered === request.data?.data.mode);
    if (!request.success) {
      socket.close(CLOSE.decodeError, "Failed to decode payload.");
    } else if (request.data.protocol !== "udp") {
      socket.close(CLOSE.unknownProtocol, "Unknown protocol.");
    } else if (mode === undefined) {
      socket.close(CLOSE.unknownEncryptionMode, "Unknown encryption mode.");
    } else {
      client.cipher = new TransportCipher(mode);
      this.#options.sessions.roomOf(client)?.describeSession(client, () => {
        client.muted = this.#meetsFault("session_description", socket, client.userId);
      });
    }
  }

  #onBinary(client: VoiceClient, message: Buffer): void {
    const group = this.#options.sessions.roomOf(client)?.group;
    const payload = message.subarray(1);
    if (message[0] === VOICE_OP.mlsKeyPackage) group?.keyPackage(client.userId, payload);
    else if (message[0] === VOICE_OP.mlsCommitWelcome) group?.commitWelcome(client.userId, payload);
    else client.socket?.close(CLOSE.unknownOpcode, "Unknown opcode.");
  }
}

function acknowledgeHeartbeat(client: VoiceClient | undefined, socket: WebSocket, data: unknown): void {
  const request = heartbeat.safeParse(data);
  const acknowledgement = { t: request.data?.t };
  if (request.success && client) client.sendUnnumbered(VOICE_OP.heartbeatAck, acknowledgement);
  else if (request.success) socket.send(JSON.stringify({ op: VOICE_OP.heartbeatAck, d: acknowledgement }));
  else socket.close(CLOSE.decodeError, "Failed to decode payload.");
}

function refuse(socket: WebSocket, code: number, reason: string): undefined {
  socket.close(code, reason);
  return undefined;
}
