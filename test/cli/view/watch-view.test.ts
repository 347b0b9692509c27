import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { WatchView } from "../../../src/cli/view/watch-view.ts";
import type { JobMessage } from "../../../src/sdk/index.ts";
import { liveJob, participant } from "../../support/watched-job.ts";

const JOB = { id: "job_1", joinAt: "2026-11-30T09:00:00.000Z", status: "joining", paused: false } as const;

function shown(size: { columns?: number; rows?: number } = {}) {
  const screen = Object.assign(new PassThrough(), size);
  const view = new WatchView(screen, JOB);
  view.start();
  return { view, screen, written: () => String(screen.read() ?? "") };
}

const status = (name: string, paused = false) =>
  ({ id: "1.0", event: "job.status_changed", data: { status: name, paused } }) as unknown as JobMessage;
const live = (job = liveJob()): JobMessage => ({ id: null, event: "job.live", data: job });

test("Lines about events scroll above the view, which says what the worker said last.", () => {
  const { view, written } = shown();
  expect(written()).toContain("─── joining  job_1\n");
  view.see(live(), undefined);
  expect(written()).toContain("─── recording  1:05  Stand-up in Acme\n1 here\n  ● Ada\n");
  view.see(status("recording", true), "12:00:00 recording (paused)");
  const paused = written();
  expect(paused.indexOf("12:00:00 recording (paused)\n")).toBeLessThan(paused.lastIndexOf("─── PAUSED"));
  view.see(live(liveJob({ participants: [participant("Grace")] })), undefined);
  expect(written()).toContain("  · Grace\n");
  view.stop();
});

test("A lost service is said until it answers again, and at the end nothing of the view is left.", () => {
  const { view, written } = shown();
  written();
  view.connection(true);
  expect(written()).toContain("the service cannot be reached; trying again\n");
  view.connection(false);
  expect(written()).not.toContain("cannot be reached");
  view.stop();
  expect(written()).toBe(`\x1b[2A\r${"\x1b[2K\x1b[B".repeat(2)}\x1b[2K\x1b[2A`);
});

test("Nothing but cursor movements is sent besides text, so there is nothing for NO_COLOR to leave out.", () => {
  const { view, written } = shown({ columns: 40, rows: 10 });
  view.see(live(), "Ada came");
  // ECMA-48: cursor up and down, erase in line; and DECAWM.
  const codes = written()
    .split("\x1b")
    .slice(1)
    .flatMap((text) => /^\[[?\d;]*[A-Za-z]/.exec(text)?.[0] ?? text);
  expect(codes.length).toBeGreaterThan(5);
  expect(codes.filter((code) => !/^\[(?:\d+A|B|2K|\?7[lh])$/.test(code))).toEqual([]);
  view.stop();
});

test("A narrower window gets narrower lines.", () => {
  const { view, screen, written } = shown({ columns: 80, rows: 24 });
  view.see(live(), undefined);
  written();
  Object.assign(screen, { columns: 20 });
  view.draw();
  expect(written()).toContain("─── recording  1:05\n");
  view.stop();
});
