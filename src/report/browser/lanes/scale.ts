/** The part of the call that the lanes show, in milliseconds of session time. */
export interface View {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The maximum zoom. */
const MIN_SPAN_MS = 2_000;
/** The minimum distance between a mark and its label, and between two labels. */
const LABEL_GAP = 3;
/** Distances of the ruler's marks. */
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600].map((seconds) => seconds * 1_000);

export function wholeOf(durationMs: number): View {
  return { fromMs: 0, toMs: Math.max(durationMs, 1) };
}

/** Shows `factor` times as much, and keeps `aroundMs` in place. */
export function zoomed(view: View, factor: number, aroundMs: number, durationMs: number): View {
  const span = view.toMs - view.fromMs;
  const whole = Math.max(durationMs, 1);
  const wanted = Math.min(whole, Math.max(Math.min(MIN_SPAN_MS, whole), span * factor));
  const share = Math.min(1, Math.max(0, (aroundMs - view.fromMs) / span));
  return within(aroundMs - share * wanted, wanted, whole);
}

/** Scrolls by a fraction of the visible range; negative is earlier. */
export function panned(view: View, share: number, durationMs: number): View {
  const span = view.toMs - view.fromMs;
  return within(view.fromMs + share * span, span, Math.max(durationMs, 1));
}

/** A view that contains `atMs`: this one, or one that starts slightly before it. */
export function following(view: View, atMs: number, durationMs: number): View {
  if (atMs >= view.fromMs && atMs < view.toMs) return view;
  const span = view.toMs - view.fromMs;
  return within(atMs - span * 0.05, span, Math.max(durationMs, 1));
}

function within(fromMs: number, span: number, durationMs: number): View {
  const from = Math.min(Math.max(0, fromMs), durationMs - span);
  return { fromMs: from, toMs: from + span };
}

/** The positions of the ruler's marks, at least `minPixels` apart. */
export function marks(view: View, widthPixels: number, minPixels: number): number[] {
  const span = view.toMs - view.fromMs;
  const least = (span * minPixels) / Math.max(1, widthPixels);
  const step = STEPS_MS.find((candidate) => candidate >= least) ?? Math.ceil(least / 3_600_000) * 3_600_000;
  const first = Math.ceil(view.fromMs / step) * step;
  return Array.from({ length: Math.floor((view.toMs - first) / step) + 1 }, (_, index) => first + index * step);
}

export interface PlacedLabel {
  /** Pixels from the left of the mark and of the start of its label. */
  readonly markAt: number;
  readonly labelAt: number;
}

/**
 * Puts labels to the right of their marks, or to the left if the right has no room. A mark whose label has no room on
 * either side is left out.
 *
 * @param labels in pixels, from left to right
 */
export function placeLabels(
  labels: readonly { readonly markAt: number; readonly width: number }[],
  widthPixels: number,
): (PlacedLabel | undefined)[] {
  let takenUntil = 0;
  return labels.map(({ markAt, width }) => {
    const labelAt = markAt + LABEL_GAP + width <= widthPixels ? markAt + LABEL_GAP : markAt - LABEL_GAP - width;
    if (labelAt < takenUntil) return undefined;
    takenUntil = labelAt + width + LABEL_GAP;
    return { markAt, labelAt };
  });
}
