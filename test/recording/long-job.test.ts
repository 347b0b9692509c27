import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { verifyRecording } from "../../src/recording/verify.ts";
import { memoryCall } from "../support/memory-call.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { settle } from "../support/virtual-clock.ts";

const HOUR_MS = 3_600_000;
const PACKET_MS = 20;

/** Bytes that JavaScript holds on to, after everything that it does not was collected. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

interface LongCall {
  readonly hours: number;
  readonly speakers: number;
  /** From one speaker's word to the next one's. */
  readonly turnMs: number;
  /** Hours of the call in which the storage refuses everything. */
  readonly away: { readonly from: number; readonly to: number };
  /** Where wall time jumps to, by how much, after half the call. */
  readonly wallJumpMs?: number;
}

/** A word of a tenth of a second now and then: what matters are the hours, and the files that come of them. */
async function recordLong({ hours, speakers, turnMs, away, wallJumpMs = 0 }: LongCall) {
  const autoLeave = { entryDelayMs: 0, soloMs: 0, silenceMs: 0, onBotDetected: false, maxMs: hours * HOUR_MS };
  const call = memoryCall({ autoLeave });
  const { clock, voice, storage } = call;
  const result = call.recorder.run();
  await settle();
  const startMs = clock.nowMs();
  const people = Array.from({ length: speakers }, (_, index) => somebody(index));
  for (const person of people) voice.listener?.roster({ kind: "join", person, flags: FLAGS });
  const hour = (): number => (clock.nowMs() - startMs) / HOUR_MS;
  storage.failing = () => hour() > away.from && hour() < away.to;
  let spoken = 0;
  const waiting: number[] = [];
  const heap: number[] = [];
  while (call.recorder.state.status === "recording") {
    const atMs = clock.nowMs() - startMs;
    const speaker = people[Math.floor(atMs / turnMs) % people.length];
    if (speaker !== undefined && atMs % turnMs < 5 * PACKET_MS) {
      call.speak(speaker.id);
      spoken += 1;
      await clock.advance(PACKET_MS);
    } else await clock.advance(turnMs - (atMs % turnMs));
    if (hour() > hours / 2) clock.wallOffsetMs = wallJumpMs;
    if (hour() * 8 > (waiting.length + 1) * hours) {
      waiting.push(call.recorder.status().uploads.waitingFiles);
      heap.push(heapBytes());
    }
  }
  const { exitCode, state } = await result;
  const { faults, manifest } = await verifyRecording({ read: async (name) => storage.files.get(name) });
  if (manifest === undefined) throw new Error("the call was recorded");
  const heapPerFile = (Number(heap.at(-1)) - Number(heap[0])) / manifest.tracks.length;
  return { exitCode, state, faults, manifest, spoken, waiting, heapPerFile };
}

it("Four hours of ten speakers end complete although the storage was unreachable in the second hour, and waiting files use no memory.", async () => {
  const call = { hours: 4, speakers: 10, turnMs: 1_000, away: { from: 1, to: 2 } };
  const { exitCode, state, faults, manifest, spoken, waiting, heapPerFile } = await recordLong(call);
  expect(exitCode).toBe(0);
  expect(state).toMatchObject({ status: "completed", end: { exitReason: "max_duration" } });
  // Within the outage thousands of files wait.
  expect(Math.max(...waiting)).toBeGreaterThan(500);
  expect(waiting.at(-1)).toBeLessThan(20);
  expect(faults).toEqual([]);
  expect(manifest.durationSeconds).toBeCloseTo(4 * 3_600, 0);
  expect(manifest.datagrams.written).toBe(spoken);
  // Memory holds only a file's line in the manifest, not its bytes.
  expect(heapPerFile).toBeLessThan(1_000);
}, 120_000);

it("A day-long call has every word in place, whatever happens to the wall clock, and memory does not grow.", async () => {
  const call = { hours: 24, speakers: 2, turnMs: 60_000, away: { from: 0, to: 0 }, wallJumpMs: HOUR_MS };
  const { exitCode, faults, manifest, spoken, heapPerFile } = await recordLong(call);
  expect(exitCode).toBe(0);
  expect(faults).toEqual([]);
  expect(manifest.durationSeconds).toBeCloseTo(24 * 3_600, 0);
  expect(Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt)).toBeCloseTo(24 * HOUR_MS, -3);
  expect(manifest.datagrams.written).toBe(spoken);
  const starts = manifest.tracks.map(({ startOffsetMs }) => startOffsetMs).toSorted((a, b) => a - b);
  expect(starts).toEqual(starts.map((_, index) => index * 60_000));
  expect(heapPerFile).toBeLessThan(2_000);
}, 240_000);
