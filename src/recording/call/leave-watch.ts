import { type AutoLeaveOptions, type Countdown, countdowns, decideLeave } from "../../session/auto-leave.ts";
import {
  type CallFact,
  type CallSnapshot,
  observe,
  startSnapshot,
  type UnknownReason,
} from "../../session/call-snapshot.ts";
import type { CallEnd } from "../../session/exit.ts";
import { knownAsRecorder } from "../../session/known-recorders.ts";
import type { Person } from "../../session/shapes.ts";
import type { JobJournal } from "../job/job-journal.ts";

export interface LeaveWatchOptions {
  readonly autoLeave: AutoLeaveOptions;
  /** The recorder's own account. */
  readonly selfId: string;
  readonly journal: JobJournal;
  /** Session time. */
  readonly nowMs: () => number;
  /** Another recording bot is in the call. Called once per bot. */
  readonly onCompetingBot: (participant: Person, leaves: boolean) => void;
}

/** Gathers what the auto-leave rules look at, and writes down what they find. */
export class LeaveWatch {
  readonly #options: LeaveWatchOptions;
  /** Heard since the last fact: a packet is too little to make a snapshot for. */
  #voiced = new Set<string>();
  readonly #competing = new Set<string>();
  #snapshot: CallSnapshot = startSnapshot(0);

  constructor(options: LeaveWatchOptions) {
    this.#options = options;
  }

  /** Somebody was heard: sound, not comfort noise. */
  voice(userId: string): void {
    this.#voiced.add(userId);
  }

  /** Somebody is here, or is called otherwise. */
  present(participant: Person): void {
    const { id: userId, bot } = participant;
    const { selfId, autoLeave, journal, nowMs, onCompetingBot } = this.#options;
    const knownBy = knownAsRecorder(participant, selfId);
    this.#observe({ type: "present", userId, bot, recorder: knownBy });
    if (knownBy === undefined || this.#competing.has(userId)) return;
    this.#competing.add(userId);
    const leaves = autoLeave.onBotDetected;
    journal.event({ type: "competing_bot", atMs: nowMs(), participant, knownBy, leaves });
    onCompetingBot(participant, leaves);
  }

  left(userId: string): void {
    this.#observe({ type: "left", userId });
  }

  setUnknown(what: UnknownReason, unknown: boolean, atMs = this.#options.nowMs()): void {
    if (unknown === this.#snapshot.unknown.has(what)) return;
    this.#observe({ type: unknown ? "unknown" : "known", what }, atMs);
  }

  /** The end that a rule asks for now, if any. */
  tick(): CallEnd | undefined {
    const { autoLeave, journal, nowMs } = this.#options;
    const atMs = nowMs();
    this.#noteVoices(atMs);
    const leave = decideLeave(this.#snapshot, atMs, autoLeave);
    if (leave === undefined) return undefined;
    journal.event({ type: "auto_leave", atMs, ...leave });
    return { exitReason: leave.rule, detail: leave.detail };
  }

  /** How long each rule that applies now still has to go. */
  countdowns(): Countdown[] {
    return countdowns(this.#snapshot, this.#options.nowMs(), this.#options.autoLeave);
  }

  /** What was heard before a fact comes before it: who speaks and leaves is not heard after leaving. */
  #observe(fact: CallFact, atMs = this.#options.nowMs()): void {
    this.#noteVoices(atMs);
    this.#snapshot = observe(this.#snapshot, fact, atMs);
  }

  #noteVoices(atMs: number): void {
    if (this.#voiced.size === 0) return;
    this.#snapshot = observe(this.#snapshot, { type: "voices", userIds: this.#voiced }, atMs);
    // No clear: V8 links an emptied table to the one that follows, and so they would all become old.
    this.#voiced = new Set();
  }
}
