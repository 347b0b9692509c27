import { expect, it } from "vitest";
import type { SpooledFile, SpoolWriter } from "../../../src/recording/ports/spool.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { Part } from "../../../src/recording/tracks/part.ts";
import { Track } from "../../../src/recording/tracks/track.ts";

const FRAME = 960;
const TOO_SLOW = new Error("the disk is too slow");

function frame(sequence: number): VoiceFrame {
  return {
    ...{ userId: "1", ssrc: 7, connection: 1, sequence, durationSamples: FRAME },
    rtpTimestamp: sequence * FRAME,
    arrivalMs: sequence * 20,
    opus: Buffer.from([0x78, sequence >> 8, sequence, 1, 2, 3]),
  };
}

it("After a part is refused by a stuck disk, the speaker gets no other until it responds, and each packet is counted.", async () => {
  const answer = Promise.withResolvers<SpooledFile>();
  let failure: unknown;
  const opened: string[] = [];
  const failed: number[] = [];
  let refused = 0;
  const quiet = {
    waitingBytes: 0,
    append: () => undefined,
    replaceLast: () => undefined,
    synced: async () => undefined,
  };
  const stuck = (): SpoolWriter => ({
    get failure() {
      return failure;
    },
    ...quiet,
    close: () => answer.promise,
  });
  const fine: SpoolWriter = {
    ...quiet,
    failure: undefined,
    close: async () => ({ name: "2.ogg", path: "2.ogg", bytes: 1, sha256: "" }),
  };
  const closed: number[] = [];
  const track = new Track({
    stalledSamples: () => 0,
    userId: "1",
    rotation: { mode: "never", silenceSamples: 96_000, maxPartSamples: 96_000 },
    toSamples: (milliseconds) => milliseconds * 48,
    createPart: (number, startSamples) => {
      const name = `${number}.ogg`;
      opened.push(name);
      const options = { name, number, startSamples, serial: 1, vendor: "test", tags: {}, onPage: () => undefined };
      return new Part(options, number === 1 ? stuck() : fine);
    },
    listener: {
      partOpened: () => undefined,
      partClosed: ({ packets }) => closed.push(packets.received),
      partNotBegun: () => undefined,
      partFailed: ({ received }) => failed.push(received),
      refused: (_, fate) => {
        if (fate === "disk_refused") refused += 1;
      },
      anchored: () => undefined,
      talkspurt: () => undefined,
      paged: () => undefined,
    },
  });
  for (let sequence = 0; sequence < 100; sequence += 1) track.push(frame(sequence));
  failure = TOO_SLOW;
  for (let sequence = 100; sequence < 3_000; sequence += 1) track.push(frame(sequence));
  expect(opened).toEqual(["1.ogg"]);
  answer.reject(TOO_SLOW);
  await Promise.allSettled([answer.promise]);
  await new Promise((resolve) => setImmediate(resolve));
  for (let sequence = 3_000; sequence < 3_500; sequence += 1) track.push(frame(sequence));
  await track.close();
  expect(opened).toEqual(["1.ogg", "2.ogg"]);
  expect(failed[0] ?? 0).toBeGreaterThanOrEqual(88);
  expect((failed[0] ?? 0) + refused + (closed[0] ?? 0)).toBe(3_500);
  // The next part is begun two seconds after the answer.
  expect(closed[0]).toBeGreaterThanOrEqual(395);
  expect(closed[0]).toBeLessThanOrEqual(405);
});
