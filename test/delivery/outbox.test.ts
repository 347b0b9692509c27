import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Outbox } from "../../src/delivery/outbox.ts";
import type { OutboxEvent, OutboxLine } from "../../src/delivery/outbox-lines.ts";
import { JOB, MemoryLog, newFolder, numbered, numbersOf } from "./support.ts";

const AT = "2026-01-15T09:00:00.000Z";
const FINGERPRINT = "0".repeat(64);

function event(number: number): OutboxEvent {
  const to = { webhook: FINGERPRINT, ingest: FINGERPRINT };
  return { type: "event", deliveryId: `dlv_${number}`, emittedAt: AT, to, data: numbered(number) };
}

function accepted(number: number, by: "webhook" | "ingest"): OutboxLine {
  return { type: "accepted", deliveryId: `dlv_${number}`, by, at: AT };
}

/** An outbox's state: each event's number, and who has accepted it. */
function knownTo(outbox: Outbox): [number, boolean, boolean][] {
  return outbox.events.map((one) => [
    Number(numbersOf([one])[0]),
    outbox.isAccepted(one, "webhook"),
    outbox.isAccepted(one, "ingest"),
  ]);
}

const LINES = [
  event(1),
  accepted(1, "webhook"),
  event(2),
  event(3),
  accepted(1, "ingest"),
  accepted(2, "ingest"),
  accepted(2, "webhook"),
];

async function written(path: string): Promise<Buffer> {
  const outbox = await Outbox.open(path, JOB.jobId, new MemoryLog());
  for (const line of LINES) await outbox.add(line);
  return readFileSync(path);
}

test("Written events are known after a restart, in order.", async () => {
  const path = join(newFolder(), "outbox.jsonl");
  await written(path);
  const outbox = await Outbox.open(path, JOB.jobId, new MemoryLog());
  expect(knownTo(outbox)).toEqual([
    [1, true, true],
    [2, true, true],
    [3, false, false],
  ]);
  expect(outbox.pending).toBe(1);
});

test("A crash at any byte loses nothing that was on disk, and later writes are complete.", async () => {
  const folder = newFolder();
  const bytes = await written(join(folder, "whole.jsonl"));
  let file = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), async (cutAt) => {
      file += 1;
      const path = join(folder, `cut-${file}.jsonl`);
      writeFileSync(path, bytes.subarray(0, cutAt));
      const wholeLines = bytes.subarray(0, cutAt).toString("latin1").split("\n").length - 1;
      const expected = LINES.slice(0, wholeLines).flatMap((line) => (line.type === "event" ? [line.deliveryId] : []));

      const log = new MemoryLog();
      const outbox = await Outbox.open(path, JOB.jobId, log);
      expect(outbox.events.map(({ deliveryId }) => deliveryId)).toEqual(expected);
      await outbox.add(event(9));
      await outbox.add(accepted(9, "webhook"));

      const next = await Outbox.open(path, JOB.jobId, log);
      expect(next.events.map(({ deliveryId }) => deliveryId)).toEqual([...expected, "dlv_9"]);
      expect(knownTo(next)).toEqual(knownTo(outbox));
      expect(log.lines).toEqual([]);
    }),
    { numRuns: 150, examples: [[0], [bytes.length - 1], [bytes.length]] },
  );
});

test("Foreign lines never throw, and are logged by their number.", async () => {
  const folder = newFolder();
  const [first = ""] = (await written(join(folder, "whole.jsonl"))).toString("utf8").split("\n");
  let file = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string({ unit: "binary" }))), async (garbage) => {
      file += 1;
      const path = join(folder, `garbage-${file}.jsonl`);
      const lines = garbage.map((text) => text.replaceAll("\n", " "));
      writeFileSync(path, [...lines, first, ""].join("\n"));
      const log = new MemoryLog();
      const outbox = await Outbox.open(path, JOB.jobId, log);
      expect(numbersOf(outbox.events)).toEqual([1]);
      // A loss of power leaves zeros; they and empty lines are ignored.
      const expected = lines.flatMap((text, index) => (/[^\0]/.test(text) ? [{ file: path, line: index + 1 }] : []));
      expect(log.lines.map(({ fields }) => fields)).toEqual(expected);
    }),
  );
});

test("Another job's events that someone put into the spool are never sent.", async () => {
  const folder = newFolder();
  const theirs = { ...event(2), data: { ...numbered(2), jobId: "job_2" } };
  const path = join(folder, "outbox.jsonl");
  writeFileSync(path, [event(1), theirs, event(3)].map((line) => `${JSON.stringify(line)}\n`).join(""));
  const log = new MemoryLog();
  const outbox = await Outbox.open(path, JOB.jobId, log);
  expect(numbersOf(outbox.events)).toEqual([1, 3]);
  expect(outbox.pending).toBe(2);
  expect(log.lines.map(({ fields }) => fields)).toEqual([{ file: path, line: 2 }]);
});

test("Events added at the same time are kept in call order.", async () => {
  const path = join(newFolder(), "new", "outbox.jsonl");
  const outbox = await Outbox.open(path, JOB.jobId, new MemoryLog());
  await Promise.all(Array.from({ length: 20 }, (_, index) => outbox.add(event(index))));
  const next = await Outbox.open(path, JOB.jobId, new MemoryLog());
  expect(numbersOf(next.events)).toEqual(Array.from({ length: 20 }, (_, index) => index));
});
