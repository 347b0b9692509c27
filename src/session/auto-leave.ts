import type { CallEnd, ExitReason } from "./exit.ts";

/**
 * When to leave a call without being told. Pure: the snapshot is plain data, time is an argument, and each rule is a
 * function in a table.
 *
 * Unknown is not silence and not absence: while voice is away, nobody can be heard, so only the cap may fire, and the
 * time away counts for no threshold.
 */

/** Milliseconds; 0 turns a rule off. */
export interface AutoLeaveOptions {
  readonly entryDelayMs: number;
  readonly soloMs: number;
  readonly silenceMs: number;
  readonly maxMs: number;
}

/** All times on one monotonic clock, in milliseconds. */
export interface CallSnapshot {
  readonly connectedAtMs: number;
  /** Ids of the people here. Bots, and the recorder itself, are never company. */
  readonly humans: ReadonlySet<string>;
  /** Whether anybody human has been here since the bot connected. */
  readonly humanSeen: boolean;
  /** Since when nobody human is here. */
  readonly aloneSinceMs: number;
  /** When voice of somebody human came last, or from when on its absence counts. */
  readonly quietSinceMs: number;
  /** When voice went away, if it is. */
  readonly awaySinceMs: number | undefined;
}

export type CallFact =
  | { readonly type: "human_joined"; readonly userId: string }
  | { readonly type: "human_left"; readonly userId: string }
  | { readonly type: "voice"; readonly userId: string }
  | { readonly type: "away" }
  | { readonly type: "live" };

export function startSnapshot(nowMs: number): CallSnapshot {
  return {
    connectedAtMs: nowMs,
    humans: new Set(),
    humanSeen: false,
    aloneSinceMs: nowMs,
    quietSinceMs: nowMs,
    awaySinceMs: undefined,
  };
}

/** The snapshot after something happened at `nowMs`. */
export function observe(snapshot: CallSnapshot, fact: CallFact, nowMs: number): CallSnapshot {
  switch (fact.type) {
    case "human_joined": {
      const humans = new Set([...snapshot.humans, fact.userId]);
      // Silence is measured among people: it begins when the first of them is here.
      const quietSinceMs = snapshot.humans.size === 0 ? nowMs : snapshot.quietSinceMs;
      return { ...snapshot, humans, humanSeen: true, quietSinceMs };
    }
    case "human_left": {
      const humans = new Set(snapshot.humans);
      if (!humans.delete(fact.userId)) return snapshot;
      return { ...snapshot, humans, aloneSinceMs: humans.size === 0 ? nowMs : snapshot.aloneSinceMs };
    }
    case "voice":
      return snapshot.humans.has(fact.userId) ? { ...snapshot, quietSinceMs: nowMs } : snapshot;
    case "away":
      return snapshot.awaySinceMs === undefined ? { ...snapshot, awaySinceMs: nowMs } : snapshot;
    case "live":
      return resumed(snapshot, nowMs);
  }
}

/** Moves the thresholds' beginnings by the time away, as far as they lie before it. */
function resumed(snapshot: CallSnapshot, nowMs: number): CallSnapshot {
  const { awaySinceMs } = snapshot;
  if (awaySinceMs === undefined) return snapshot;
  const shifted = (sinceMs: number): number => (sinceMs <= awaySinceMs ? sinceMs + (nowMs - awaySinceMs) : nowMs);
  return {
    ...snapshot,
    awaySinceMs: undefined,
    aloneSinceMs: shifted(snapshot.aloneSinceMs),
    quietSinceMs: shifted(snapshot.quietSinceMs),
  };
}

interface Rule {
  readonly exitReason: ExitReason;
  readonly option: keyof AutoLeaveOptions;
  readonly firesWhileAway: boolean;
  /** Since when the rule's condition holds; undefined where it does not. */
  readonly since: (snapshot: CallSnapshot) => number | undefined;
  readonly says: (seconds: string) => string;
}

/** In order of precedence, for the case that several are due at once. */
const RULES: readonly Rule[] = [
  {
    exitReason: "max_duration",
    option: "maxMs",
    firesWhileAway: true,
    since: ({ connectedAtMs }) => connectedAtMs,
    says: (seconds) => `the bot has been connected for the longest duration of ${seconds} s`,
  },
  {
    exitReason: "nobody_joined",
    option: "entryDelayMs",
    firesWhileAway: false,
    since: ({ humanSeen, aloneSinceMs }) => (humanSeen ? undefined : aloneSinceMs),
    says: (seconds) => `nobody human joined within ${seconds} s of the bot connecting`,
  },
  {
    exitReason: "alone_in_room",
    option: "soloMs",
    firesWhileAway: false,
    since: ({ humanSeen, humans, aloneSinceMs }) => (humanSeen && humans.size === 0 ? aloneSinceMs : undefined),
    says: (seconds) => `the last person left ${seconds} s ago and nobody came back`,
  },
  {
    exitReason: "silence_timeout",
    option: "silenceMs",
    firesWhileAway: false,
    since: ({ humans, quietSinceMs }) => (humans.size > 0 ? quietSinceMs : undefined),
    says: (seconds) => `people are here, but nobody has sent voice for ${seconds} s`,
  },
];

/** The end that is due at `nowMs`, if any. */
export function decideLeave(snapshot: CallSnapshot, nowMs: number, options: AutoLeaveOptions): CallEnd | undefined {
  for (const rule of RULES) {
    const remaining = remainingMs(rule, snapshot, nowMs, options);
    if (remaining === undefined || remaining > 0) continue;
    return { exitReason: rule.exitReason, detail: rule.says(String(options[rule.option] / 1_000)) };
  }
  return undefined;
}

export interface Countdown {
  readonly exitReason: ExitReason;
  readonly remainingMs: number;
}

/** How long each rule whose condition holds still has to go, the soonest first. */
export function countdowns(snapshot: CallSnapshot, nowMs: number, options: AutoLeaveOptions): Countdown[] {
  return RULES.flatMap((rule) => {
    const remaining = remainingMs(rule, snapshot, nowMs, options);
    return remaining === undefined ? [] : [{ exitReason: rule.exitReason, remainingMs: Math.max(0, remaining) }];
  }).sort((a, b) => a.remainingMs - b.remainingMs);
}

function remainingMs(rule: Rule, snapshot: CallSnapshot, nowMs: number, options: AutoLeaveOptions): number | undefined {
  const thresholdMs = options[rule.option];
  const sinceMs = rule.since(snapshot);
  if (thresholdMs === 0 || sinceMs === undefined) return undefined;
  if (snapshot.awaySinceMs !== undefined && !rule.firesWhileAway) return undefined;
  return sinceMs + thresholdMs - nowMs;
}
