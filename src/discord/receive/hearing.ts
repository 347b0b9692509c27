import type { CallEnd } from "../../session/exit.ts";
import type { ConnectionState } from "../../session/shapes.ts";
import { type DavePhase, isChanging } from "../dave/dave-phase.ts";
import { UnheardSpan } from "./unheard-span.ts";

/** Unheard speech counts as a gap after this time; anything shorter is a change of keys. */
const UNHEARD_AFTER_MS = 1_000;
/** The gap ends after this time without unheard speech, which is longer than pauses within a sentence. */
const UNHEARD_ENDS_AFTER_MS = 2_000;
/** If our keys open nothing for this long, they are not the group's. */
const WRONG_KEYS_MS = 500;
/** Making a group takes the voice server some time: proposals, a commit, a welcome. */
const GROUP_IS_MADE_MS = 3_000;
/** The minimum interval between rejoins of the encrypted group, because each one makes everyone change keys. */
const REGROUP_INTERVAL_MS = 3_000;
/** If speech is unheard for this long, recording has stalled. */
const STALLED_AFTER_MS = 10_000;
const MAX_REJOINS = 3;
/** After this time, a warning names a person who is the only one unheard. */
const NAMED_AFTER_MS = 3_000;

/** The sender of a packet that could not be opened. */
export type Sender =
  /** A person whose key we should have, or an unknown sender. */
  | { readonly kind: "member"; readonly userId: string | undefined }
  /** A person who is not in the encrypted group, or does not encrypt. The fault is theirs, not ours. */
  | { readonly kind: "outsider" | "unencrypted"; readonly userId: string }
  /** A bot, which never counts as present and whose voice ends no silence. */
  | { readonly kind: "bot"; readonly userId: string };

/** The possible reactions when people speak and nothing can be heard. */
export interface HearingListener {
  connection(state: ConnectionState): void;
  /** Our keys are not the group's: join it again. */
  regroup(): void;
  /** Recording has stalled: leave the channel and join it again. */
  rejoin(): void;
  /** Give up. */
  end(end: CallEnd): void;
  /** One person cannot be heard, although others can or our keys are right. Comes once per person. */
  unheardSpeaker(userId: string, isOutsider: boolean): void;
}

interface OneSpeaker {
  readonly span: UnheardSpan;
  sender: Sender["kind"];
  /** Somebody else was heard meanwhile, so our keys are right. */
  othersHeard: boolean;
}

/**
 * Decides if the call can be heard, and what to try if not: rejoin the encrypted group, then the channel, then give up.
 * docs/develop/hearing.md has the reasons. Pure: time is an argument, in milliseconds of a monotonic clock.
 *
 * Only packets are evidence. A packet that a key opened, or permitted unencrypted speech, is heard. A packet with sound
 * that cannot be opened is unheard. Comfort silence is neither, because it is unencrypted and proves no key. The voice
 * gateway's speaking messages are neither, because they announce SSRCs of silent people too.
 */
export class Hearing {
  readonly #listener: HearingListener;
  /** Unheard speech of anyone except bots. */
  readonly #unheard = new UnheardSpan();
  /** Unheard speech of people whose keys we should have, and of unknown senders. */
  readonly #deaf = new UnheardSpan();
  /** Unheard speech of people whose keys we should have. */
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

  /** Call when a person was heard. */
  noteHeard(userId: string): void {
    for (const span of this.#spans) span.clear();
    this.#rejoins = 0;
    if (this.#speakers.size === 0) return;
    this.#speakers.delete(userId);
    for (const speaker of this.#speakers.values()) speaker.othersHeard = true;
  }

  /** Call for a packet with sound that cannot be opened now. */
  noteUnheard(sender: Sender, arrivalMs: number): void {
    if (sender.userId !== undefined) this.#noteSpeaker(sender.userId, sender.kind, arrivalMs);
    if (sender.kind === "bot") return;
    this.#unheard.note(arrivalMs);
    if (sender.kind !== "member") return;
    this.#deaf.note(arrivalMs);
    if (sender.userId !== undefined) this.#locked.note(arrivalMs);
  }

  /**
   * Call when everyone uses the keys announced at `begunMs`, which explains speech that was unheard only since
   * then.
   */
  noteKeyChange(begunMs: number): void {
    for (const span of this.#spans) span.clearIfBegunSince(begunMs);
    for (const { span } of this.#speakers.values()) span.clearIfBegunSince(begunMs);
  }

  /** Starts over for a new voice connection. */
  connected(): void {
    this.#clear();
  }

  setDisconnected(isDisconnected: boolean): void {
    this.#disconnected = isDisconnected;
    this.#reportState();
  }

  /** Call when a moderator has deafened the bot, so Discord sends no audio. */
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

/** How much speech may go unheard in this phase before our keys count as wrong. */
function patienceMs(phase: DavePhase, nowMs: number): number {
  if (phase.kind === "grouping") return GROUP_IS_MADE_MS;
  // Without a group there is none to join again.
  if (phase.kind === "settled" && phase.senders === "clear") return Number.POSITIVE_INFINITY;
  return isChanging(phase, nowMs) ? Number.POSITIVE_INFINITY : WRONG_KEYS_MS;
}
