import { PassThrough } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PlayProgress } from "../../../src/cli/view/play-progress.ts";
import { ProgressBar } from "../../../src/cli/view/progress-bar.ts";
import { rowOf } from "../../../src/cli/view/status-row.ts";
import { columnsOf } from "../../../src/cli/view/text-width.ts";
import { UploadView } from "../../../src/cli/view/upload-view.ts";
import { person, toneCall } from "../../support/tone-call.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @returns the rows that each view shows in a terminal of this width, in place of one another */
async function rowsIn(columns: number): Promise<Record<"bar" | "play" | "uploads", string[]>> {
  const terminal = () => Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true, columns });
  const [bar, play, uploads] = [terminal(), terminal(), terminal()];
  const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 1_846 }]);
  const progress = new PlayProgress(fixture, new Map([[person(1).id, 1_234]]), play);
  const waiting = { waitingFiles: 9, waitingBytes: 15_600_000, storedFiles: 3, storedBytes: 4_500_000, failedFiles: 0 };
  const end = { exitReason: "shutdown", detail: "test" } as const;
  const state = { status: "finalizing", end, recorded: true } as const;
  const view = new UploadView(() => ({ state, uploads: waiting }), pino({ level: "silent" }), rowOf(uploads));
  const shown = new ProgressBar(bar);
  await vi.advanceTimersByTimeAsync(600);
  shown.show(0.42, "1:40:48 of 4:00:00 of the call");
  for (const each of [progress, view]) each.stop();
  const rowsOf = (output: PassThrough): string[] => String(output.read()).split("\r\x1b[K").slice(1);
  return { bar: rowsOf(bar), play: rowsOf(play), uploads: rowsOf(uploads) };
}

test.each([20, 40, 41, 80, 200, 0])("A row that is updated never wraps in a window of %i columns.", async (columns) => {
  const rows = await rowsIn(columns);
  for (const row of Object.values(rows).flat()) expect(columnsOf(row)).toBeLessThan(columns || 80);
  expect(Object.values(rows).every(([first = ""]) => first !== "")).toBe(true);
});

test("What says least is left out first.", async () => {
  expect(await rowsIn(40)).toEqual({
    bar: ["42 % 1:40:48 of 4:00:00 of the call"],
    play: ["1234 of 1846 packets played", ""],
    uploads: ["stored 3 of 12 files, 4.5 of 20.1 MB", "stored 3 of 12 files, 4.5 of 20.1 MB", ""],
  });
  const { bar, play } = await rowsIn(80);
  expect(bar).toEqual(["[##########--------------]  42 % 1:40:48 of 4:00:00 of the call"]);
  expect(play).toEqual(["1234 of 1846 packets played, by 1 speaker", ""]);
});
