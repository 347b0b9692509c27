/** A moment of the call in the page's address: `#t=1:02:03`, `#t=12:30` or `#t=90`. */

/** @returns milliseconds of session time; undefined if the address names no moment */
export function momentIn(fragment: string): number | undefined {
  const match = /^#t=(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6}(?:\.\d{1,3})?)$/.exec(fragment.replaceAll(/%3a/gi, ":"));
  if (match === null) return undefined;
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
}

/** To the second, which is precise enough for people. */
export function fragmentOf(atMs: number): string {
  const seconds = Math.max(0, Math.floor(atMs / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60];
  return `#t=${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
}
