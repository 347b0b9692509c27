/**
 * Combines the voice side: admitted and connected clients, and the rooms. It follows the world's voice states:
 * simulated people come and go by them, and a client whose state leaves its channel is disconnected.
 */

import { randomBytes, randomInt } from "node:crypto";
import type { RtpHeader } from "../../audio/rtp.ts";
import { Renumbering } from "../senders/renumbering.ts";
import type { Accounts } from "../world/accounts.ts";
import type { VoiceState, World } from "../world/world.ts";
import type { OpcodeFaults } from "./opcode-faults.ts";
import { type Admission, VoiceClient, type VoiceClientOptions } from "./voice-client.ts";
import { VoiceRoom, type VoiceRoomOptions } from "./voice-room.ts";
import type { VoiceUdpHandler } from "./voice-udp.ts";

/** How long a voice session whose socket broke waits to be resumed. */
const RESUME_WINDOW_MS = 30_000;
/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#voice-voice-close-event-codes */
const CLOSE_DISCONNECTED = 4014;
const CLOSE_SESSION_INVALID = 4006;
const CLOSE_VOICE_SERVER_CRASHED = 4015;
const CLOSE_CALL_TERMINATED = 4022;

export interface VoiceSessionsOptions extends VoiceRoomOptions {
  readonly world: World;
  readonly accounts: Accounts;
  /** SSRCs that the fixture's speakers use. */
  readonly takenSsrcs: ReadonlySet<number>;
  /** The faults for this bot's messages. */
  readonly opcodeFaultsOf: (userId: string) => OpcodeFaults | undefined;
  /** A client's packet after transport decryption; its payload is still encrypted end to end. */
  readonly onClientPacket: (packet: ClientPacket) => void;
}

export interface ClientPacket {
  readonly userId: string;
  readonly header: RtpHeader;
  readonly rtp: Buffer;
}

export class VoiceSessions implements VoiceUdpHandler {
  readonly #options: VoiceSessionsOptions;
  readonly #rooms = new Map<string, VoiceRoom>();
  /** By voice token. */
  readonly #admissions = new Map<string, Admission>();
  readonly #formerTokens = new Set<string>();
  readonly #clientsBySsrc = new Map<number, VoiceClient>();
  /** Clients on abandoned voice servers, and when they are disconnected. */
  readonly #stranded = new Map<VoiceClient, NodeJS.Timeout>();

  constructor(options: VoiceSessionsOptions) {
    this.#options = options;
    const { world } = options;
    for (const { id, kind } of world.channels.values()) {
      if (kind !== "text") this.#rooms.set(id, new VoiceRoom(id, options));
    }
    world.on("channelDelete", ({ id }) => {
      for (const client of this.#rooms.get(id)?.clients ?? []) {
        this.#end(client, CLOSE_CALL_TERMINATED, "Disconnected: call terminated.");
      }
    });
    world.on("voiceState", (state, previousChannelId) => this.#follow(state, previousChannelId));
  }

  /** Admits a bot's next voice session, which ends the previous one. @returns its voice token. */
  admit(session: Omit<Admission, "token">): string {
    for (const [token, { userId, channelId }] of this.#admissions) {
      if (userId !== session.userId) continue;
      this.#expel(token);
      const client = this.#rooms.get(channelId)?.client(userId);
      if (client) this.#end(client, CLOSE_DISCONNECTED, "Disconnected.");
    }
    const token = randomBytes(8).toString("hex");
    this.#admissions.set(token, { ...session, token });
    return token;
  }

  admission(token: string): Admission | undefined {
    return this.#admissions.get(token);
  }

  /** Whether this token was ever valid. */
  wasAdmitted(token: string): boolean {
    return this.#formerTokens.has(token);
  }

  /** Whether exactly this voice session is connected. */
  isConnected({ userId, channelId, sessionId }: Omit<Admission, "token">): boolean {
    const client = this.#rooms.get(channelId)?.client(userId);
    return client?.socket !== undefined && client.admission.sessionId === sessionId;
  }

  room(channelId: string): VoiceRoom | undefined {
    return this.#rooms.get(channelId);
  }

  /** The client's room; undefined after its voice server was abandoned or its session ended. */
  roomOf(client: VoiceClient): VoiceRoom | undefined {
    const room = this.#rooms.get(client.admission.channelId);
    return room?.client(client.userId) === client ? room : undefined;
  }

  /**
   * Moves the channel: people meet again in another room, with other SSRCs, keys and group. Old clients get no more
   * audio, and are disconnected after a while (4022).
   */
  giveUp(channelId: string, lingerMs: number): void {
    const room = this.#rooms.get(channelId);
    if (room === undefined) return;
    for (const client of room.retire()) this.#strand(client, lingerMs);
    for (const { channelId: place, token } of this.#admissions.values()) if (place === channelId) this.#expel(token);
    const next = new VoiceRoom(channelId, this.#options, new Renumbering(() => this.#freeSsrc()));
    this.#rooms.set(channelId, next);
    for (const { channelId: whereabouts, member } of this.#options.world.voiceStates) {
      if (whereabouts === channelId && !this.#options.accounts.has(member.user.id)) next.addSpeaker(member.user.id);
    }
  }

  /** Clients that can receive audio, in every room. */
  get listeners(): readonly VoiceClient[] {
    return [...this.#rooms.values()].flatMap(({ listeners }) => listeners);
  }

  /** Call when op 0 was accepted. Ends an earlier session of the same bot. */
  connect(admission: Admission, connection: Pick<VoiceClientOptions, "socket" | "sendDatagram">): VoiceClient {
    const opcodeFaults = this.#options.opcodeFaultsOf(admission.userId);
    const client = new VoiceClient(admission, { ...connection, ssrc: this.#freeSsrc(), opcodeFaults });
    const room = this.#rooms.get(admission.channelId);
    const previous = room?.client(client.userId);
    if (previous) this.#end(previous, CLOSE_SESSION_INVALID, "Session is no longer valid.");
    this.#clientsBySsrc.set(client.ssrc, client);
    room?.addClient(client);
    return client;
  }

  /** The session whose socket may be replaced by op 7. */
  resumable(token: string): VoiceClient | undefined {
    const admission = this.#admissions.get(token);
    const client = admission && this.#rooms.get(admission.channelId)?.client(admission.userId);
    return client?.admission === admission ? client : undefined;
  }

  /** A bot's voice sessions, in any channel. */
  clientsOf(userId: string): readonly VoiceClient[] {
    return [...this.#rooms.values()].flatMap((room) => room.client(userId) ?? []);
  }

  /**
   * Call when the socket closed: code 1000 and the application's own codes end the session; it can be resumed after
   * others, including a crash of the server (4015).
   */
  socketClosed(client: VoiceClient, code: number): void {
    client.detach();
    const isOver = code === 1000 || (code >= 4000 && code !== CLOSE_VOICE_SERVER_CRASHED);
    if (isOver) this.#end(client, code, "");
    else client.expiry = setTimeout(() => this.#end(client, code, ""), RESUME_WINDOW_MS);
  }

  clientBySsrc(ssrc: number): VoiceClient | undefined {
    return this.#clientsBySsrc.get(ssrc);
  }

  onPacket(client: VoiceClient, header: RtpHeader, rtp: Buffer): void {
    client.hasSent = true;
    if (this.#mayBeHeard(client)) this.roomOf(client)?.distribute(client.userId, rtp);
    this.#options.onClientPacket({ userId: client.userId, header, rtp });
  }

  /**
   * Nobody hears people who are muted by themselves or by the server, are in a stage's audience, or lack the permission
   * to speak.
   */
  #mayBeHeard({ userId, admission }: VoiceClient): boolean {
    const { world } = this.#options;
    const { selfMute, mute, suppress } = world.voiceState(userId)?.flags ?? {};
    return !selfMute && !mute && !suppress && world.may(userId, admission.channelId, "speak");
  }

  close(): void {
    for (const [client, timer] of this.#stranded) {
      clearTimeout(timer);
      client.close(1001, "Going away");
    }
    for (const room of this.#rooms.values()) room.close();
    this.#clientsBySsrc.clear();
    this.#admissions.clear();
  }

  #strand(client: VoiceClient, lingerMs: number): void {
    const evict = () => this.#end(client, CLOSE_CALL_TERMINATED, "Disconnected: call terminated.");
    if (lingerMs === 0) evict();
    else this.#stranded.set(client, setTimeout(evict, lingerMs));
  }

  #expel(token: string): void {
    this.#admissions.delete(token);
    this.#formerTokens.add(token);
  }

  #end(client: VoiceClient, code: number, reason: string): void {
    client.close(code, reason);
    clearTimeout(this.#stranded.get(client));
    this.#stranded.delete(client);
    this.#clientsBySsrc.delete(client.ssrc);
    this.roomOf(client)?.remove(client.userId);
  }

  #follow(state: VoiceState, previousChannelId: string | null): void {
    const { channelId } = state;
    if (channelId === previousChannelId) return;
    const { id } = state.member.user;
    const previous = previousChannelId === null ? undefined : this.#rooms.get(previousChannelId);
    if (this.#options.accounts.has(id)) {
      const client = previous?.client(id);
      if (client) this.#end(client, CLOSE_DISCONNECTED, "Disconnected.");
      return;
    }
    previous?.remove(id);
    if (channelId !== null) this.#rooms.get(channelId)?.addSpeaker(id);
  }

  #freeSsrc(): number {
    for (;;) {
      const ssrc = randomInt(1, 2 ** 32);
      if (!this.#options.takenSsrcs.has(ssrc) && !this.#clientsBySsrc.has(ssrc)) return ssrc;
    }
  }
}
