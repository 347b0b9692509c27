import type { CallEnd } from "../../session/exit.ts";
import { type AutoLeaveOptions, type Countdown, countdowns, decideLeave } from "../../session/leaving/auto-leave.ts";
import {
  type CallFact,
  type CallSnapshot,
  observe,
  startSnapshot,
  type UnknownReason,
} from "../../session/leaving/call-snapshot.ts";
import { knownAsRecorder } from "../../session/leaving/known-recorders.ts";
import type { Person } from "../../session/shapes.ts";
import type { JobJournal } from "../job/job-journal.ts";

export interface LeaveWatchOptions {
  readonly autoLeave: AutoLeaveOptions;
  /** The bot's own account. */
  readonly selfId: string;
  readonly journal: JobJournal;
  /** Session time. */
  readonly nowMs: () => number;
  /** Called once for each other recording bot in the call. */
  readonly onCompetingBot: (participant: Person, leaves: boolean) => void;
}

/** Collects the facts for the auto-leave rules, and records their results. */
export class LeaveWatch {
  readonly #options: LeaveWatchOptions;
  /** Who was heard since the last fact; taking a snapshot for each packet would cost too much. */
  #voiced = new Set<string>();
  readonly #competing = new Set<string>();
  #snapshot: CallSnapshot = startSnapshot(0);

  constructor(options: LeaveWatchOptions) {
    this.#options = options;
  }

  /** Call when a person was heard: sound, not comfort noise. */
  voice(userId: string): void {
    this.#voiced.add(userId);
  }

  /** Call when a person is present or has a new name. */
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

  /** Returns the end that a rule requires now, if any. */
  tick(): CallEnd | undefined {
    const { autoLeave, journal, nowMs } = this.#options;
    const atMs = nowMs();
    this.#noteVoices(atMs);
    const leave = decideLeave(this.#snapshot, atMs, autoLeave);
    if (leave === undefined) return undefined;
    journal.event({ type: "auto_leave", atMs, ...leave });
    return { exitReason: leave.rule, detail: leave.detail };
  }

  /** The remaining time of each rule that currently applies. */
  countdowns(): Countdown[] {
    return countdowns(this.#snapshot, this.#options.nowMs(), this.#options.autoLeave);
  }

  /**
   * A voice is processed before the next fact. Otherwise a person who speaks and leaves would count as heard after
   * leaving.
   */
  #observe(fact: CallFact, atMs = this.#options.nowMs()): void {
    this.#noteVoices(atMs);
    this.#snapshot = observe(this.#snapshot, fact, atMs);
  }

  #noteVoices(atMs: number): void {
    if (this.#voiced.size === 0) return;
    this.#snapshot = observe(this.#snapshot, { type: "voices", userIds: this.#voiced }, atMs);
    // A new set instead of `clear`: V8 links a cleared table to the next one, and all of them would reach the old
    // generation.
    this.#voiced = new Set();
  }
}
