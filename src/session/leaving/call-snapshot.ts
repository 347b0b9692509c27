import type { KnownBy } from "./known-recorders.ts";

/**
 * The facts for the auto-leave rules. It is plain data, and each fact makes a new copy. Times are milliseconds of the
 * session clock.
 *
 * Unknown is not silence and not absence: time in which something is unknown is counted separately, and towards no
 * threshold.
 */

/**
 * Why it is unknown who is present or speaks: no voice connection; undecryptable voice or a deafened bot; no gateway,
 * which reports arrivals and departures.
 */
export const UNKNOWN_REASONS = ["reconnecting", "unheard", "gateway_lost"] as const;
export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

/** Measures how long a condition has held. */
export interface Stopwatch {
  readonly sinceMs: number;
  /** The unknown part of that time, up to the last moment when everything was known. */
  readonly uncountedMs: number;
}

export interface Moment {
  readonly id: string;
  readonly atMs: number;
}

export interface OtherRecorder {
  readonly sinceMs: number;
  readonly knownBy: KnownBy;
}

export interface CallSnapshot {
  readonly connectedAtMs: number;
  /** Ids of the people present, including muted and deafened ones. Bots and the recorder itself never count. */
  readonly humans: ReadonlySet<string>;
  readonly bots: ReadonlySet<string>;
  /** The bots that record, except the recorder itself. */
  readonly recorders: ReadonlyMap<string, OtherRecorder>;
  /** Whether any human has been present since the bot connected. */
  readonly humanSeen: boolean;
  /** Since a person last left or was heard. It counts only while no person is present. */
  readonly alone: Stopwatch;
  /** Since a human was last heard, or could first have been heard. */
  readonly quiet: Stopwatch;
  readonly lastToLeave: Moment | undefined;
  readonly lastVoice: Moment | undefined;
  readonly unknown: ReadonlySet<UnknownReason>;
  /** When something became unknown; undefined while everything is known. */
  readonly unknownSinceMs: number | undefined;
}

interface Present {
  readonly type: "present";
  readonly userId: string;
  readonly bot: boolean;
  /** How a recording bot was recognised. */
  readonly recorder?: KnownBy | undefined;
}

export type CallFact =
  /** A person is present. The same person may be announced again. */
  | Present
  | { readonly type: "left"; readonly userId: string }
  /** People heard since the last fact: sound, not comfort noise. */
  | { readonly type: "voices"; readonly userIds: Iterable<string> }
  | { readonly type: "unknown"; readonly what: UnknownReason }
  | { readonly type: "known"; readonly what: UnknownReason };

export function startSnapshot(nowMs: number): CallSnapshot {
  return {
    connectedAtMs: nowMs,
    humans: new Set(),
    bots: new Set(),
    recorders: new Map(),
    humanSeen: false,
    alone: startedAt(nowMs),
    quiet: startedAt(nowMs),
    lastToLeave: undefined,
    lastVoice: undefined,
    unknown: new Set(),
    unknownSinceMs: undefined,
  };
}

/** The snapshot after a fact at `nowMs`. */
export function observe(snapshot: CallSnapshot, fact: CallFact, nowMs: number): CallSnapshot {
  switch (fact.type) {
    case "present":
      return fact.bot ? withBot(snapshot, fact, nowMs) : withHuman(snapshot, fact.userId, nowMs);
    case "left":
      return afterLeaving(snapshot, fact.userId, nowMs);
    case "voices":
      return afterVoices(snapshot, fact.userIds, nowMs);
    case "unknown":
      return {
        ...snapshot,
        unknown: new Set([...snapshot.unknown, fact.what]),
        unknownSinceMs: snapshot.unknownSinceMs ?? nowMs,
      };
    case "known": {
      const unknown = without(snapshot.unknown, fact.what);
      return unknown.size === 0 ? allKnown(snapshot, nowMs) : { ...snapshot, unknown };
    }
  }
}

function startedAt(nowMs: number): Stopwatch {
  return { sinceMs: nowMs, uncountedMs: 0 };
}

function without<Value>(values: ReadonlySet<Value>, value: Value): ReadonlySet<Value> {
  return values.has(value) ? new Set([...values].filter((other) => other !== value)) : values;
}

function withHuman(snapshot: CallSnapshot, userId: string, nowMs: number): CallSnapshot {
  const { humans } = snapshot;
  // Silence is measured only among people, so it begins when the first one is present.
  const quiet = humans.size === 0 ? startedAt(nowMs) : snapshot.quiet;
  return { ...snapshot, humans: new Set([...humans, userId]), humanSeen: true, quiet };
}

function withBot(snapshot: CallSnapshot, { userId, recorder }: Present, nowMs: number): CallSnapshot {
  const bots = new Set([...snapshot.bots, userId]);
  if (recorder === undefined || snapshot.recorders.has(userId)) return { ...snapshot, bots };
  const found: OtherRecorder = { sinceMs: nowMs, knownBy: recorder };
  return { ...snapshot, bots, recorders: new Map([...snapshot.recorders, [userId, found]]) };
}

function afterLeaving(snapshot: CallSnapshot, userId: string, nowMs: number): CallSnapshot {
  const humans = without(snapshot.humans, userId);
  if (humans === snapshot.humans) {
    const recorders = new Map([...snapshot.recorders].filter(([id]) => id !== userId));
    return { ...snapshot, bots: without(snapshot.bots, userId), recorders };
  }
  const lastToLeave = { id: userId, atMs: nowMs };
  return { ...snapshot, humans, lastToLeave, alone: startedAt(nowMs) };
}

/**
 * A bot's voice does not end silence. A voice that Discord never announced may be a person's, so it also ends absence.
 */
function afterVoices(snapshot: CallSnapshot, userIds: Iterable<string>, nowMs: number): CallSnapshot {
  const last = [...userIds].findLast((userId) => !snapshot.bots.has(userId));
  if (last === undefined) return snapshot;
  return { ...snapshot, alone: startedAt(nowMs), quiet: startedAt(nowMs), lastVoice: { id: last, atMs: nowMs } };
}

function allKnown(snapshot: CallSnapshot, nowMs: number): CallSnapshot {
  const { unknownSinceMs, alone, quiet } = snapshot;
  if (unknownSinceMs === undefined) return snapshot;
  const counted = ({ sinceMs, uncountedMs }: Stopwatch): Stopwatch => ({
    sinceMs,
    uncountedMs: uncountedMs + nowMs - Math.max(sinceMs, unknownSinceMs),
  });
  return { ...snapshot, unknown: new Set(), unknownSinceMs: undefined, alone: counted(alone), quiet: counted(quiet) };
}
