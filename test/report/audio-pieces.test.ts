import { describe, expect, test } from "vitest";
import { checkOggOpus, type StoredPacket } from "../../src/audio/ogg-check.ts";
import { cutIntoPieces, leadSamplesOf, MAX_PIECE_SAMPLES, pieceAsOgg } from "../../src/report/audio-pieces.ts";

const PACKET_SAMPLES = 960;
const sound = (index: number) => Buffer.from([0xf8, 1, 2, 3, index & 0xff, index >> 8]);
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

/** Packets of 20 ms behind the lead-in of a part; `true` is sound. */
function part(...runs: readonly (readonly [sounds: boolean, count: number])[]): StoredPacket[] {
  const packets: StoredPacket[] = [{ opus: Buffer.of(0xe0), positionSamples: -120, durationSamples: 120 }];
  for (const [sounds, count] of runs) {
    for (let index = 0; index < count; index += 1) {
      const positionSamples = (packets.length - 1) * PACKET_SAMPLES;
      const opus = sounds ? sound(packets.length) : SILENCE;
      packets.push({ opus, positionSamples, durationSamples: PACKET_SAMPLES });
    }
  }
  return packets;
}

describe("a part is cut", () => {
  test("into one piece where it is short and sounds throughout", () => {
    const [piece, ...more] = cutIntoPieces(part([true, 100]), 48_000);
    expect(more).toEqual([]);
    expect(piece).toMatchObject({ startSample: 48_000, samples: 96_000 });
  });

  test("at a silence of half a second, which is left out but for its begin", () => {
    const pieces = cutIntoPieces(part([true, 10], [false, 25], [true, 10]), 0);
    expect(pieces.map(({ startSample }) => startSample / PACKET_SAMPLES)).toEqual([0, 35]);
    expect(pieces.map(({ samples }) => samples / PACKET_SAMPLES)).toEqual([15, 10]);
  });

  test("not at a shorter one", () => {
    const pieces = cutIntoPieces(part([true, 10], [false, 20], [true, 10]), 0);
    expect(pieces.map(({ samples }) => samples / PACKET_SAMPLES)).toEqual([40]);
  });

  test("where it is long, into pieces that follow each other without a gap", () => {
    const pieces = cutIntoPieces(part([true, 1_200]), 0);
    expect(pieces.map(({ samples }) => samples)).toEqual([MAX_PIECE_SAMPLES, MAX_PIECE_SAMPLES, 200 * PACKET_SAMPLES]);
    expect(pieces.map(({ startSample }) => startSample)).toEqual([0, MAX_PIECE_SAMPLES, 2 * MAX_PIECE_SAMPLES]);
  });

  test("into nothing where nobody says anything", () => {
    expect(cutIntoPieces(part([false, 1_000]), 0)).toEqual([]);
    expect(cutIntoPieces([], 0)).toEqual([]);
  });
});

describe("a piece", () => {
  test("has at least 80 ms before it for the decoder, or all that there is", () => {
    const pieces = cutIntoPieces(part([true, 1_200]), 0);
    expect(pieces.map(leadSamplesOf)).toEqual([120, 3_840, 3_840]);
  });

  test("is a whole Ogg Opus stream that gives out lead and sound", () => {
    for (const piece of cutIntoPieces(part([true, 700]), 0)) {
      const { faults, durationSamples, packets } = checkOggOpus(pieceAsOgg(piece));
      expect(faults).toEqual([]);
      expect(durationSamples).toBe(leadSamplesOf(piece) + piece.samples);
      expect(packets.slice(1).map(({ opus }) => opus)).toEqual(
        [...piece.lead, ...piece.packets].map(({ opus }) => opus),
      );
    }
  });
});
