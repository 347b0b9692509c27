import { describe, expect, test } from "vitest";
import { checkOggOpus, type OggPacket } from "../../src/audio/ogg/ogg-check.ts";
import { clipAsOgg, cutIntoClips, leadSamplesOf, MAX_CLIP_SAMPLES } from "../../src/report/audio-clips.ts";

const PACKET_SAMPLES = 960;
const sound = (index: number) => Buffer.from([0xf8, 1, 2, 3, index & 0xff, index >> 8]);
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

/** Packets of 20 ms behind the lead-in of a part; `true` is sound. */
function part(...runs: readonly (readonly [sounds: boolean, count: number])[]): OggPacket[] {
  const packets: OggPacket[] = [{ opus: Buffer.of(0xe0), positionSamples: -120, durationSamples: 120 }];
  for (const [sounds, count] of runs) {
    for (let index = 0; index < count; index += 1) {
      const positionSamples = (packets.length - 1) * PACKET_SAMPLES;
      const opus = sounds ? sound(packets.length) : SILENCE;
      packets.push({ opus, positionSamples, durationSamples: PACKET_SAMPLES });
    }
  }
  return packets;
}

describe("a part is split", () => {
  test("into one clip if it is short and has no silence", () => {
    const [clip, ...more] = cutIntoClips(part([true, 100]), 48_000);
    expect(more).toEqual([]);
    expect(clip).toMatchObject({ startSample: 48_000, samples: 96_000 });
  });

  test("at a silence of half a second, which is left out except for its start", () => {
    const clips = cutIntoClips(part([true, 10], [false, 25], [true, 10]), 0);
    expect(clips.map(({ startSample }) => startSample / PACKET_SAMPLES)).toEqual([0, 35]);
    expect(clips.map(({ samples }) => samples / PACKET_SAMPLES)).toEqual([15, 10]);
  });

  test("not at a shorter silence", () => {
    const clips = cutIntoClips(part([true, 10], [false, 20], [true, 10]), 0);
    expect(clips.map(({ samples }) => samples / PACKET_SAMPLES)).toEqual([40]);
  });

  test("if it is long, into clips that follow each other without a gap", () => {
    const clips = cutIntoClips(part([true, 1_200]), 0);
    expect(clips.map(({ samples }) => samples)).toEqual([MAX_CLIP_SAMPLES, MAX_CLIP_SAMPLES, 200 * PACKET_SAMPLES]);
    expect(clips.map(({ startSample }) => startSample)).toEqual([0, MAX_CLIP_SAMPLES, 2 * MAX_CLIP_SAMPLES]);
  });

  test("into nothing if nobody speaks", () => {
    expect(cutIntoClips(part([false, 1_000]), 0)).toEqual([]);
    expect(cutIntoClips([], 0)).toEqual([]);
  });
});

describe("a clip", () => {
  test("starts at least 80 ms earlier for the decoder, or at the beginning of the part", () => {
    const clips = cutIntoClips(part([true, 1_200]), 0);
    expect(clips.map(leadSamplesOf)).toEqual([120, 3_840, 3_840]);
  });

  test("is a complete Ogg Opus stream that decodes to lead and sound", () => {
    for (const clip of cutIntoClips(part([true, 700]), 0)) {
      const { faults, durationSamples, packets } = checkOggOpus(clipAsOgg(clip));
      expect(faults).toEqual([]);
      expect(durationSamples).toBe(leadSamplesOf(clip) + clip.samples);
      expect(packets.slice(1).map(({ opus }) => opus)).toEqual([...clip.lead, ...clip.packets].map(({ opus }) => opus));
    }
  });
});
