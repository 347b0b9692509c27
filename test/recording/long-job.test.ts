import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { verifyRecording } from "../../src/recording/verify.ts";
import { FLAGS, memoryCall, settle, somebody } from "../support/memory-call.ts";

const HOUR_MS = 3_600_000;
const SPEAKERS = Array.from({ length: 10 }, (_, index) => somebody(index));
/** Each speaks so long, one after the other. */
const TURN_MS = 1_000;
const PACKET_MS = 20;

/** Bytes that JavaScript holds on to, after everything that it does not was collected. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

it("four hours of ten speakers end complete although the storage was away for the second of them, and hold no memory for what waits", async () => {
  const call = memoryCall({
    autoLeave: { entryDelayMs: 0, soloMs: 0, silenceMs: 0, onBotDetected: false, maxMs: 4 * HOUR_MS },
  });
  const { clock, voice, storage } = call;
  const result = call.recorder.run();
  await settle();
  const startMs = clock.nowMs();
  for (const person of SPEAKERS) voice.listener?.roster({ kind: "join", person, flags: FLAGS });
  let spoken = 0;
  const waiting: number[] = [];
  const heap: number[] = [];
  storage.failing = () => {
    const atMs = clock.nowMs() - startMs;
    return atMs > HOUR_MS && atMs < 2 * HOUR_MS;
  };
  while (call.recorder.state.status === "recording") {
    const atMs = clock.nowMs() - startMs;
    const speaker = SPEAKERS[Math.floor(atMs / TURN_MS) % SPEAKERS.length];
    // A word now and then: what matters are the hours, and the files that come of them.
    if (speaker !== undefined && atMs % TURN_MS < 5 * PACKET_MS) {
      call.speak(speaker.id);
      spoken += 1;
      await clock.advance(PACKET_MS);
    } else {
      await clock.advance(TURN_MS - (atMs % TURN_MS));
    }
    if (atMs > (waiting.length + 1) * (HOUR_MS / 2)) {
      waiting.push(call.recorder.status().uploads.waitingFiles);
      heap.push(heapBytes());
    }
  }
  expect(await result).toMatchObject({
    exitCode: 0,
    state: { status: "completed", end: { exitReason: "max_duration" } },
  });
  // One of the half hours lies within the outage, and thousands of files wait in it.
  expect(Math.max(...waiting)).toBeGreaterThan(500);
  expect(waiting.at(-1)).toBeLessThan(20);
  const { faults, manifest } = await verifyRecording({ read: async (name) => storage.files.get(name) });
  expect(faults).toEqual([]);
  expect(manifest?.durationSeconds).toBeCloseTo(4 * 3_600, 0);
  expect(manifest?.datagrams.written).toBe(spoken);
  // What is held for a file is its line in the manifest, not its bytes.
  const perFile = (Number(heap.at(-1)) - Number(heap[0])) / Number(manifest?.tracks.length);
  expect(perFile).toBeLessThan(1_000);
});
