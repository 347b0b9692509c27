/** How long a channel has had enough people to start, or too few to continue. Pure; times are epoch milliseconds. */

export interface PresenceTimes {
  /** Since when the people there would be enough for a rule; null if they are not. */
  readonly enoughSince: number | null;
  /** Since when too few people are there for the rule's call; null if enough are, or no call of a rule runs. */
  readonly fewSince: number | null;
}

export const NOBODY_YET: PresenceTimes = { enoughSince: null, fewSince: null };

/** The times after a look at the channel. A condition that still holds keeps its time. */
export function presenceAfter(
  before: PresenceTimes,
  now: number,
  seen: { readonly isEnough: boolean; readonly isTooFew: boolean },
): PresenceTimes {
  return {
    enoughSince: seen.isEnough ? (before.enoughSince ?? now) : null,
    fewSince: seen.isTooFew ? (before.fewSince ?? now) : null,
  };
}
