import { Agenda } from "../world/agenda.ts";
import { type Forgery, forge } from "./forger.ts";
import { type Impairments, type PacketFate, UNIMPAIRED } from "./impairments.ts";

/** Statistics about a call, in packets; one that goes to several clients counts once. */
export interface ImpairmentCounts {
  lost: number;
  swapped: number;
  duplicated: number;
  /** By jitter or a stall. */
  delayed: number;
  /** Datagrams of the forger to one client. */
  forged: number;
  replayed: number;
}

export interface NetworkOptions<Client> {
  readonly impairments: Impairments;
  /** By speaker and index. */
  readonly fates: ReadonlyMap<string, readonly PacketFate[]>;
  /** The SSRCs that a forger knows. */
  readonly ssrcs: readonly number[];
  readonly send: (client: Client, datagram: Buffer) => void;
  /** A packet of the fixture has left, after all delays. A second copy is not reported. */
  readonly onSent: (client: Client, id: PacketId) => void;
  /** Sends from another port than the server's. */
  readonly sendFromForeignSocket: (client: Client, datagram: Buffer) => void;
  /** The clients that can receive now. */
  readonly clients: () => readonly Client[];
}

/** Which packet of a speaker a datagram holds, counted from 0 over the call. */
export interface PacketId {
  readonly userId: string;
  readonly index: number;
}

interface Held {
  readonly id: PacketId;
  readonly datagram: Buffer;
  readonly fate: PacketFate;
}

/** Without an id if it is not from the fixture. */
type Passing = Omit<Held, "id"> & { readonly id: PacketId | undefined };

/** How long a swapped packet waits for its successor, which may never come if its speaker leaves. */
const MAX_SWAP_WAIT_MS = 250;
const FORGE_INTERVAL_MS = 5;
/** The most time of a stall of this process that the forger catches up. */
const MAX_FORGE_BACKLOG_MS = 20;

/** The path from the voice server to its clients, with the effects of networks and forgers. */
export class Network<Client extends object> {
  readonly counts: ImpairmentCounts = { lost: 0, swapped: 0, duplicated: 0, delayed: 0, forged: 0, replayed: 0 };
  readonly #options: NetworkOptions<Client>;
  readonly #agenda = new Agenda();
  readonly #lost = new Map<string, Set<number>>();
  /** The last packet of each speaker that is counted. */
  readonly #counted = new Map<string, number>();
  /** Swapped packets that wait for their successor. */
  readonly #held = new WeakMap<Client, Map<string, Held>>();
  #startedAtMs: number | undefined;
  #forgedUntilMs: number | undefined;
  #owedForgeries = 0;

  constructor(options: NetworkOptions<Client>) {
    this.#options = options;
  }

  /** Indices of a speaker's packets that were lost so far. */
  lostOf(userId: string): ReadonlySet<number> {
    return this.#lost.get(userId) ?? new Set();
  }

  /** Starts the call once: stalls count from here, and the forger starts. */
  start(): void {
    if (this.#startedAtMs !== undefined) return;
    this.#startedAtMs = performance.now();
    if ((this.#options.impairments.forgedPerSecond ?? 0) === 0) return;
    this.#forgedUntilMs = this.#startedAtMs;
    this.#forge();
  }

  /** Ends the call and stops the forger. @returns when all packets on their way have arrived. */
  finish(): Promise<void> {
    this.#forgedUntilMs = undefined;
    return this.#agenda.empty;
  }

  /** Leaves no timer. Packets on their way never arrive. */
  close(): void {
    this.#forgedUntilMs = undefined;
    this.#agenda.clear();
  }

  /** Sends a datagram. @param id undefined for a packet that is not from the fixture, which is not impaired. */
  transmit(client: Client, datagram: Buffer, id: PacketId | undefined): void {
    this.#agenda.runDue();
    const fate = (id && this.#options.fates.get(id.userId)?.[id.index]) ?? UNIMPAIRED;
    if (id !== undefined) this.#count(id, fate);
    if (fate.lost) return;
    const dueMs = this.#dueMs(fate);
    if (fate.swapped && id !== undefined) {
      this.#hold(client, { id, datagram, fate });
      return;
    }
    this.#arrive(client, { id, datagram, fate }, dueMs);
    if (id !== undefined) this.#release(client, id.userId, dueMs);
  }

  #count({ userId, index }: PacketId, fate: PacketFate): void {
    if (index <= (this.#counted.get(userId) ?? -1)) return;
    this.#counted.set(userId, index);
    if (fate.lost) {
      this.counts.lost += 1;
      const lost = this.#lost.get(userId) ?? new Set();
      this.#lost.set(userId, lost.add(index));
      return;
    }
    if (fate.swapped) this.counts.swapped += 1;
    if (fate.duplicated) this.counts.duplicated += 1;
    if (fate.delayMs > 0 || this.#isStalled(performance.now())) this.counts.delayed += 1;
    if (fate.replayAfterMs !== undefined) this.counts.replayed += 1;
  }

  #dueMs({ delayMs }: PacketFate): number {
    return this.#afterStalls(performance.now() + delayMs);
  }

  #afterStalls(atMs: number): number {
    const startedAtMs = this.#startedAtMs;
    if (startedAtMs === undefined) return atMs;
    for (const stall of this.#options.impairments.stalls ?? []) {
      const fromMs = startedAtMs + stall.atMs;
      if (atMs >= fromMs && atMs < fromMs + stall.durationMs) return fromMs + stall.durationMs;
    }
    return atMs;
  }

  #isStalled(atMs: number): boolean {
    return this.#afterStalls(atMs) > atMs;
  }

  #hold(client: Client, held: Held): void {
    const { userId } = held.id;
    let ofClient = this.#held.get(client);
    if (ofClient === undefined) {
      ofClient = new Map();
      this.#held.set(client, ofClient);
    }
    ofClient.set(userId, held);
    const waitUntilMs = performance.now() + MAX_SWAP_WAIT_MS;
    this.#agenda.add(waitUntilMs, () => {
      if (ofClient.get(userId) === held) this.#release(client, userId, waitUntilMs);
    });
  }

  /** Releases the packet that waited for this one. */
  #release(client: Client, userId: string, dueMs: number): void {
    const ofClient = this.#held.get(client);
    const held = ofClient?.get(userId);
    if (held === undefined) return;
    ofClient?.delete(userId);
    this.#arrive(client, held, dueMs);
  }

  #arrive(client: Client, { id, datagram, fate }: Passing, dueMs: number): void {
    const { send, onSent } = this.#options;
    const deliver = (): void => {
      send(client, datagram);
      if (id !== undefined) onSent(client, id);
      if (fate.duplicated) send(client, datagram);
    };
    if (dueMs > performance.now()) this.#agenda.add(dueMs, deliver);
    else deliver();
    if (fate.replayAfterMs === undefined) return;
    this.#agenda.add(this.#afterStalls(dueMs + fate.replayAfterMs), () => send(client, datagram));
  }

  /** Sends everything due since the last time. */
  #forge(): void {
    if (this.#forgedUntilMs === undefined) return;
    const { impairments, clients, ssrcs } = this.#options;
    const nowMs = performance.now();
    const sinceMs = Math.min(nowMs - this.#forgedUntilMs, MAX_FORGE_BACKLOG_MS);
    this.#forgedUntilMs = nowMs;
    if (!this.#isStalled(nowMs)) {
      this.#owedForgeries += (sinceMs * (impairments.forgedPerSecond ?? 0)) / 1_000;
      for (; this.#owedForgeries >= 1; this.#owedForgeries -= 1) {
        const { kind, datagram } = forge(impairments.seed, this.counts.forged, ssrcs);
        for (const client of clients()) this.#sendForged(client, kind, datagram);
        this.counts.forged += 1;
      }
    }
    this.#agenda.add(nowMs + FORGE_INTERVAL_MS, () => this.#forge());
  }

  #sendForged(client: Client, kind: Forgery, datagram: Buffer): void {
    if (kind === "wrong_source") this.#options.sendFromForeignSocket(client, datagram);
    else this.#options.send(client, datagram);
  }
}
