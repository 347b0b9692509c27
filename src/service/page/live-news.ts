import type { LiveView } from "../api/jobs/live-views.ts";

/** The page counts down by itself; a countdown that differs by more is news. */
const TOLERANCE_SECONDS = 1.5;

interface Shown {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly view: LiveView;
}

/** Whether what a worker says now is other than what a page shows that got `shown` and counts on from there. */
export function isNews(shown: Shown | undefined, { at, view }: Shown): boolean {
  if (shown === undefined) return view.live !== null || view.liveProblem !== null;
  if (steadyOf(shown.view) !== steadyOf(view)) return true;
  const passedSeconds = (at - shown.at) / 1_000;
  const before = new Map(shown.view.live?.autoLeave.map((countdown) => [countdown.exitReason, countdown]));
  return (view.live?.autoLeave ?? []).some(({ exitReason, remainingSeconds }) => {
    const known = before.get(exitReason);
    if (known === undefined) return true;
    const expected =
      known.waitsFor === null ? Math.max(0, known.remainingSeconds - passedSeconds) : known.remainingSeconds;
    return Math.abs(remainingSeconds - expected) > TOLERANCE_SECONDS;
  });
}

/** What does not change by itself. */
function steadyOf({ live, liveProblem }: LiveView): string {
  const autoLeave = live?.autoLeave.map(({ exitReason, waitsFor }) => [exitReason, waitsFor]);
  return JSON.stringify([liveProblem, live && { ...live, autoLeave, elapsedSeconds: null }]);
}
