/**
 * Discord gives each bot so many logins (IDENTIFY) a day, and revokes its token if it tries more (Discord's documentation,
 * "Session Start Limit Object", "Identifying"). Pure; times are epoch milliseconds.
 */

export const DAY_MS = 86_400_000;
/** The usual number. Discord gives very large bots more. */
export const DAILY_LOGINS = 1_000;
/** The part of a day's logins that new calls may not use: one in twenty. */
const RESERVED_PART = 20;

/** What Discord said last about a bot. */
export interface SeenLimit {
  readonly total: number;
  /** How many were left at `seenAt`. */
  readonly remaining: number;
  readonly resetAt: number;
  readonly seenAt: number;
}

export interface LoginBudgetState {
  readonly total: number;
  readonly left: number;
  /** When Discord gives new ones; null if no login is counted. */
  readonly resetAt: number | null;
}

/** Since when a bot's logins have to be counted to know how many are left. */
export function countedSince(limit: SeenLimit | undefined, now: number): number {
  if (limit === undefined) return now - DAY_MS;
  return limit.resetAt > now ? limit.seenAt : Math.max(limit.resetAt, now - DAY_MS);
}

/**
 * What is left of a bot's logins.
 *
 * @param counted its own logins after `countedSince`, and when the oldest of them was
 */
export function budgetOf(
  limit: SeenLimit | undefined,
  counted: { readonly count: number; readonly oldestAt: number } | undefined,
  now: number,
): LoginBudgetState {
  const { count = 0, oldestAt } = counted ?? {};
  const total = limit?.total ?? DAILY_LOGINS;
  // Discord's count has logins of other programs too, until it begins again.
  const isCurrent = limit !== undefined && limit.resetAt > now;
  const left = Math.max(0, (isCurrent ? limit.remaining : total) - count);
  const resetAt = isCurrent ? limit.resetAt : oldestAt === undefined ? null : oldestAt + DAY_MS;
  return { total, left, resetAt };
}

/**
 * How many new calls may log in. The rest is kept for calls that run, whose workers log in again after an outage of
 * Discord or a failed start, and for the resident.
 */
export function loginsForNewCalls({ total, left }: LoginBudgetState): number {
  return Math.max(0, left - Math.ceil(total / RESERVED_PART));
}
