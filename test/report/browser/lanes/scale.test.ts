import { expect, test } from "vitest";
import { following, marks, panned, placeLabels, wholeOf, zoomed } from "../../../../src/report/browser/lanes/scale.ts";

const HOUR = 3_600_000;

test("Zooming keeps the point under the pointer in place", () => {
  const view = zoomed(wholeOf(HOUR), 0.5, HOUR / 4, HOUR);
  expect(view).toEqual({ fromMs: HOUR / 8, toMs: HOUR / 8 + HOUR / 2 });
});

test("Zooming out stops at the whole call, and zooming in at two seconds", () => {
  expect(zoomed({ fromMs: 10, toMs: HOUR }, 8, 500, HOUR)).toEqual({ fromMs: 0, toMs: HOUR });
  const { fromMs, toMs } = zoomed(wholeOf(HOUR), 1e-9, HOUR, HOUR);
  expect([toMs - fromMs, toMs]).toEqual([2_000, HOUR]);
});

test("Scrolling stops at the call's ends", () => {
  expect(panned({ fromMs: 0, toMs: 1_000 }, -1, HOUR)).toEqual({ fromMs: 0, toMs: 1_000 });
  expect(panned({ fromMs: HOUR - 1_000, toMs: HOUR }, 1, HOUR)).toEqual({ fromMs: HOUR - 1_000, toMs: HOUR });
});

test("The lanes follow the playback position when it leaves the view, and otherwise do not move", () => {
  const view = { fromMs: 0, toMs: 10_000 };
  expect(following(view, 9_999, HOUR)).toBe(view);
  expect(following(view, 10_000, HOUR)).toEqual({ fromMs: 9_500, toMs: 19_500 });
});

test("The ruler's marks are round times, at least as far apart as requested", () => {
  expect(marks({ fromMs: 500, toMs: 10_500 }, 500, 72)).toEqual([2_000, 4_000, 6_000, 8_000, 10_000]);
  expect(marks(wholeOf(4 * HOUR), 360, 72).map((ms) => ms / HOUR)).toEqual([0, 1, 2, 3, 4]);
});

test("A label is to the right of its mark, or to the left at the right edge; a mark without room for a label is left out", () => {
  const labels = [0, 100, 199].map((markAt) => ({ markAt, width: 40 }));
  expect(placeLabels(labels, 200)).toEqual([
    { markAt: 0, labelAt: 3 },
    { markAt: 100, labelAt: 103 },
    { markAt: 199, labelAt: 156 },
  ]);
  expect(
    placeLabels(
      [
        { markAt: 150, width: 40 },
        { markAt: 199, width: 40 },
      ],
      200,
    ),
  ).toEqual([{ markAt: 150, labelAt: 153 }, undefined]);
});
