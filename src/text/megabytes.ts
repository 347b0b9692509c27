/** 4.5: a number of megabytes with one decimal, without the unit. Pure. */
export function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
