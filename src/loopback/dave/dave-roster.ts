import type { DaveMember } from "./dave-member.ts";

/** The change that a proposal makes to a group. */
export type Change =
  | { readonly kind: "add"; readonly userId: string; readonly keyPackage: Buffer }
  | { readonly kind: "remove"; readonly leafIndex: number };

/** Knows who is in the channel, who waits with a key package, and who has which leaf of the ratchet tree. */
export class DaveRoster {
  readonly #members = new Map<string, DaveMember>();
  /** Key packages that are in no group yet, by user id. */
  readonly #waiting = new Map<string, Buffer>();
  /** Participants who are not let in. */
  readonly #excluded = new Set<string>();
  /** Empty while no group is established. */
  #leaves: (string | undefined)[] = [];

  get members(): readonly DaveMember[] {
    return [...this.#members.values()];
  }

  /** Members whose key packages are unused. */
  get waiting(): readonly DaveMember[] {
    return [...this.#waiting.keys()].flatMap((userId) => this.#members.get(userId) ?? []);
  }

  /** Whether everyone who may be in the group waits to be added. */
  get areAllWaiting(): boolean {
    return this.members.every(({ userId }) => this.#excluded.has(userId) || this.#waiting.has(userId));
  }

  get isEstablished(): boolean {
    return this.#leaves.length > 0;
  }

  /** Members of the group who are still in the call, with the key package that the group knows. */
  get staying(): readonly DaveMember[] {
    return this.#leaves.flatMap((userId) =>
      userId === undefined || this.#waiting.has(userId) || this.#excluded.has(userId)
        ? []
        : (this.#members.get(userId) ?? []),
    );
  }

  member(userId: string): DaveMember | undefined {
    return this.#members.get(userId);
  }

  join(member: DaveMember): void {
    this.#members.set(member.userId, member);
  }

  leave(userId: string): void {
    this.#members.delete(userId);
    this.#waiting.delete(userId);
  }

  /** Excludes a participant: if it is in the group, the next change removes it. */
  exclude(userId: string): void {
    this.#excluded.add(userId);
    this.#waiting.delete(userId);
  }

  isExcluded(userId: string): boolean {
    return this.#excluded.has(userId);
  }

  addKeyPackage(userId: string, keyPackage: Buffer): void {
    this.#waiting.set(userId, keyPackage);
  }

  /** The changes that make the group match the channel: remove leaves without a member, add key packages. */
  changesDue(): readonly Change[] {
    const staying = new Set(this.staying.map(({ userId }) => userId));
    const removes = this.#leaves.flatMap((userId, leafIndex): Change[] =>
      userId === undefined || staying.has(userId) ? [] : [{ kind: "remove", leafIndex }],
    );
    const adds = [...this.#waiting].map(([userId, keyPackage]): Change => ({ kind: "add", userId, keyPackage }));
    return [...removes, ...adds];
  }

  /** The committer is the only member of a first group; its own key package stays unused. */
  establish(committer: string): void {
    this.#leaves = [committer];
    this.#waiting.delete(committer);
  }

  /** Clears the waiting key packages. */
  discardKeyPackages(): void {
    this.#waiting.clear();
  }

  dissolve(): void {
    this.#leaves = [];
  }

  /** RFC 9420 §12.3: removes first, then adds, each into the leftmost blank leaf. @returns who gets the welcome. */
  apply(changes: readonly Change[]): readonly DaveMember[] {
    const welcomed: DaveMember[] = [];
    for (const change of changes) if (change.kind === "remove") this.#leaves[change.leafIndex] = undefined;
    for (const change of changes) {
      if (change.kind !== "add") continue;
      const blank = this.#leaves.indexOf(undefined);
      this.#leaves[blank === -1 ? this.#leaves.length : blank] = change.userId;
      // Not if it left, or has sent another key package since, which the next change will add.
      if (this.#waiting.get(change.userId) !== change.keyPackage) continue;
      this.#waiting.delete(change.userId);
      const member = this.#members.get(change.userId);
      if (member) welcomed.push(member);
    }
    return welcomed;
  }
}
