/**
 * The delivery service of one voice channel's MLS group under DAVE protocol version 1: it proposes who is added and
 * removed, takes the first commit, hands out commits and welcomes, and executes the transition when those who must
 * be ready are. https://daveprotocol.com/#group-lifecycle
 *
 * One change at a time: a member that still has a commit to execute cannot take proposals of the next epoch.
 */

import {
  addProposal,
  appendProposals,
  type CommitWelcome,
  ExternalSender,
  groupIdOf,
  parseCommitWelcome,
  removeProposal,
  type SignedProposal,
  userOfKeyPackage,
} from "./mls.ts";

/** How long a member may take from its commit or welcome to op 23, before the others go on without it. */
const TRANSITION_READY_TIMEOUT_MS = 2_000;
/** How long clients may take to commit where they are asked to, before a simulated speaker's commit is taken. */
const COMMIT_TIMEOUT_MS = 1_000;

/** Where the group's messages to one participant go. */
export interface DaveMember {
  readonly userId: string;
  /**
   * Whether it is a client on the wire: it processes a commit when told and confirms with op 23. A simulated speaker
   * processes it at execution, because davey encrypts with the new key from `processCommit` on.
   */
  readonly remote: boolean;
  /** Op 25. */
  receiveExternalSender(payload: Buffer): void;
  /** Op 27. */
  receiveProposals(payload: Buffer): void;
  /** Op 29. */
  receiveCommit(transitionId: number, commit: Buffer): void;
  /** Op 30. */
  receiveWelcome(transitionId: number, welcome: Buffer): void;
  /** Op 22; transition 0 executes without being told. */
  executeTransition(transitionId: number): void;
  /** Op 24 with epoch 1, then op 21: begin anew, alone, and send a new key package. */
  startOver(): void;
}

/** Whose commit wins: speakers commit within the call, clients need a round trip. */
export type Committers = "speakers" | "clients";

export interface DaveGroupOptions {
  readonly channelId: string;
  readonly committers: Committers;
  /** Called whenever the group has come to rest: nothing proposed, no transition open. */
  readonly onSettled: () => void;
  readonly log: (line: string) => void;
}

type Change =
  | { readonly kind: "add"; readonly userId: string; readonly keyPackage: Buffer }
  | { readonly kind: "remove"; readonly leafIndex: number };

type Phase =
  | { readonly kind: "settled" }
  | {
      readonly kind: "proposed";
      /** By proposal reference. */
      readonly changes: ReadonlyMap<string, Change>;
      /** Members that hold the proposals and can commit them. */
      readonly candidates: Set<string>;
      fallback?: { readonly userId: string; readonly payload: Buffer };
      timer?: NodeJS.Timeout;
    }
  | {
      readonly kind: "transition";
      readonly transitionId: number;
      readonly waitingFor: Set<string>;
      readonly timer: NodeJS.Timeout | undefined;
    };

const SETTLED: Phase = { kind: "settled" };

export class DaveGroup {
  readonly #options: DaveGroupOptions;
  readonly #groupId: Buffer;
  readonly #externalSender = new ExternalSender();
  readonly #members = new Map<string, DaveMember>();
  /** Key packages that are in no group yet, by user id. */
  readonly #pending = new Map<string, Buffer>();
  /** The ratchet tree's leaves. Empty while no group is established. */
  #leaves: (string | undefined)[] = [];
  #epoch = 0n;
  #lastTransitionId = 0;
  #phase: Phase = SETTLED;
  #advanceQueued = false;
  #closed = false;

  constructor(options: DaveGroupOptions) {
    this.#options = options;
    this.#groupId = groupIdOf(options.channelId);
  }

  /** Epochs are committed ones; 0 before the first. */
  get epoch(): bigint {
    return this.#epoch;
  }

  /** A participant entered the channel. It answers with a key package. */
  join(member: DaveMember): void {
    this.#members.set(member.userId, member);
    member.receiveExternalSender(this.#externalSender.package);
  }

  leave(userId: string): void {
    this.#members.delete(userId);
    this.#pending.delete(userId);
    this.#withdraw(userId);
    this.#queueAdvance();
  }

  /** Op 26. A second one of the same member replaces its place in the group. */
  keyPackage(userId: string, keyPackage: Buffer): void {
    if (!this.#members.has(userId)) return;
    if (userOfKeyPackage(keyPackage) !== userId) {
      this.#options.log(`dave: key package of ${userId} is malformed or in another's name`);
      return;
    }
    this.#pending.set(userId, Buffer.from(keyPackage));
    this.#withdraw(userId);
    this.#queueAdvance();
  }

  /** Op 28. The first valid one of an epoch wins; later ones are what races look like, and are ignored. */
  commitWelcome(userId: string, payload: Buffer): void {
    const phase = this.#phase;
    if (phase.kind !== "proposed" || !phase.candidates.has(userId)) return;
    if (this.#members.get(userId)?.remote) this.#accept(userId, payload);
    else phase.fallback ??= { userId, payload };
  }

  /** Op 23. */
  transitionReady(userId: string, transitionId: number): void {
    const phase = this.#phase;
    if (phase.kind !== "transition" || phase.transitionId !== transitionId) return;
    phase.waitingFor.delete(userId);
    if (phase.waitingFor.size === 0) this.#execute();
  }

  /** Op 31: the member could not use what it was sent; its next key package gets it in again. */
  invalidCommitWelcome(userId: string): void {
    this.#withdraw(userId);
  }

  /** Whether nothing stands between this participant and the others' keys: it is in the group, or alone. */
  isSettled(userId: string): boolean {
    if (this.#phase.kind !== "settled" || this.#advanceQueued) return false;
    if (this.#pending.has(userId)) return this.#members.size === 1;
    return this.#leaves.includes(userId);
  }

  close(): void {
    this.#closed = true;
    this.#settle();
  }

  /** Leave aside whoever can no longer commit or confirm. */
  #withdraw(userId: string): void {
    const phase = this.#phase;
    if (phase.kind === "transition") this.transitionReady(userId, phase.transitionId);
    if (phase.kind === "proposed" && phase.candidates.delete(userId) && phase.candidates.size === 0) {
      this.#settle();
      this.#queueAdvance();
    }
  }

  #settle(): void {
    if (this.#phase.kind !== "settled") clearTimeout(this.#phase.timer);
    this.#phase = SETTLED;
  }

  /** Several joins and leaves of one moment make one change. */
  #queueAdvance(): void {
    if (this.#advanceQueued) return;
    this.#advanceQueued = true;
    queueMicrotask(() => {
      this.#advanceQueued = false;
      if (!this.#closed) this.#advance();
    });
  }

  #advance(): void {
    if (this.#phase.kind !== "settled") return;
    const staying = this.#leaves.filter((userId) => userId !== undefined && this.#isStaying(userId));
    if (staying.length === 0) this.#forgetGroup();
    if (this.#leaves.length === 0) {
      if (this.#pending.size >= 2) this.#proposeFirstGroup();
      else this.#options.onSettled();
      return;
    }
    const [last] = staying;
    if (staying.length === 1 && this.#pending.size === 0 && last !== undefined) {
      this.#forgetGroup();
      this.#members.get(last)?.startOver();
      return;
    }
    const changes: Change[] = [
      ...this.#leaves.flatMap((userId, leafIndex): Change[] =>
        userId !== undefined && !this.#isStaying(userId) ? [{ kind: "remove", leafIndex }] : [],
      ),
      ...this.#additions(),
    ];
    if (changes.length === 0) this.#options.onSettled();
    else this.#propose(changes, staying, () => true);
  }

  #isStaying(userId: string): boolean {
    return this.#members.has(userId) && !this.#pending.has(userId);
  }

  #additions(): Change[] {
    return [...this.#pending].map(([userId, keyPackage]) => ({ kind: "add", userId, keyPackage }));
  }

  #forgetGroup(): void {
    this.#leaves = [];
    this.#epoch = 0n;
  }

  /**
   * Everybody is alone in a pending group at epoch 0 and may commit the others' adds. Of the simulated speakers only
   * one is asked: the losers' commits would be thrown away.
   */
  #proposeFirstGroup(): void {
    const pending = [...this.#pending.keys()];
    const speaker = pending.find((userId) => this.#members.get(userId)?.remote === false);
    const asked = pending.filter((userId) => userId === speaker || this.#members.get(userId)?.remote);
    // One's own add would double one's own leaf.
    this.#propose(this.#additions(), asked, (change, userId) => change.kind === "add" && change.userId !== userId);
  }

  #propose(
    changes: readonly Change[],
    asked: readonly (string | undefined)[],
    concerns: (change: Change, userId: string) => boolean,
  ): void {
    const proposals = changes.map((change) => ({ change, signed: this.#sign(change) }));
    const candidates = new Set(asked.filter((userId) => userId !== undefined));
    const phase: Phase = {
      kind: "proposed",
      changes: new Map(proposals.map(({ change, signed }) => [signed.reference, change])),
      candidates,
    };
    this.#phase = phase;
    for (const userId of [...candidates]) {
      const theirs = proposals.filter(({ change }) => concerns(change, userId)).map(({ signed }) => signed);
      this.#members.get(userId)?.receiveProposals(appendProposals(theirs));
    }
    const { fallback } = phase;
    if (fallback === undefined) return;
    const clients = [...candidates].some((userId) => this.#members.get(userId)?.remote);
    if (this.#options.committers === "speakers" || !clients) this.#accept(fallback.userId, fallback.payload);
    else phase.timer = setTimeout(() => this.#accept(fallback.userId, fallback.payload), COMMIT_TIMEOUT_MS);
  }

  #sign(change: Change): SignedProposal {
    const proposal = change.kind === "add" ? addProposal(change.keyPackage) : removeProposal(change.leafIndex);
    return this.#externalSender.propose(this.#groupId, this.#epoch, proposal);
  }

  #accept(committer: string, payload: Buffer): void {
    const phase = this.#phase;
    if (phase.kind !== "proposed") return;
    const message = parseCommitWelcome(payload);
    const changes = message && this.#committedChanges(message, phase.changes);
    if (message === undefined || changes === undefined) {
      this.#options.log(`dave: commit of ${committer} is malformed or not for this epoch`);
      return;
    }
    this.#settle();
    const isFirstGroup = this.#leaves.length === 0;
    if (isFirstGroup) this.#leaves = [committer];
    const existing = this.#leaves.filter((userId) => userId !== undefined && this.#isMemberOfGroup(userId, committer));
    const welcomed = this.#applyChanges(changes);
    this.#pending.delete(committer);
    this.#epoch += 1n;
    this.#beginTransition(isFirstGroup ? 0 : this.#nextTransitionId(), message, existing, welcomed);
  }

  /** In a first group the committer is in the group although its key package was never used. */
  #isMemberOfGroup(userId: string, committer: string): boolean {
    return this.#members.has(userId) && (userId === committer || !this.#pending.has(userId));
  }

  #committedChanges(message: CommitWelcome, offered: ReadonlyMap<string, Change>): readonly Change[] | undefined {
    if (!message.groupId.equals(this.#groupId) || message.epoch !== this.#epoch) return undefined;
    const changes = message.references.map((reference) => offered.get(reference));
    return changes.every((change) => change !== undefined) ? changes : undefined;
  }

  /** RFC 9420 §12.3: removes first, then adds, each into the leftmost blank leaf. @returns who gets the welcome. */
  #applyChanges(changes: readonly Change[]): readonly string[] {
    const welcomed: string[] = [];
    for (const change of changes) if (change.kind === "remove") this.#leaves[change.leafIndex] = undefined;
    for (const change of changes) {
      if (change.kind !== "add") continue;
      const blank = this.#leaves.indexOf(undefined);
      this.#leaves[blank === -1 ? this.#leaves.length : blank] = change.userId;
      // Not if it left, or has begun anew with another key package, which the next change will add.
      if (this.#pending.get(change.userId) !== change.keyPackage) continue;
      this.#pending.delete(change.userId);
      welcomed.push(change.userId);
    }
    return welcomed;
  }

  #beginTransition(
    transitionId: number,
    { commit, welcome }: CommitWelcome,
    existing: readonly (string | undefined)[],
    welcomed: readonly string[],
  ): void {
    const present = (userId: string | undefined) => (userId === undefined ? [] : (this.#members.get(userId) ?? []));
    const committed = existing.flatMap(present);
    const added = welcome === undefined ? [] : welcomed.flatMap(present);
    const clients = [...committed, ...added].filter(({ remote }) => remote).map(({ userId }) => userId);
    const waitingFor = new Set(transitionId === 0 ? [] : clients);
    const timer = waitingFor.size > 0 ? setTimeout(() => this.#execute(), TRANSITION_READY_TIMEOUT_MS) : undefined;
    this.#phase = { kind: "transition", transitionId, waitingFor, timer };
    this.#options.log(`dave: epoch ${this.#epoch}, transition ${transitionId}, +${welcomed.length} members`);
    for (const member of committed) member.receiveCommit(transitionId, commit);
    if (welcome !== undefined) for (const member of added) member.receiveWelcome(transitionId, welcome);
    if (waitingFor.size === 0) this.#execute();
  }

  #execute(): void {
    if (this.#phase.kind !== "transition") return;
    const { transitionId } = this.#phase;
    this.#settle();
    for (const member of this.#members.values()) member.executeTransition(transitionId);
    this.#queueAdvance();
  }

  /** 16 bits; 0 is the first group's. */
  #nextTransitionId(): number {
    this.#lastTransitionId = (this.#lastTransitionId % 0xffff) + 1;
    return this.#lastTransitionId;
  }
}
