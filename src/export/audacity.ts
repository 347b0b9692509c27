import type { SpokenTurn } from "./turns.ts";

/**
 * Audacity's list of files (Audacity Manual, "LOF Files"): each is a track. All start at session time 0. Audacity looks for
 * a name without a path next to the list.
 */
export function audacityList(files: readonly string[]): string {
  return files.map((file) => `file "${file}" offset 0\n`).join("");
}

/** Audacity's label track (Audacity Manual, "Importing and Exporting Labels"): start, end, text, with tabs between. */
export function audacityLabels(turns: readonly SpokenTurn[]): string {
  return turns.map(({ startMs, endMs, name }) => `${seconds(startMs)}\t${seconds(endMs)}\t${name}\n`).join("");
}

function seconds(sessionMs: number): string {
  return (sessionMs / 1_000).toFixed(6);
}
