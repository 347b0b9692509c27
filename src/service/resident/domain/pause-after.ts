import type { ExitReason } from "../../../session/exit.ts";
import type { PastCall } from "./situation.ts";

/** Whether the calls before forbid a rule to start one now. Pure. */

export type Pause =
  /** Whoever is still there did not want the recording, or said nothing. */
  | { readonly kind: "until_empty"; readonly endedAt: number; readonly how: ExitReason }
  | { readonly kind: "failed"; readonly endedAt: number; readonly until: number; readonly detail: string };

/** After these the rule waits until nobody was there. Otherwise the people who ended it would get the next one at once. */
const UNTIL_EMPTY: ReadonlySet<ExitReason | null> = new Set([
  ...(["leave_requested", "stop_requested", "cancelled", "removed_from_meeting"] as const),
  // People are there who do not speak, or another bot records them. Nothing changes by starting again.
  ...(["silence_timeout", "competing_bot"] as const),
]);

/** The pause after the first failure. Each further one in a row doubles it. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** @param past newest first */
export function pauseAfter(
  past: readonly PastCall[],
  { emptyAt, now }: { readonly emptyAt: number | null; readonly now: number },
): Pause | undefined {
  const [last] = past;
  if (last === undefined) return undefined;
  const { endedAt, exitReason, endedByRule } = last;
  if (!endedByRule && exitReason !== null && UNTIL_EMPTY.has(exitReason)) {
    const wasEmpty = emptyAt !== null && emptyAt >= endedAt;
    return wasEmpty ? undefined : { kind: "until_empty", endedAt, how: exitReason };
  }
  const works = past.findIndex((call) => !hasFailed(call));
  const failures = works === -1 ? past.length : works;
  if (failures === 0) return undefined;
  const until = endedAt + Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return until > now ? { kind: "failed", endedAt, until, detail: detailOf(last) } : undefined;
}

/** A call whose end has a failure code, such as one that could not be joined. One that nobody joined has recorded nobody. */
function hasFailed({ failureCode, exitReason }: PastCall): boolean {
  return failureCode !== null && exitReason !== "nobody_joined" && exitReason !== "meeting_ended";
}

function detailOf({ failureDetail, failureCode }: PastCall): string {
  return failureDetail ?? failureCode ?? "the recording could not be started";
}
