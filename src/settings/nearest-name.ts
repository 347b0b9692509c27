import { distance } from "fastest-levenshtein";

/** Names that differ in more than this share of their length are not treated as typos. */
const MAX_DIFFERENCE = 0.34;

/** The known name most similar to a mistyped one. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, changes: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.changes - b.changes);
  const [best] = ranked;
  return best !== undefined && best.changes <= name.length * MAX_DIFFERENCE ? best.candidate : undefined;
}
