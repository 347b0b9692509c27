/** A peer's losses in a call with so many times the packets of Discord's own clients. */
export interface PlayedAt {
  readonly rate: number;
  readonly lost: number;
}

export interface LossStart {
  /** Undefined if the call with the fewest packets a second lost some already. */
  readonly fastestWithoutLoss: number | undefined;
  /** Undefined if no call did. */
  readonly startsAt: number | undefined;
}

/** Where losses start: at the lowest rate that loses something, whatever higher ones do. */
export function lossStartOf(played: readonly PlayedAt[]): LossStart {
  const byRate = played.toSorted((left, right) => left.rate - right.rate);
  const first = byRate.findIndex(({ lost }) => lost > 0);
  const withoutLoss = first < 0 ? byRate : byRate.slice(0, first);
  return { fastestWithoutLoss: withoutLoss.at(-1)?.rate, startsAt: byRate[first]?.rate };
}
