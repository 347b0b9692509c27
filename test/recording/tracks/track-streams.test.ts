import { describe, expect, it } from "vitest";
import type { Anchor } from "../../../src/audio/timeline.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { Part } from "../../../src/recording/tracks/part.ts";
import { type RotationOptions, Track } from "../../../src/recording/tracks/track.ts";
import type { FinishedPart } from "../../../src/recording/tracks/track-listener.ts";
import { MemorySpool } from "../../support/memory-spool.ts";

const FRAME = 960;

function startedTrack(mode: RotationOptions["mode"] = "utterance", maxPartSamples = 600 * 48_000) {
  const spool = new MemorySpool();
  const parts: FinishedPart[] = [];
  const reported = {
    anchors: [] as [number, Anchor["reason"]][],
    refused: [] as string[],
    talkspurts: [] as [number, number][],
    opened: [] as [string, number][],
  };
  const track = new Track({
    stalledSamples: () => 0,
    userId: "1",
    rotation: { mode, silenceSamples: 96_000, maxPartSamples },
    toSamples: (milliseconds) => milliseconds * 48,
    createPart: (number, startSamples) => {
      const name = `${number}.ogg`;
      const options = { name, number, startSamples, serial: number, vendor: "test", tags: {} };
      return new Part({ ...options, onPage: () => undefined }, spool.create(name));
    },
    listener: {
      partOpened: ({ name, startSamples }) => reported.opened.push([name, startSamples]),
      partClosed: (part) => parts.push(part),
      partNotBegun: () => undefined,
      partFailed: ({ error }) => {
        throw error;
      },
      refused: (_, fate) => reported.refused.push(fate),
      anchored: (_, ssrc, { reason }) => reported.anchors.push([ssrc, reason]),
      talkspurt: (_, start, end) => reported.talkspurts.push([start, end]),
      paged: () => undefined,
    },
  });
  return { track, parts, reported };
}

/** A 20 ms packet of a stream, said and arriving at this time. */
function frame(sequence: number, atMs: number, { ssrc = 7, connection = 1, rtpMs = atMs } = {}): VoiceFrame {
  return {
    ...{ userId: "1", ssrc, connection, sequence, rtpTimestamp: rtpMs * 48, arrivalMs: atMs },
    opus: Buffer.from([0x78, 1, 2, 3]),
    durationSamples: FRAME,
  };
}

type FrameOptions = Parameters<typeof frame>[2];
const speech = (count: number, sequence: number, atMs: number, options: FrameOptions = {}): VoiceFrame[] =>
  Array.from({ length: count }, (_, index) => {
    const rtpMs = (options.rtpMs ?? atMs) + index * 20;
    return frame(sequence + index, atMs + index * 20, { ...options, rtpMs });
  });

describe("a track's streams", () => {
  it("are each related to the session's clock, and again if their own clock stopped", async () => {
    const { track, reported } = startedTrack();
    for (const one of speech(50, 0, 0)) track.push(one);
    for (const one of speech(50, 50, 5_000, { rtpMs: 1_000 })) track.push(one);
    for (const one of speech(50, 0, 10_000, { ssrc: 8 })) track.push(one);
    await track.close();
    expect(reported.anchors).toEqual([
      [7, "first"],
      [7, "clock_jump"],
      [8, "first"],
    ]);
  });

  it("are new on another connection, even with the same SSRC", async () => {
    const { track, parts } = startedTrack();
    for (const one of speech(50, 0, 0)) track.push(one);
    // Each begins with the same numbers.
    const verdicts = speech(50, 0, 1_000, { connection: 2 }).map((one) => track.push(one));
    track.endConnection();
    verdicts.push(...speech(50, 0, 2_000, { connection: 2 }).map((one) => track.push(one)));
    expect(new Set(verdicts)).toEqual(new Set(["accepted"]));
    await track.close();
    expect(parts.map(({ packets: { received, lost } }) => [received, lost])).toEqual([[150, 0]]);
  });

  it("are at most eight: a new one replaces the one that was silent longest", () => {
    const { track, parts } = startedTrack();
    for (let ssrc = 1; ssrc <= 8; ssrc += 1) track.push(frame(0, ssrc, { ssrc }));
    track.push(frame(1, 21, { ssrc: 1 }));
    expect([track.reorderDepth, track.talkSamples]).toEqual([9, 0]);
    track.push(frame(0, 30, { ssrc: 9 }));
    // The held packet of the second one is written; nine packets of the others wait.
    expect([track.reorderDepth, track.talkSamples]).toEqual([9, FRAME]);
    expect(parts).toEqual([]);
    expect(track.push(frame(0, 40, { ssrc: 2 }))).toBe("accepted");
  });

  it("start forty at once, then four a second; packets beyond that are refused", () => {
    const { track } = startedTrack();
    const accepted = (atMs: number) =>
      Array.from({ length: 60 }, (_, index) => track.push(frame(0, atMs, { ssrc: atMs * 100 + index })))
        .map((verdict) => (verdict === "excess" ? 0 : 1))
        .reduce((sum: number, count) => sum + count, 0);
    expect([accepted(1), accepted(2), accepted(1_001)]).toEqual([40, 0, 4]);
  });

  it("write nothing more than a second behind what is written", async () => {
    const { track, parts, reported } = startedTrack();
    for (const one of speech(150, 0, 0)) track.push(one);
    // Packets that had waited for their key.
    for (const one of speech(10, 0, 1_800, { ssrc: 8 })) track.push(one);
    await track.close();
    expect(reported.refused).toEqual(Array(10).fill("late"));
    expect(parts.map(({ packets: { received, late } }) => [received, late])).toEqual([[150, 10]]);
  });
});

describe("a track counts drops", () => {
  it("in its open part, or in its next part if none is open", async () => {
    const { track, parts } = startedTrack();
    track.countDrop("late", 3);
    track.countDrop("late");
    for (const one of speech(50, 0, 0)) track.push(one);
    track.countDrop("replayed", 2);
    track.countDrop("excess", 9);
    track.closePart();
    track.countDrop("unattributed");
    for (const one of speech(50, 50, 1_000)) track.push(one);
    await track.close();
    const counts = parts.map(({ packets: { late, duplicate, unattributed } }) => [late, duplicate, unattributed]);
    expect(counts).toEqual([
      [4, 2, 0],
      [0, 0, 1],
    ]);
  });
});

describe("a track from which audio is taken back", () => {
  it("returns what waits for its turn, even if no part is open", async () => {
    const { track, parts } = startedTrack();
    for (const one of speech(5, 0, 0)) track.push(one);
    expect(track.takeBackUnwritten()).toBe(5);
    expect([track.reorderDepth, track.talkSamples, track.isWriting]).toEqual([0, 0, false]);
    await track.close();
    expect(parts).toEqual([]);
  });

  it("returns what is not on a page yet, and ends its part and its talkspurt there", async () => {
    const { track, parts, reported } = startedTrack();
    for (const one of speech(30, 0, 0)) track.push(one);
    track.flushPage(600);
    for (const one of [...speech(10, 30, 600), frame(41, 820)]) track.push(one);
    expect(track.isWriting).toBe(true);
    // Ten that wait for their page, and one behind a hole.
    expect(track.takeBackUnwritten()).toBe(11);
    expect([track.talkSamples, track.isWriting]).toEqual([30 * FRAME, false]);
    expect(reported.talkspurts).toEqual([[0, 30 * FRAME]]);
    for (const one of speech(20, 50, 700)) track.push(one);
    await track.close();
    expect(reported.opened).toEqual([
      ["1.ogg", 0],
      ["2.ogg", 700 * 48],
    ]);
    expect(parts.map(({ packets: { received }, talkSamples }) => [received, talkSamples])).toEqual([
      [30, 30 * FRAME],
      [20, 20 * FRAME],
    ]);
  });

  it("continues in its only part if it must not rotate", async () => {
    const { track, parts } = startedTrack("never");
    for (const one of speech(50, 0, 0)) track.push(one);
    track.flushPage(1_000);
    track.takeBackUnwritten();
    track.closePart();
    expect(track.isWriting).toBe(true);
    await track.close();
    expect(parts).toHaveLength(1);
  });
});

it("A talkspurt is reported a second after its pause of 300 ms; a part is closed a second after its silence.", async () => {
  const { track, reported, parts } = startedTrack();
  for (const one of speech(50, 0, 0)) track.push(one);
  const seenAt = async (nowMs: number) => {
    track.poll(nowMs);
    await new Promise((resolve) => setImmediate(resolve));
    return [reported.talkspurts.length, parts.length];
  };
  expect(await seenAt(2_299)).toEqual([0, 0]);
  expect(await seenAt(2_300)).toEqual([1, 0]);
  // The last packet was written at 980 ms, and sounds until 1,000.
  expect(await seenAt(3_999)).toEqual([1, 0]);
  expect(await seenAt(4_000)).toEqual([1, 1]);
});

it("An utterance that is longer than a part continues in the next one, without a gap.", async () => {
  const { track, parts } = startedTrack("utterance", 48_000);
  for (const one of speech(120, 0, 0)) track.push(one);
  await track.close();
  expect(parts.map(({ startSamples, durationSamples }) => [startSamples, durationSamples])).toEqual([
    [0, 50 * FRAME],
    [50 * FRAME, 50 * FRAME],
    [100 * FRAME, 20 * FRAME],
  ]);
});
