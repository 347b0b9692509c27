import { PEAK_MS } from "../page-data.ts";
import type { View } from "./lanes/scale.ts";

/** The loudness of a stretch of sound, one number from 0 to 255 for each `PEAK_MS`. */
export interface Wave {
  readonly fromMs: number;
  readonly peaks: Uint8Array;
}

/** The loudest moment under each column of pixels, 0 to 255. */
export function columnsOf(waves: readonly Wave[], view: View, widthPixels: number): Uint8Array {
  const columns = new Uint8Array(widthPixels);
  const pixelsPerMs = widthPixels / (view.toMs - view.fromMs);
  for (const { fromMs, peaks } of waves) {
    if (fromMs >= view.toMs || fromMs + peaks.length * PEAK_MS <= view.fromMs) continue;
    for (const [index, peak] of peaks.entries()) {
      const left = (fromMs + index * PEAK_MS - view.fromMs) * pixelsPerMs;
      // When zoomed in, one peak is as wide as several columns.
      const first = Math.max(0, Math.floor(left));
      const last = Math.min(widthPixels - 1, Math.floor(left + PEAK_MS * pixelsPerMs - 0.001));
      for (let column = first; column <= last || column === first; column += 1) {
        if (column < widthPixels && left + PEAK_MS * pixelsPerMs > 0 && peak > (columns[column] ?? 0))
          columns[column] = peak;
      }
    }
  }
  return columns;
}
