import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { noDrops } from "../../../src/audio/fates.ts";
import { LiveView } from "../../../src/cli/view/live-view.ts";
import { status } from "../../support/live-status.ts";

/** A meter without a decoder. */
const NO_METER = { open: async () => undefined, read: () => undefined };

function screen(size: { columns?: number; rows?: number } = {}) {
  const stream = Object.assign(new PassThrough(), size);
  return { stream, written: () => String(stream.read() ?? "") };
}

test("A log line replaces the view, which is drawn again below it.", () => {
  const { stream, written } = screen();
  const view = new LiveView(stream, NO_METER);
  view.log.write("before\n");
  expect(written()).toBe("before\n");
  view.start(() => status());
  const drawn = written();
  expect(drawn.startsWith("\x1b[?7l─── recording ")).toBe(true);
  expect(drawn.endsWith("Ctrl-C stop\n\x1b[?7h")).toBe(true);
  view.log.write("meanwhile\n");
  const erased = `\x1b[6A\r${"\x1b[2K\x1b[B".repeat(6)}\x1b[2K\x1b[6A`;
  expect(written()).toBe(`${erased}meanwhile\n${drawn}`);
  view.stop();
  expect(written()).toBe(erased);
  view.stop();
  view.log.write("after\n");
  expect(written()).toBe("after\n");
});

test("Nothing is written if nothing changes, and never more lines than the terminal has.", () => {
  const { stream, written } = screen({ columns: 40, rows: 4 });
  const view = new LiveView(stream, NO_METER);
  view.start(() => status());
  expect(written().split("\n")).toHaveLength(4);
  view.draw();
  expect(written()).toBe("");
  view.stop();
});

test("Lines that a narrower terminal has wrapped are removed completely.", () => {
  const { stream, written } = screen({ columns: 80, rows: 24 });
  const view = new LiveView(stream, NO_METER);
  view.start(() => status({}, ["健".repeat(20)]));
  written();
  stream.columns = 20;
  view.draw();
  // 26 columns, 6, 44, 39, 50, 29: 2 + 1 + 3 + 2 + 3 + 2 rows.
  expect(written().startsWith("\x1b[13A\r\x1b[2K")).toBe(true);
  view.stop();
});

test("Rows that a shrinking window pushed off are removed when it grows again, and only those.", () => {
  const { stream, written } = screen({ columns: 80, rows: 24 });
  const view = new LiveView(stream, NO_METER);
  const takenOff = (rows: number): number => {
    stream.rows = rows;
    view.draw();
    return Number(/^.\[(\d+)A/.exec(written())?.[1]);
  };
  view.start(() => status());
  written();
  // Six lines are drawn, of which one is pushed off, and then two of five.
  expect(takenOff(6)).toBe(6);
  expect(takenOff(4)).toBe(5);
  // Three are drawn. Two of those that were pushed off come back, and then the last.
  expect(takenOff(6)).toBe(3 + 2);
  expect(takenOff(24)).toBe(5 + 1);
  stream.columns = 90;
  expect(takenOff(20)).toBeNaN();
  view.stop();
});

test("Log lines written while rows are pushed off stay when those rows come back and are removed.", () => {
  const { stream, written } = screen({ columns: 80, rows: 24 });
  const view = new LiveView(stream, NO_METER);
  view.start(() => status());
  stream.rows = 4;
  view.draw();
  written();
  view.log.write("first\n");
  view.log.write("second\n");
  // Three lines are drawn, and above them are three of the view and two of the log.
  expect(written()).not.toContain("\x1b[4A");
  stream.rows = 6;
  view.draw();
  // Two rows have come back, both of the log.
  expect(written().startsWith("\x1b[3A\r")).toBe(true);
  stream.rows = 24;
  view.draw();
  const redrawn = written();
  expect(redrawn.startsWith("\x1b[10A\r")).toBe(true);
  expect(redrawn).toContain("\x1b[10Afirst\nsecond\n\x1b[?7l─── recording");
  view.log.write("third\n");
  expect(written()).toContain("\x1b[6Athird\n");
  view.stop();
});

test("A person who sends packets counts as speaking until two redraws bring none.", () => {
  const { stream, written } = screen();
  const counts = (received: number) =>
    status({ speakers: new Map([["0", { received, written: received, dropped: noDrops() }]]) });
  let now = counts(1);
  const view = new LiveView(stream, NO_METER);
  view.start(() => now);
  expect(written()).toContain("● Ada");
  view.draw();
  expect(written()).toBe("");
  view.draw();
  expect(written()).toContain("· Ada");
  now = counts(2);
  view.draw();
  expect(written()).toContain("● Ada");
  view.stop();
});

test("Packets that are not recorded do not mark anyone as speaking.", () => {
  const { stream, written } = screen();
  const notRecorded = (count: number) => {
    const counts = { received: 10 + count, written: 10, dropped: { ...noDrops(), not_recording: count } };
    return status({ speakers: new Map([["0", counts]]) });
  };
  let now = notRecorded(0);
  const view = new LiveView(stream, NO_METER);
  view.start(() => now);
  for (const count of [5, 10]) {
    now = notRecorded(count);
    view.draw();
  }
  expect(written().lastIndexOf("· Ada")).toBeGreaterThan(0);
  view.stop();
});

test("If the decoder cannot be loaded, one line says so and the view continues without levels.", async () => {
  const { stream, written } = screen();
  const open = () => Promise.reject(new Error("no WebAssembly here"));
  const view = new LiveView(stream, { ...NO_METER, open });
  view.start(() => status());
  await new Promise((resolve) => setImmediate(resolve));
  expect(written()).toContain(
    "the view cannot show how loud people are; the recording continues: no WebAssembly here\n",
  );
  view.stop();
});
