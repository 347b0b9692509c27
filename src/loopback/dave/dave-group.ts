/**
 * The delivery service of one voice channel's MLS group under DAVE protocol version 1, including the change to version
 * 0 and back. It proposes additions and removals, accepts the first commit, distributes commits and welcomes, and
 * executes the transition when the required members are ready. https://daveprotocol.com/#group-lifecycle
 *
 * One change at a time: a member that still has a commit to execute cannot take proposals of the next epoch.
 *
 * This file is long because each method is a step of the same state machine and changes its phase.
 */

import type { CallBehaviour } from "../../fixture/call-behaviour.ts";
import type { DaveMember } from "./dave-member.ts";
import type { ExecutingPhase, Phase, ProposedPhase, TransitionPhase } from "./dave-phase.ts";
import { Proposals } from "./dave-proposals.ts";
import { type Change, DaveRoster } from "./dave-roster.ts";
import { type CommitWelcome, ExternalSender, groupIdOf, parseCommitWelcome, userOfKeyPackage } from "./mls.ts";
import { noisyProposals, type ProposalNoise } from "./mls-noise.ts";

/** How long a member may take from its commit or welcome to op 23, before the others continue without it. */
const TRANSITION_READY_TIMEOUT_MS = 2_000;
/** How long members may take to send a key package for an upgrade, before the others continue without them. */
const KEY_PACKAGES_TIMEOUT_MS = 2_000;
/** Node's timers end early beyond this. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** How long clients may take to commit if they are asked to, before a simulated speaker's commit is taken. */
const COMMIT_TIMEOUT_MS = 1_000;

/** Whose commit wins: speakers commit within the call, clients need a round trip. */
export type Committers = "speakers" | "clients";

export interface DaveGroupOptions {
  readonly channelId: string;
  readonly committers: Committers;
  readonly behaviour: Pick<CallBehaviour, "executeTransitionAfterMs" | "proposesOneByOne" | "outsiders">;
  /** Called whenever the group is idle: nothing proposed, no transition open. */
  readonly onSettled: () => void;
  readonly log: (line: string) => void;
}

export class DaveGroup {
  readonly #options: DaveGroupOptions;
  readonly #groupId: Buffer;
  readonly #externalSender = new ExternalSender();
  readonly #roster = new DaveRoster();
  #epoch = 0n;
  #lastTransitionId = 0;
  #phase: Phase = { kind: "settled" };
  #version: 0 | 1 = 1;
  #targetVersion: 0 | 1 = 1;
  #encrypts = true;
  /** Whether the group will be or is being founded again while its members talk. */
  #renewal: "none" | "due" | "under_way" = "none";
  /** Members that have not been sent op 25, because they came under version 0. */
  readonly #withoutExternalSender = new Set<string>();
  #senderLagMs = 0;
  /** The members who have the keys with which speakers encrypt now. */
  #keyHolders: ReadonlySet<string> = new Set();
  #advanceQueued = false;
  #closed = false;

  constructor(options: DaveGroupOptions) {
    this.#options = options;
    this.#groupId = groupIdOf(options.channelId);
    for (const userId of options.behaviour.outsiders) this.#roster.exclude(userId);
  }

  /** The last committed one; 0 before the first. */
  get epoch(): bigint {
    return this.#epoch;
  }

  /** The DAVE protocol version that newcomers get. */
  get version(): 0 | 1 {
    return this.#version;
  }

  /** Whether speakers' packets are encrypted end to end. */
  get encrypts(): boolean {
    return this.#encrypts;
  }

  /** Moves everyone to this protocol version, after the current change. */
  changeVersion(version: 0 | 1): void {
    this.#targetVersion = version;
    this.#queueAdvance();
  }

  /** Makes everyone found a new group after the current change. They talk with the old keys until it is executed. */
  renew(): void {
    this.#renewal = "due";
    this.#queueAdvance();
  }

  /** How long speakers keep the previous epoch after op 22 executed a transition. */
  set senderLagMs(senderLagMs: number) {
    this.#senderLagMs = senderLagMs;
  }

  /** Removes a participant from the group, or never lets them in: their key packages are refused from now on. */
  exclude(userId: string): void {
    this.#roster.exclude(userId);
    this.#withdraw(userId);
    this.#queueAdvance();
  }

  /** Whether this participant has no part in the group, and speaks with keys that nobody has. */
  isOutsider(userId: string): boolean {
    return this.#encrypts && this.#roster.isExcluded(userId);
  }

  /** A participant entered the channel. It answers with a key package, except under version 0. */
  join(member: DaveMember): void {
    this.#roster.join(member);
    if (this.#version === 1) {
      member.receiveExternalSender(this.#externalSender.package);
      return;
    }
    this.#withoutExternalSender.add(member.userId);
    this.#queueAdvance();
  }

  leave(userId: string): void {
    this.#roster.leave(userId);
    this.#withoutExternalSender.delete(userId);
    this.#withdraw(userId);
    this.#queueAdvance();
  }

  /** Op 26. A second one of the same member replaces its place in the group. */
  keyPackage(userId: string, keyPackage: Buffer): void {
    if (this.#version === 0 || this.#roster.member(userId) === undefined || this.#roster.isExcluded(userId)) return;
    if (userOfKeyPackage(keyPackage) !== userId) {
      this.#options.log(`dave: key package of ${userId} is malformed or in another's name`);
      return;
    }
    this.#roster.addKeyPackage(userId, keyPackage);
    this.#withdraw(userId);
    this.#queueAdvance();
  }

  /** Op 28. The first valid one of an epoch wins; later ones come from races and are ignored. */
  commitWelcome(userId: string, payload: Buffer): void {
    const phase = this.#phase;
    const offered = phase.kind === "proposed" ? phase.candidates.get(userId) : undefined;
    if (phase.kind !== "proposed" || offered === undefined) return;
    if (this.#roster.member(userId)?.remote) this.#accept(phase, { userId, payload, offered });
    // The last one contains every proposal.
    else phase.fallback = { userId, payload, offered };
  }

  /** Op 23. */
  transitionReady(userId: string, transitionId: number): void {
    const phase = this.#phase;
    if (phase.kind !== "transition" || phase.transitionId !== transitionId) return;
    phase.waitingFor.delete(userId);
    if (phase.waitingFor.size === 0) this.#executeLater(phase);
  }

  /** Op 31: the member could not use a message; its next key package adds it again. */
  invalidCommitWelcome(userId: string): void {
    const phase = this.#phase;
    // If op 22 never comes, speakers change their keys anyway, so the group can continue.
    if (phase.kind === "executing") this.#followTransition(phase.transitionId, phase.version);
    this.#withdraw(userId);
  }

  /** Whether this participant has all the keys it needs: it is in the group, or nobody else could be in one. */
  isSettled(userId: string): boolean {
    if (this.#phase.kind !== "settled" || this.#advanceQueued) return false;
    if (this.#version === 0) return true;
    const isTheOne = (member: DaveMember) => member.userId === userId;
    if (this.#roster.waiting.some(isTheOne))
      return this.#roster.members.every((member) => isTheOne(member) || this.#roster.isExcluded(member.userId));
    return this.#roster.staying.some(isTheOne);
  }

  /** Whether this participant can decrypt the speakers now: it has the epoch in which they encrypt, if any. */
  hasKeys(userId: string): boolean {
    return !this.#encrypts || this.#keyHolders.has(userId);
  }

  /** Payload of an op 27 that clients should ignore. */
  noisyProposals(noise: ProposalNoise): Buffer {
    const { channelId } = this.#options;
    return noisyProposals(noise, {
      channelId,
      groupId: this.#groupId,
      epoch: this.#epoch,
      externalSender: this.#externalSender,
    });
  }

  close(): void {
    this.#closed = true;
    this.#settle();
  }

  /** Waits no longer for a member that can no longer commit or confirm. */
  #withdraw(userId: string): void {
    const phase = this.#phase;
    if (phase.kind === "gathering" && this.#roster.areAllWaiting) this.#endGathering();
    if (phase.kind === "transition") this.transitionReady(userId, phase.transitionId);
    if (phase.kind !== "proposed" || !phase.candidates.delete(userId)) return;
    if (phase.candidates.size === 0) {
      this.#settle();
      this.#queueAdvance();
    } else if (phase.fallback && !this.#asksClients(phase)) {
      this.#accept(phase, phase.fallback);
    }
  }

  #asksClients({ candidates }: ProposedPhase): boolean {
    return [...candidates.keys()].some((userId) => this.#roster.member(userId)?.remote);
  }

  #settle(): void {
    if (this.#phase.kind !== "settled") clearTimeout(this.#phase.timer);
    this.#phase = { kind: "settled" };
  }

  /** Joins and leaves at the same moment are one change. */
  #queueAdvance(): void {
    if (this.#advanceQueued) return;
    this.#advanceQueued = true;
    queueMicrotask(() => {
      this.#advanceQueued = false;
      if (!this.#closed && this.#phase.kind === "settled") this.#advance();
    });
  }

  #advance(): void {
    const roster = this.#roster;
    if (this.#targetVersion !== this.#version) {
      if (this.#targetVersion === 0) this.#downgrade();
      else this.#beginGroup();
      return;
    }
    if (this.#version === 0) {
      this.#options.onSettled();
      return;
    }
    const { staying } = roster;
    if (staying.length === 0) this.#dissolve();
    if (this.#renewal === "due" && staying.length >= 2) {
      this.#renewal = "under_way";
      this.#dissolve();
      this.#beginGroup();
      return;
    }
    if (!roster.isEstablished) {
      if (roster.waiting.length >= 2) this.#proposeFirstGroup();
      else this.#options.onSettled();
      return;
    }
    const changes = roster.changesDue();
    if (staying.length === 1 && roster.waiting.length === 0) {
      this.#dissolve();
      staying[0]?.startOver();
    } else if (changes.length === 0) {
      this.#options.onSettled();
    } else {
      this.#propose(changes, staying, () => true);
    }
  }

  #downgrade(): void {
    const transitionId = this.#nextTransitionId();
    this.#options.log(`dave: downgrade, transition ${transitionId}`);
    const { members } = this.#roster;
    this.#openTransition(transitionId, members, 0);
    for (const member of members) member.prepareDowngrade(transitionId);
    this.#executeIfNobodyIsAsked(transitionId);
  }

  /** A first group follows, whose transition has an id, because speakers stay unencrypted until it is executed. */
  #beginGroup(): void {
    this.#options.log("dave: a new group");
    this.#version = 1;
    this.#phase = { kind: "gathering", timer: setTimeout(() => this.#endGathering(), KEY_PACKAGES_TIMEOUT_MS) };
    for (const member of this.#roster.members) {
      member.beginGroup();
      if (this.#withoutExternalSender.delete(member.userId)) member.receiveExternalSender(this.#externalSender.package);
    }
  }

  #endGathering(): void {
    this.#settle();
    this.#queueAdvance();
  }

  #dissolve(): void {
    this.#roster.dissolve();
    this.#epoch = 0n;
  }

  /**
   * Everyone is alone in a pending group at epoch 0 and may commit the others' adds. Only one simulated speaker is
   * asked, because other commits would be discarded.
   */
  #proposeFirstGroup(): void {
    const { waiting } = this.#roster;
    const speaker = waiting.find(({ remote }) => !remote);
    const asked = waiting.filter((member) => member === speaker || member.remote);
    // A member's own add would duplicate its leaf.
    this.#propose(
      this.#roster.changesDue(),
      asked,
      (change, { userId }) => change.kind === "add" && change.userId !== userId,
    );
  }

  #propose(
    changes: readonly Change[],
    asked: readonly DaveMember[],
    concerns: (change: Change, member: DaveMember) => boolean,
  ): void {
    const epoch = { groupId: this.#groupId, number: this.#epoch };
    const phase: ProposedPhase = {
      kind: "proposed",
      proposals: new Proposals(this.#externalSender, epoch, changes),
      candidates: new Map(),
    };
    this.#phase = phase;
    const { proposesOneByOne } = this.#options.behaviour;
    const offers = asked.map((member) => ({
      member,
      // Simulated speakers are davey members too, and would commit without a Welcome.
      ...phase.proposals.messages((change) => concerns(change, member), proposesOneByOne && member.remote),
    }));
    for (const { member, count } of offers) phase.candidates.set(member.userId, count);
    for (const { member, messages } of offers) for (const message of messages) member.receiveProposals(message);
    const { fallback } = phase;
    if (fallback === undefined) return;
    const accept = () => this.#accept(phase, fallback);
    if (this.#options.committers === "clients" && this.#asksClients(phase))
      phase.timer = setTimeout(accept, COMMIT_TIMEOUT_MS);
    else accept();
  }

  /** A commit lacks a proposal if its sender has not seen all of them; another commit follows. */
  #accept(phase: ProposedPhase, commit: NonNullable<ProposedPhase["fallback"]>): void {
    const { userId: committer, payload, offered } = commit;
    const message = parseCommitWelcome(payload);
    const changes = message && phase.proposals.committedBy(message);
    if (message === undefined || changes?.length !== offered) {
      this.#options.log(`dave: commit of ${committer} is malformed, not for this epoch, or lacks something`);
      return;
    }
    this.#settle();
    const isFirstGroup = !this.#roster.isEstablished;
    if (isFirstGroup) this.#roster.establish(committer);
    const existing = this.#roster.staying;
    const welcomed = this.#roster.apply(changes);
    this.#epoch += 1n;
    const isAtOnce = isFirstGroup && this.#encrypts && this.#renewal !== "under_way";
    this.#beginTransition(isAtOnce ? 0 : this.#nextTransitionId(), message, {
      existing,
      welcomed,
    });
  }

  #beginTransition(
    transitionId: number,
    { commit, welcome }: CommitWelcome,
    { existing, welcomed }: { readonly existing: readonly DaveMember[]; readonly welcomed: readonly DaveMember[] },
  ): void {
    const concerned = [...existing, ...welcomed];
    this.#openTransition(transitionId, concerned, 1);
    this.#options.log(`dave: epoch ${this.#epoch}, transition ${transitionId}, ${welcomed.length} welcomed`);
    for (const member of existing) member.receiveCommit(transitionId, commit);
    if (welcome !== undefined) for (const member of welcomed) member.receiveWelcome(transitionId, welcome);
    this.#executeIfNobodyIsAsked(transitionId);
    if (transitionId !== 0) return;
    // Nobody confirms transition 0, because clients execute it as soon as it is announced.
    for (const member of concerned) {
      if (member.remote) member.whenCaughtUp(() => this.transitionReady(member.userId, transitionId));
    }
  }

  #openTransition(transitionId: number, members: readonly DaveMember[], version: 0 | 1): void {
    const clients = members.filter(({ remote }) => remote);
    const phase: TransitionPhase = {
      kind: "transition",
      transitionId,
      waitingFor: new Set(clients.map(({ userId }) => userId)),
      timer: setTimeout(() => this.#executeLater(phase), TRANSITION_READY_TIMEOUT_MS),
      version,
    };
    this.#phase = phase;
  }

  #executeIfNobodyIsAsked(transitionId: number): void {
    const phase = this.#phase;
    if (phase.kind === "transition" && phase.transitionId === transitionId && phase.waitingFor.size === 0) {
      this.#execute(phase);
    }
  }

  /** Discord takes some time. Transition 0 is executed as soon as it is known. */
  #executeLater(phase: TransitionPhase): void {
    const { executeTransitionAfterMs } = this.#options.behaviour;
    if (phase.transitionId === 0 || executeTransitionAfterMs === 0) {
      this.#execute(phase);
      return;
    }
    this.#settle();
    const { transitionId, version } = phase;
    const executing: ExecutingPhase = {
      kind: "executing",
      transitionId,
      version,
      timer: setTimeout(() => this.#execute(executing), Math.min(executeTransitionAfterMs, MAX_TIMER_MS)),
    };
    this.#phase = executing;
  }

  #execute({ transitionId, version }: TransitionPhase | ExecutingPhase): void {
    this.#settle();
    for (const member of this.#roster.members) if (member.remote) member.executeTransition(transitionId);
    const follow = () => this.#followTransition(transitionId, version);
    if (this.#senderLagMs > 0) this.#phase = { kind: "lagging", timer: setTimeout(follow, this.#senderLagMs) };
    else follow();
  }

  /** Speakers follow the clients. */
  #followTransition(transitionId: number, version: 0 | 1): void {
    this.#settle();
    for (const member of this.#roster.members) if (!member.remote) member.executeTransition(transitionId);
    this.#version = version;
    if (this.#renewal === "under_way") this.#renewal = "none";
    this.#encrypts = version === 1;
    if (version === 0) {
      this.#dissolve();
      this.#roster.discardKeyPackages();
    }
    this.#keyHolders = new Set(this.#roster.staying.map(({ userId }) => userId));
    this.#queueAdvance();
  }

  /** 16 bits; 0 is the first group's. */
  #nextTransitionId(): number {
    this.#lastTransitionId = (this.#lastTransitionId % 0xffff) + 1;
    return this.#lastTransitionId;
  }
}
