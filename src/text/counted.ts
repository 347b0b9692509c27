/** 1 file, 2 files: a number with its noun. Pure. */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
