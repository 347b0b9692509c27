import type { KnownBy } from "./known-recorders.ts";

/**
 * What the auto-leave rules look at. It is plain data, and each fact makes a new copy. Times are milliseconds of the
 * session clock.
 *
 * Unknown is not silence and not absence: time in which something is unknown is counted apart, and belongs to no
 * threshold.
 */

/**
 * Why it is not known who is here or whether they speak: no voice connection; voice that cannot be decrypted, or a bot
 * that is deafened; no gateway, which tells who comes and goes.
 */
export const UNKNOWN_REASONS = ["reconnecting", "unheard", "gateway_lost"] as const;
export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

/** How long something has been so. */
export interface Stopwatch {
  readonly sinceMs: number;
  /** Time of it in which something was unknown, up to the last moment at which nothing was. */
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
  /** Ids of the people here, muted and deafened ones too. Bots, and the recorder itself, are never company. */
  readonly humans: ReadonlySet<string>;
  readonly bots: ReadonlySet<string>;
  /** Those of the bots that record; the recorder itself is none of them. */
  readonly recorders: ReadonlyMap<string, OtherRecorder>;
  /** Whether anybody human has been here since the bot connected. */
  readonly humanSeen: boolean;
  /** Since a person left or was heard last. It counts only while no person is here. */
  readonly alone: Stopwatch;
  /** Since voice of somebody human came last, or could have come first. */
  readonly quiet: Stopwatch;
  readonly lastToLeave: Moment | undefined;
  readonly lastVoice: Moment | undefined;
  readonly unknown: ReadonlySet<UnknownReason>;
  /** Since when something is unknown; undefined while nothing is. */
  readonly unknownSinceMs: number | undefined;
}

interface Present {
  readonly type: "present";
  readonly userId: string;
  readonly bot: boolean;
  /** By what a bot is known to record. */
  readonly recorder?: KnownBy | undefined;
}

export type CallFact =
  /** Somebody is here. The same person may be announced again. */
  | Present
  | { readonly type: "left"; readonly userId: string }
  /** These were heard since the last fact: sound, not comfort noise. */
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

/** The snapshot after something happened at `nowMs`. */
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
  // Silence is measured among people: it begins when the first of them is here.
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

/** A bot's voice breaks no silence. A voice that Discord never announced may be a person's, so it ends absence too. */
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
