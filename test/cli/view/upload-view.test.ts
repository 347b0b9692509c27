import { PassThrough } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rowOf } from "../../../src/cli/view/status-row.ts";
import { UploadView } from "../../../src/cli/view/upload-view.ts";
import type { JobState } from "../../../src/session/state.ts";

const FINALIZING: JobState = {
  status: "finalizing",
  end: { exitReason: "shutdown", detail: "test" },
  recorded: true,
};
const UPLOADS = { waitingFiles: 9, waitingBytes: 15_600_000, storedFiles: 3, storedBytes: 4_500_000, failedFiles: 0 };

/** Something that is written to, as a terminal or a file. */
function output(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY });
  const chunks: string[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  return { stream, chunks };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function view(isTTY: boolean, state: JobState, uploads = UPLOADS) {
  const { stream, chunks } = output(isTTY);
  const logged = output(false);
  const shown = new UploadView(() => ({ state, uploads }), pino(logged.stream), isTTY ? rowOf(stream) : undefined);
  return { shown, chunks, logged: logged.chunks };
}

test("On a terminal one line is updated in place, and erased at the end.", async () => {
  const { shown, chunks, logged } = view(true, FINALIZING);
  await vi.advanceTimersByTimeAsync(600);
  const line = "\r\x1b[Kstored 3 of 12 files, 4.5 of 20.1 MB";
  expect(chunks).toEqual([line, line]);
  shown.stop();
  shown.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(chunks).toEqual([line, line, "\r\x1b[K"]);
  expect(logged).toEqual([]);
});

test("A log gets a line from time to time.", async () => {
  const { chunks, logged } = view(false, FINALIZING);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(chunks).toEqual([]);
  expect(logged.map((line) => JSON.parse(line).msg)).toEqual(
    Array.from({ length: 2 }, () => "stored 3 of 12 files, 4.5 of 20.1 MB"),
  );
});

test.each<[string, JobState, typeof UPLOADS]>([
  ["the call continues", { status: "recording", paused: false }, UPLOADS],
  ["nothing waits", FINALIZING, { ...UPLOADS, waitingFiles: 0 }],
])("Nothing is shown while %s.", async (_, state, uploads) => {
  const { shown, chunks, logged } = view(true, state, uploads);
  await vi.advanceTimersByTimeAsync(11_000);
  shown.stop();
  expect([...chunks, ...logged]).toEqual([]);
});
