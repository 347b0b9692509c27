/**
 * Reads what Node prints with NODE_DEBUG_NATIVE=COMPILE_CACHE.
 *
 * @returns our modules that V8 had to compile although a cache is there
 * @throws Error if no module was found in the cache, which the form of the lines may be the reason of
 */
export function missedBy(trace: string): string[] {
  const [read, accepted] = [new Set<string>(), new Set<string>()];
  for (const line of trace.split("\n")) {
    const [, wanted] = /^\[compile cache\] reading cache from \S+ for \w+ (\S+?)\.\.\./.exec(line) ?? [];
    if (wanted !== undefined) read.add(wanted);
    const [, taken] = /^\[compile cache\] V8 code cache for \w+ (\S+) was accepted/.exec(line) ?? [];
    if (taken !== undefined) accepted.add(taken);
  }
  if (accepted.size === 0) throw new Error(`no module came from the cache:\n${trace}`);
  return [...read].filter((module) => !accepted.has(module));
}
