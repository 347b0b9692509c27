import type { SentPacket } from "../voice/voice-room.ts";

/** Records which packets of each user were sent to the recording bot. */
export class SentLedger {
  readonly #counts = new Map<string, number>();
  readonly #sent = new Map<string, Set<number>>();
  readonly #decryptable = new Map<string, Set<number>>();

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
