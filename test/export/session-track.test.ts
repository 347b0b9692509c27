import { beforeAll, describe, expect, it } from "vitest";
import { sessionSamples, sessionTrack } from "../../src/export/session-track.ts";
import type { RotationOptions } from "../../src/recording/tracks/track.ts";
import type { RecordingStreams } from "../../src/session/recording-files.ts";
import { missing } from "../support/audio-programs.ts";
import {
  type Clicker,
  clicksIn,
  ENCODER_DELAY_SAMPLES,
  encodeClicks,
  type RecordedClicks,
  recordClicks,
} from "../support/click-tracks.ts";

const SECOND = 48_000;
/** Positions of clicks in each speaker's sound, next to any loss. */
const CLICKS = [7_000, 30_001, 61_234, 110_000];

const ROTATION: RotationOptions = { mode: "utterance", silenceSamples: 2 * SECOND, maxPartSamples: 600 * SECOND };
const ROTATIONS: RotationOptions[] = [
  ROTATION,
  { mode: "duration", silenceSamples: 2 * SECOND, maxPartSamples: SECOND },
  { mode: "never", silenceSamples: 2 * SECOND, maxPartSamples: 600 * SECOND },
];

/** In pieces that cut through pages, as a disk or a network gives them. */
function streams(files: ReadonlyMap<string, Buffer>): RecordingStreams {
  return {
    read: async (name) => files.get(name),
    stream: async function* (name) {
      const file = files.get(name) ?? Buffer.alloc(0);
      for (let offset = 0; offset < file.length; offset += 1_000) yield file.subarray(offset, offset + 1_000);
    },
  };
}

/** Each speaker's whole track. */
async function tracksOf({ files, manifest }: RecordedClicks, channels: 1 | 2 = 1): Promise<Buffer[]> {
  const source = { files: streams(files), channels, signal: new AbortController().signal };
  return await Promise.all(
    manifest.speakers.map(async ({ id }) => {
      const parts = manifest.tracks.filter(({ speakerId }) => speakerId === id);
      const blocks: Buffer[] = [];
      for await (const block of sessionTrack(parts, sessionSamples(manifest), source)) blocks.push(block);
      return Buffer.concat(blocks);
    }),
  );
}

describe.skipIf(missing("ffmpeg"))("A click at session time t is sample t × 48000 of its speaker's track", () => {
  let clickers: Clicker[];

  beforeAll(async () => {
    const packets = await encodeClicks(CLICKS, 3_000);
    clickers = [
      { fromMs: 40, packets },
      // Come late, pause for less than what ends a part, and for more.
      { fromMs: 2_512.5, packets, pause: { before: 50, ms: 782.5 } },
      { fromMs: 1_000, packets, pause: { before: 51, ms: 4_002.5 } },
      { fromMs: 3_007.5, packets, lost: [20, 21, 22, 40, ...Array.from({ length: 25 }, (_, index) => 75 + index)] },
    ];
  });

  const expected = ({ fromMs, pause }: Clicker): number[] =>
    CLICKS.map((click) => {
      // The sound of a click is in the packet that the encoder's delay puts it into.
      const packet = Math.floor((click + ENCODER_DELAY_SAMPLES) / 960);
      const pausedMs = pause !== undefined && packet >= pause.before ? pause.ms : 0;
      return (fromMs + pausedMs) * 48 + click + ENCODER_DELAY_SAMPLES;
    });

  it.each(ROTATIONS)("in parts by $mode, and all tracks have the same length", async (rotation) => {
    const recorded = await recordClicks(clickers, rotation);
    const tracks = await tracksOf(recorded);
    expect(tracks.map(clicksIn)).toEqual(clickers.toSorted((left, right) => left.fromMs - right.fromMs).map(expected));
    expect(tracks.map(({ length }) => length)).toEqual(tracks.map(() => sessionSamples(recorded.manifest) * 2));
  });
});

it.skipIf(missing("ffmpeg"))(
  "If two parts overlap, the later one loses its beginning, and nothing moves.",
  async () => {
    const packets = await encodeClicks([10_001, 45_001], 1_000);
    const { files, manifest } = await recordClicks(
      [{ fromMs: 40, packets, pause: { before: 40, ms: 5_000 } }],
      ROTATION,
    );
    const [first, second] = manifest.tracks;
    if (first === undefined || second === undefined) throw new Error("two parts are due");
    const early = { ...second, startOffsetMs: first.startOffsetMs + first.durationMs - 100 };
    const [track = Buffer.alloc(0)] = await tracksOf({ files, manifest: { ...manifest, tracks: [first, early] } });
    const [alone = Buffer.alloc(0)] = await tracksOf({ files, manifest: { ...manifest, tracks: [early] } });
    const from = (first.startOffsetMs + first.durationMs) * 48 * 2;
    expect(track.subarray(from).equals(alone.subarray(from))).toBe(true);
    expect(clicksIn(alone)).not.toEqual([]);
    expect(track.length).toBe(sessionSamples(manifest) * 2);
  },
);
