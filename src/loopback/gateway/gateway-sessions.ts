import type { WebSocket } from "ws";
import type { Journal } from "../journal.ts";
import { Links } from "../senders/links.ts";
import type { VoiceState, World } from "../world/world.ts";
import { GATEWAY_OP, type GatewaySession } from "./gateway-session.ts";

/** How long a session whose socket broke waits to be resumed. */
const RESUME_WINDOW_MS = 60_000;
/**
 * Server closes after which a session cannot be resumed: the documented codes with "Reconnect: false", and those
 * that say that the session itself is over (4007, 4009).
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 */
const ENDS_SESSION = new Set([4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014]);

/** The identified sessions, and the server's actions on them. */
export class GatewaySessions {
  readonly links = new Links();
  readonly #world: World;
  readonly #journal: Journal;
  readonly #sessions = new Map<string, GatewaySession>();
  /** Ended sessions whose voice continues. */
  readonly #survivedByVoice = new Set<string>();

  constructor(world: World, journal: Journal) {
    this.#world = world;
    this.#journal = journal;
  }

  get all(): Iterable<GatewaySession> {
    return this.#sessions.values();
  }

  get(sessionId: string): GatewaySession | undefined {
    return this.#sessions.get(sessionId);
  }

  /** The session that gets a voice session's events: its own gateway session, or the bot's latest if that one has ended. */
  ofVoice({ member, sessionId }: VoiceState): GatewaySession | undefined {
    const own = this.#sessions.get(sessionId);
    return own ?? (this.#survivedByVoice.has(sessionId) ? this.#of(member.user.id).at(-1) : undefined);
  }

  /** Whether it is not over. */
  has(session: GatewaySession): boolean {
    return this.#sessions.get(session.id) === session;
  }

  add(session: GatewaySession): void {
    this.#sessions.set(session.id, session);
  }

  /** Its socket closed: 1000 and 1001 from a client end the session at once, others leave it to be resumed. */
  detach(session: GatewaySession, code: number): void {
    session.socket = undefined;
    this.#journal.note("gateway_close", { userId: session.account.user.id, code });
    if (!this.has(session)) return;
    if (code === 1000 || code === 1001) this.#end(session);
    else this.#awaitResume(session);
  }

  /** Closes a bot's sockets with this code, which may end its sessions. 1006 is a TCP reset. */
  closeSockets(userId: string, code: number, reason: string): void {
    for (const session of this.#of(userId)) {
      const { socket } = session;
      if (socket) this.#dropSocket(session, socket, code, reason);
      if (ENDS_SESSION.has(code)) this.#end(session);
    }
  }

  /**
   * Op 9. A session that is not resumable is over, and with it, as on Discord, its voice session: closed with 4014
   * (https://github.com/discord/discord-api-docs/issues/2257).
   */
  invalidate(userId: string, { resumable, keepsVoice }: { resumable: boolean; keepsVoice: boolean }): void {
    for (const session of this.#of(userId)) {
      session.send(GATEWAY_OP.invalidSession, resumable);
      if (!resumable) this.#end(session, keepsVoice);
    }
  }

  /** Op 7. */
  reconnect(userId: string): void {
    for (const session of this.#of(userId)) session.send(GATEWAY_OP.reconnect, null);
  }

  silence(userId: string, durationMs: number): void {
    for (const session of this.#of(userId)) session.silence(durationMs);
  }

  close(): void {
    for (const session of this.#sessions.values()) {
      session.close();
      session.socket = undefined;
    }
    this.#sessions.clear();
  }

  #of(userId: string): readonly GatewaySession[] {
    return [...this.#sessions.values()].filter(({ account }) => account.user.id === userId);
  }

  #dropSocket(session: GatewaySession, socket: WebSocket, code: number, reason: string): void {
    session.socket = undefined;
    this.links.close(socket, code, reason);
    this.#journal.note("gateway_close", { userId: session.account.user.id, code });
    this.#awaitResume(session);
  }

  #awaitResume(session: GatewaySession): void {
    clearTimeout(session.expiry);
    session.expiry = setTimeout(() => this.#end(session), RESUME_WINDOW_MS);
  }

  #end(session: GatewaySession, keepsVoice = false): void {
    session.close();
    this.#sessions.delete(session.id);
    const { id } = session.account.user;
    if (keepsVoice) this.#survivedByVoice.add(session.id);
    else if (this.#world.voiceState(id)?.sessionId === session.id) this.#world.leaveVoice(id);
  }
}
