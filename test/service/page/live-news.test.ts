import { expect, it } from "vitest";
import type { LiveView } from "../../../src/service/api/jobs/live-views.ts";
import { isNews } from "../../../src/service/page/live-news.ts";

type Countdown = { exitReason: string; remainingSeconds: number; waitsFor: string | null };

const view = (countdowns: readonly Countdown[], more: object = {}) =>
  ({
    live: { elapsedSeconds: 10, participants: [], ...more, autoLeave: countdowns },
    liveProblem: null,
  }) as unknown as LiveView;
const silence = (remainingSeconds: number, waitsFor: string | null = null) => ({
  ...{ exitReason: "silence_timeout", remainingSeconds, waitsFor },
});

it.each([
  ["the first view", undefined, view([]), true],
  ["a job without a worker", undefined, { live: null, liveProblem: null }, false],
  ["nothing but passing time", view([silence(300)]), view([silence(290)], { elapsedSeconds: 20 }), false],
  ["a countdown that began again", view([silence(300)]), view([silence(300)]), true],
  ["a countdown that waits", view([silence(300, "unheard")]), view([silence(300, "unheard")]), false],
  ["a countdown that began to wait", view([silence(300)]), view([silence(290, "unheard")]), true],
  ["another rule", view([]), view([silence(300)]), true],
  ["a rule that is gone", view([silence(300)]), view([]), true],
  ["somebody who came", view([]), view([], { participants: [{ id: "1" }] }), true],
  ["a worker that does not answer", view([]), { live: null, liveProblem: "no answer" }, true],
] as const)("A page hears of %s: after 10 s.", (_, before, now, expected) => {
  const shown = before === undefined ? undefined : { at: 1_000, view: before };
  expect(isNews(shown, { at: 11_000, view: now })).toBe(expected);
});

it("A countdown that has run out is not sent each second.", () => {
  expect(isNews({ at: 0, view: view([silence(5)]) }, { at: 60_000, view: view([silence(0)]) })).toBe(false);
});
