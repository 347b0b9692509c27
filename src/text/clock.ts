/** 59:07, or 1:59:07: a length as a clock shows it. Pure. */
export function clock(seconds: number): string {
  const two = (count: number): string => String(Math.floor(count)).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = (seconds % 3_600) / 60;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : Math.floor(minutes)}:${two(seconds % 60)}`;
}
