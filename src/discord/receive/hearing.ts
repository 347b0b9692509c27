import type { CallEnd } from "../../session/exit.ts";
import type { ConnectionState } from "../../session/shapes.ts";
import { type DavePhase, isChanging } from "../dave/dave-phase.ts";
import { UnheardSpan } from "./unheard-span.ts";

/** Unheard speech is a gap from here on; shorter is a change of keys. */
const UNHEARD_AFTER_MS = 1_000;
/** The gap is over when nothing unheard came for so long: longer than people pause within a sentence. */
const UNHEARD_ENDS_AFTER_MS = 2_000;
/** Keys that are there, belong to this group and still open nothing for so long are not the group's. */
const WRONG_KEYS_MS = 500;
/** A group that is being made takes the voice server's time: proposals, a commit, a welcome. */
const GROUP_IS_MADE_MS = 3_000;
/** The encrypted group is not joined again more often: each time costs everybody a change of keys. */
const REGROUP_INTERVAL_MS = 3_000;
/** If speech is unheard for this long, recording has stalled. */
const STALLED_AFTER_MS = 10_000;
const MAX_REJOINS = 3;
/** If only one person is unheard for so long, a warning names them. */
const NAMED_AFTER_MS = 3_000;

/** Whose packet could not be opened. */
export type Sender =
  /** A person whose key we should have, or a sender of whom nothing is known. */
  | { readonly kind: "member"; readonly userId: string | undefined }
  /** A person who is not in the encrypted group, or does not encrypt: their trouble, not ours. */
  | { readonly kind: "outsider" | "unencrypted"; readonly userId: string }
  /** Bots are never company, and their voice breaks no silence. */
  | { readonly kind: "bot"; readonly userId: string };

/** What can be done when people speak and nothing of it can be heard. */
export interface HearingListener {
  connection(state: ConnectionState): void;
  /** Our keys are not the group's: join it again. */
  regroup(): void;
  /** Recording has stalled: leave the channel and join it again. */
  rejoin(): void;
  /** Nothing has helped. */
  end(end: CallEnd): void;
  /** The others can be heard, or our keys are right; this one cannot be heard. Comes once for each. */
  unheardSpeaker(userId: string, isOutsider: boolean): void;
}

interface OneSpeaker {
  readonly span: UnheardSpan;
  sender: Sender["kind"];
  /** Somebody else was heard meanwhile, so the keys that we have are right. */
  othersHeard: boolean;
}

/**
 * Whether the call can be heard, and what is tried when it cannot: joining the encrypted group again, then the channel,
 * then giving up. docs/develop/hearing.md has the reasons. Pure: time is an argument, in milliseconds of a monotonic
 * clock.
 *
 * Only packets are evidence. A packet that a key opened, or speech that may come in the clear, is heard. A packet with
 * sound that cannot be opened is unheard. Comfort silence is neither: it comes in the clear and proves no key. What the
 * voice gateway says of speaking is neither: it announces SSRCs, of silent people too.
 */
export class Hearing {
  readonly #listener: HearingListener;
  /** Of anybody but bots. */
  readonly #unheard = new UnheardSpan();
  /** Of those whose keys we should have, and of senders of whom nothing is known. */
  readonly #deaf = new UnheardSpan();
  /** Of those whose keys we should have. */
  readonly #locked = new UnheardSpan();
  readonly #spans = [this.#unheard, this.#deaf, this.#locked];
  readonly #speakers = new Map<string, OneSpeaker>();
  readonly #named = new Set<string>();
  #rejoins = 0;
  #lastRegroupMs = Number.NEGATIVE_INFINITY;
  #disconnected = false;
  #deafened = false;
  #isGap = false;

  constructor(listener: HearingListener) {
    this.#listener = listener;
  }

  get deafened(): boolean {
    return this.#deafened;
  }

  /** Speech of theirs came out. */
  noteHeard(userId: string): void {
    for (const span of this.#spans) span.clear();
    this.#rejoins = 0;
    if (this.#speakers.size === 0) return;
    this.#speakers.delete(userId);
    for (const speaker of this.#speakers.values()) speaker.othersHeard = true;
  }

  /** A packet with sound came that cannot be opened now. */
  noteUnheard(sender: Sender, arrivalMs: number): void {
    if (sender.userId !== undefined) this.#noteSpeaker(sender.userId, sender.kind, arrivalMs);
    if (sender.kind === "bot") return;
    this.#unheard.note(arrivalMs);
    if (sender.kind !== "member") return;
    this.#deaf.note(arrivalMs);
    if (sender.userId !== undefined) this.#locked.note(arrivalMs);
  }

  /** Everybody uses keys by now that were announced at `begunMs`: what was unheard only since then is explained. */
  noteKeyChange(begunMs: number): void {
    for (const span of this.#spans) span.clearIfBegunSince(begunMs);
    for (const { span } of this.#speakers.values()) span.clearIfBegunSince(begunMs);
  }

  /** A new voice connection begins with a clean slate. */
  connected(): void {
    this.#clear();
  }

  setDisconnected(isDisconnected: boolean): void {
    this.#disconnected = isDisconnected;
    this.#reportState();
  }

  /** By the server's moderators: Discord sends no audio then. */
  setDeafened(deafened: boolean): void {
    this.#deafened = deafened;
    this.#clear();
    this.#reportState();
  }

  /** Call ten times a second. */
  poll(nowMs: number, phase: DavePhase): void {
    const isRecent = this.#unheard.isRecent(nowMs, UNHEARD_ENDS_AFTER_MS);
    this.#setGap(isRecent && this.#unheard.isSpeech && this.#unheard.lengthMs() >= UNHEARD_AFTER_MS);
    this.#nameSpeakers();
    if (this.#disconnected || this.#deafened) return;
    if (this.#deaf.isSpeech && this.#deaf.lengthMs() >= STALLED_AFTER_MS) this.#rejoin();
    else if (this.#areKeysWrong(nowMs, phase)) this.#regroup(nowMs);
  }

  #areKeysWrong(nowMs: number, phase: DavePhase): boolean {
    const isRecent = this.#locked.isSpeech && this.#locked.isRecent(nowMs, UNHEARD_ENDS_AFTER_MS);
    return isRecent && this.#locked.lengthMs(phase.sinceMs) >= patienceMs(phase, nowMs);
  }

  #noteSpeaker(userId: string, sender: Sender["kind"], arrivalMs: number): void {
    let speaker = this.#speakers.get(userId);
    if (speaker === undefined) {
      speaker = { span: new UnheardSpan(), sender, othersHeard: false };
      this.#speakers.set(userId, speaker);
    }
    speaker.sender = sender;
    speaker.span.note(arrivalMs);
  }

  #nameSpeakers(): void {
    for (const [userId, { span, sender, othersHeard }] of this.#speakers) {
      const isTheirs = sender !== "member" || othersHeard;
      if (
        !isTheirs ||
        !span.isSpeech ||
        span.lengthMs() < NAMED_AFTER_MS ||
        sender === "unencrypted" ||
        this.#named.has(userId)
      )
        continue;
      this.#named.add(userId);
      this.#listener.unheardSpeaker(userId, sender === "outsider");
    }
  }

  #regroup(nowMs: number): void {
    if (nowMs - this.#lastRegroupMs < REGROUP_INTERVAL_MS) return;
    this.#lastRegroupMs = nowMs;
    this.#listener.regroup();
  }

  #rejoin(): void {
    this.#clear();
    this.#rejoins += 1;
    if (this.#rejoins <= MAX_REJOINS) {
      this.#listener.rejoin();
      return;
    }
    const detail = `people spoke, but nothing of it could be decrypted, and joining again ${MAX_REJOINS} times did not help`;
    this.#listener.end({ exitReason: "network_loss", failureCode: "recording_disabled", detail });
  }

  #clear(): void {
    for (const span of this.#spans) span.clear();
    this.#speakers.clear();
  }

  #setGap(isGap: boolean): void {
    if (isGap === this.#isGap) return;
    this.#isGap = isGap;
    this.#reportState();
  }

  #reportState(): void {
    this.#listener.connection(this.#disconnected ? "reconnecting" : this.#deafened || this.#isGap ? "unheard" : "live");
  }
}

/** How much speech may go unheard in this phase before our keys are taken for wrong ones. */
function patienceMs(phase: DavePhase, nowMs: number): number {
  if (phase.kind === "grouping") return GROUP_IS_MADE_MS;
  // Without a group there is none to join again.
  if (phase.kind === "settled" && phase.senders === "clear") return Number.POSITIVE_INFINITY;
  return isChanging(phase, nowMs) ? Number.POSITIVE_INFINITY : WRONG_KEYS_MS;
}
