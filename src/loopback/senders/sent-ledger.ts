import type { SentPacket } from "../voice/voice-room.ts";
import type { PacketId } from "./network.ts";

/** Records which packets of each user were sent to the recording bot. */
export class SentLedger {
  readonly #counts = new Map<string, number>();
  readonly #sent = new Map<string, Set<number>>();
  readonly #decryptable = new Map<string, Set<number>>();
  readonly #sentAtMs = new Map<string, Map<number, number>>();

  /** By user id, including other bots. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Indices into the fixture's packets of this user. */
  sentOf(userId: string): ReadonlySet<number> {
    return this.#sent.get(userId) ?? new Set();
  }

  decryptableOf(userId: string): ReadonlySet<number> {
    return this.#decryptable.get(userId) ?? new Set();
  }

  /** When each packet left, after all delays; a lost one never did. */
  sentAtMsOf(userId: string): ReadonlyMap<number, number> {
    return this.#sentAtMs.get(userId) ?? new Map();
  }

  left({ userId, index }: PacketId, atMs: number): void {
    const times = this.#sentAtMs.get(userId) ?? new Map<number, number>();
    if (!times.has(index)) this.#sentAtMs.set(userId, times.set(index, atMs));
  }

  add({ userId, id, decryptable }: SentPacket): void {
    this.#counts.set(userId, (this.#counts.get(userId) ?? 0) + 1);
    if (id === undefined) return;
    addTo(this.#sent, userId, id.index);
    if (decryptable) addTo(this.#decryptable, userId, id.index);
  }
}

function addTo(sets: Map<string, Set<number>>, userId: string, index: number): void {
  const set = sets.get(userId);
  if (set) set.add(index);
  else sets.set(userId, new Set([index]));
}
