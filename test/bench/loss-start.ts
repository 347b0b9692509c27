/** A peer's losses of the same call, played at this multiple of real time. */
export interface PlayedAt {
  readonly speed: number;
  readonly lost: number;
}

export interface LossStart {
  /** Undefined if the slowest call lost packets already. */
  readonly fastestWithoutLoss: number | undefined;
  /** Undefined if no call did. */
  readonly startsAt: number | undefined;
}

/** Where losses start: at the slowest call that loses something, whatever faster ones do. */
export function lossStartOf(played: readonly PlayedAt[]): LossStart {
  const bySpeed = played.toSorted((left, right) => left.speed - right.speed);
  const first = bySpeed.findIndex(({ lost }) => lost > 0);
  const withoutLoss = first < 0 ? bySpeed : bySpeed.slice(0, first);
  return { fastestWithoutLoss: withoutLoss.at(-1)?.speed, startsAt: bySpeed[first]?.speed };
}
