import type { Person } from "./shapes.ts";
/** The participants: everyone who was ever in the channel, in order of arrival. */
export interface Participant extends Person {
  /** A, B, C … in the order of their first words; people who never spoke follow in order of arrival. */
  readonly speakerLabel: string;
  /** Times in the channel, in milliseconds of the session clock; an open one ends with the recording. */
  readonly present: readonly { readonly fromMs: number; readonly toMs: number | null }[];
}

interface Entry {
  identity: Person;
  /** Undefined until they have spoken. */
  speakerLabel: string | undefined;
  present: { fromMs: number; toMs: number | null }[];
}

export class Roster {
  readonly #entries = new Map<string, Entry>();
  #labels = 0;

  /** @returns false if they were already present */
  join(identity: Person, atMs: number): boolean {
    const entry = this.#entryOf(identity);
    entry.identity = identity;
    if (isPresent(entry)) return false;
    entry.present.push({ fromMs: atMs, toMs: null });
    return true;
  }

  /** @returns false if they were not present */
  leave(userId: string, atMs: number): boolean {
    const visit = this.#entries.get(userId)?.present.at(-1);
    if (visit === undefined || visit.toMs !== null) return false;
    visit.toMs = atMs;
    return true;
  }

  rename(identity: Person): void {
    this.#entryOf(identity).identity = identity;
  }

  /**
   * Records that a person was heard; the first time assigns their label.
   *
   * @returns whether it was the first time
   */
  spoke(userId: string): boolean {
    const entry = this.#entryOf({ id: userId, username: userId, displayName: userId, bot: false });
    if (entry.speakerLabel !== undefined) return false;
    entry.speakerLabel = speakerLabel(this.#labels);
    this.#labels += 1;
    return true;
  }

  hasSpoken(userId: string): boolean {
    return this.#entries.get(userId)?.speakerLabel !== undefined;
  }

  get(userId: string): Person | undefined {
    return this.#entries.get(userId)?.identity;
  }

  isPresent(userId: string): boolean {
    const entry = this.#entries.get(userId);
    return entry !== undefined && isPresent(entry);
  }

  participants(): Participant[] {
    let silent = this.#labels;
    const next = (): string => {
      silent += 1;
      return speakerLabel(silent - 1);
    };
    return [...this.#entries.values()].map(({ identity, speakerLabel: label, present }) => ({
      ...identity,
      speakerLabel: label ?? next(),
      present,
    }));
  }

  #entryOf(identity: Person): Entry {
    let entry = this.#entries.get(identity.id);
    if (entry === undefined) {
      entry = { identity, speakerLabel: undefined, present: [] };
      this.#entries.set(identity.id, entry);
    }
    return entry;
  }
}

function isPresent({ present }: Entry): boolean {
  const visit = present.at(-1);
  return visit !== undefined && visit.toMs === null;
}

/** A … Z, AA, AB …, as spreadsheets count columns. */
export function speakerLabel(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : speakerLabel(Math.floor(index / 26) - 1) + letter;
}
