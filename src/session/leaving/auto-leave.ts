import {
  type CallSnapshot,
  type Moment,
  type Stopwatch,
  UNKNOWN_REASONS,
  type UnknownReason,
} from "./call-snapshot.ts";
import type { KnownBy } from "./known-recorders.ts";

/**
 * Decides when the bot leaves a call automatically. Pure: the snapshot is plain data, time is an argument, and each
 * rule is a row of a table. All times are milliseconds of the session clock.
 */

/** Thresholds are milliseconds; 0 turns a rule off. */
export interface AutoLeaveOptions {
  readonly entryDelayMs: number;
  readonly soloMs: number;
  readonly silenceMs: number;
  readonly maxMs: number;
  /** Leave as soon as another recorder is present. */
  readonly onBotDetected: boolean;
}

/** The ends that the rules can cause, in order of precedence if several are due at once. */
export const AUTO_LEAVE_REASONS = [
  "max_duration",
  "competing_bot",
  "nobody_joined",
  "alone_in_room",
  "silence_timeout",
] as const;

export type AutoLeaveReason = (typeof AUTO_LEAVE_REASONS)[number];

/** For people, after a countdown: "leaves in 4:55: no person has joined". */
export const COUNTDOWN_WORDS: Readonly<Record<AutoLeaveReason, string>> = {
  max_duration: "the longest duration",
  competing_bot: "another recording bot is here",
  nobody_joined: "no person has joined",
  alone_in_room: "everybody has left",
  silence_timeout: "nobody speaks",
};

/** For people: why a countdown waits. */
export const WAIT_WORDS: Readonly<Record<UnknownReason, string>> = {
  reconnecting: "the connection to the call is lost",
  unheard: "what people say cannot be heard",
  gateway_lost: "Discord does not say who is here",
};

/** The facts when a rule ended the call. */
export interface Evidence {
  readonly humansPresent: string[];
  readonly botsPresent: string[];
  /** The bots that record, and how they were recognised. */
  readonly recordersPresent: { readonly id: string; readonly knownBy: KnownBy }[];
  readonly humanSeen: boolean;
  /** The people's last voice. */
  readonly lastToLeave: Moment | null;
  /** The last voice of a human. */
  readonly lastVoice: Moment | null;
  /** Uncounted time since `sinceMs`, because something was unknown. */
  readonly uncountedMs: number;
}

/** An end caused by a rule. */
export interface AutoLeave {
  readonly rule: AutoLeaveReason;
  readonly thresholdMs: number;
  /** When the rule's condition began to hold. */
  readonly sinceMs: number;
  readonly evidence: Evidence;
  /** The whole evidence as a sentence. */
  readonly detail: string;
}

/** A rule whose condition holds now. */
export interface Countdown {
  readonly exitReason: AutoLeaveReason;
  /** Time until the rule applies. It stays constant while time is not counted. */
  readonly remainingMs: number;
  readonly sinceMs: number;
  readonly thresholdMs: number;
  /** Why the rule waits now, however little time remains. */
  readonly waitingFor?: UnknownReason;
}

interface Rule {
  /** Undefined if the rule is off. */
  readonly thresholdMs: (options: AutoLeaveOptions) => number | undefined;
  /** When the rule's condition began to hold; undefined if it does not hold. */
  readonly since: (snapshot: CallSnapshot) => Stopwatch | undefined;
  /** The reason that keeps the rule from ending the call. */
  readonly waitsFor: readonly UnknownReason[];
  /** Whether time counts while something is unknown. */
  readonly countsAlways: boolean;
  readonly detail: (seconds: number, snapshot: CallSnapshot) => string;
}

const unlessZero = (thresholdMs: number): number | undefined => (thresholdMs === 0 ? undefined : thresholdMs);

const RULES: Readonly<Record<AutoLeaveReason, Rule>> = {
  max_duration: {
    thresholdMs: ({ maxMs }) => unlessZero(maxMs),
    since: ({ connectedAtMs }) => ({ sinceMs: connectedAtMs, uncountedMs: 0 }),
    // The time limit counts all time. It waits only for a connection, which returns or is lost within minutes.
    waitsFor: ["reconnecting"],
    countsAlways: true,
    detail: (seconds) => `the bot has been connected for ${seconds} s, the longest duration`,
  },
  competing_bot: {
    thresholdMs: ({ onBotDetected }) => (onBotDetected ? 0 : undefined),
    since: ({ recorders }) => {
      const sinceMs = Math.min(...[...recorders.values()].map((recorder) => recorder.sinceMs));
      return recorders.size === 0 ? undefined : { sinceMs, uncountedMs: 0 };
    },
    waitsFor: UNKNOWN_REASONS,
    countsAlways: true,
    detail: (_, { recorders }) => {
      const bots = [...recorders].map(([id, { knownBy }]) => `bot ${id}, known by its ${knownBy}`);
      return `another recorder is in the channel: ${bots.join("; ")}`;
    },
  },
  nobody_joined: {
    thresholdMs: ({ entryDelayMs }) => unlessZero(entryDelayMs),
    since: ({ humanSeen, alone }) => (humanSeen ? undefined : alone),
    waitsFor: UNKNOWN_REASONS,
    countsAlways: false,
    detail: (seconds, { bots }) => `no person joined within ${seconds} s of the bot connecting${withBots(bots)}`,
  },
  alone_in_room: {
    thresholdMs: ({ soloMs }) => unlessZero(soloMs),
    since: ({ humanSeen, humans, alone }) => (humanSeen && humans.size === 0 ? alone : undefined),
    waitsFor: UNKNOWN_REASONS,
    countsAlways: false,
    detail: (seconds, { bots }) => `the last person left and nobody came back within ${seconds} s${withBots(bots)}`,
  },
  silence_timeout: {
    thresholdMs: ({ silenceMs }) => unlessZero(silenceMs),
    since: ({ humans, quiet }) => (humans.size > 0 ? quiet : undefined),
    waitsFor: UNKNOWN_REASONS,
    countsAlways: false,
    detail: (seconds, { humans }) =>
      `nobody spoke for ${seconds} s, with ${counted(humans, "person", "people")} in the call`,
  },
};

function withBots(bots: ReadonlySet<string>): string {
  return bots.size === 0 ? "" : `; ${counted(bots, "bot", "bots")} stayed, and bots do not count as company`;
}

function counted({ size }: ReadonlySet<string>, one: string, many: string): string {
  return `${size} ${size === 1 ? one : many}`;
}

/** The end that is due at `nowMs`, if any. */
export function decideLeave(snapshot: CallSnapshot, nowMs: number, options: AutoLeaveOptions): AutoLeave | undefined {
  for (const rule of AUTO_LEAVE_REASONS) {
    const state = stateOf(rule, snapshot, nowMs, options);
    if (state === undefined || state.remainingMs > 0 || state.waitingFor !== undefined) continue;
    const { thresholdMs, stopwatch } = state;
    const evidence = evidenceOf(snapshot, stopwatch);
    const detail = `${RULES[rule].detail(thresholdMs / 1_000, snapshot)}${notCounted(evidence)}`;
    return { rule, thresholdMs, sinceMs: stopwatch.sinceMs, evidence, detail };
  }
  return undefined;
}

/** The remaining time of each rule whose condition holds, the soonest first. */
export function countdowns(snapshot: CallSnapshot, nowMs: number, options: AutoLeaveOptions): Countdown[] {
  return AUTO_LEAVE_REASONS.flatMap((exitReason): Countdown[] => {
    const state = stateOf(exitReason, snapshot, nowMs, options);
    if (state === undefined) return [];
    const { remainingMs, thresholdMs, stopwatch, waitingFor } = state;
    const { sinceMs } = stopwatch;
    return [{ exitReason, remainingMs, sinceMs, thresholdMs, ...(waitingFor === undefined ? {} : { waitingFor }) }];
  }).sort((a, b) => a.remainingMs - b.remainingMs);
}

interface RuleState {
  readonly thresholdMs: number;
  readonly stopwatch: Stopwatch;
  readonly remainingMs: number;
  readonly waitingFor: UnknownReason | undefined;
}

/** Undefined if the rule is off, or its condition does not hold. */
function stateOf(
  reason: AutoLeaveReason,
  snapshot: CallSnapshot,
  nowMs: number,
  options: AutoLeaveOptions,
): RuleState | undefined {
  const rule = RULES[reason];
  const thresholdMs = rule.thresholdMs(options);
  const stopwatch = rule.since(snapshot);
  if (thresholdMs === undefined || stopwatch === undefined) return undefined;
  const countedUntilMs = rule.countsAlways ? nowMs : (snapshot.unknownSinceMs ?? nowMs);
  const countedMs = Math.max(0, countedUntilMs - stopwatch.sinceMs - stopwatch.uncountedMs);
  const holds = rule.waitsFor.find((what) => snapshot.unknown.has(what));
  return { thresholdMs, stopwatch, remainingMs: Math.max(0, thresholdMs - countedMs), waitingFor: holds };
}

function evidenceOf(snapshot: CallSnapshot, { uncountedMs }: Stopwatch): Evidence {
  const { humans, bots, recorders, humanSeen, lastToLeave = null, lastVoice = null } = snapshot;
  return {
    humansPresent: [...humans],
    botsPresent: [...bots],
    recordersPresent: [...recorders].map(([id, { knownBy }]) => ({ id, knownBy })),
    humanSeen,
    lastToLeave,
    lastVoice,
    uncountedMs,
  };
}

function notCounted({ uncountedMs }: Evidence): string {
  return uncountedMs === 0
    ? ""
    : `; not counting ${(uncountedMs / 1_000).toFixed(1)} s in which the bot could not see or hear the call`;
}
