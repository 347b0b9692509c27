/** 0 of no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
}

/** The smallest value that `share` of all values (0 to 1) do not exceed; 0 of no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Slope {
  /** The change of y for each unit of x, by least squares. */
  readonly slope: number;
  /** Its standard error, as if the points' distances from the line were independent. */
  readonly standardError: number;
}

/** @throws RangeError for fewer than three points, and if all have the same x */
export function slopeOf(points: readonly Point[]): Slope {
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const sum = (of: (point: Point) => number): number => points.reduce((total, point) => total + of(point), 0);
  const spread = sum(({ x }) => (x - meanX) ** 2);
  if (points.length < 3 || spread === 0) throw new RangeError("a slope takes three points at different places");
  const slope = sum(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
  const residual = sum(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2);
  return { slope, standardError: Math.sqrt(residual / (points.length - 2) / spread) };
}
