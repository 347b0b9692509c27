import fc from "fast-check";
import { expect } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { Part } from "../../../src/recording/tracks/part.ts";
import { type RotationOptions, Track } from "../../../src/recording/tracks/track.ts";
import type { FinishedPart } from "../../../src/recording/tracks/track-listener.ts";
import { MemorySpool } from "../../support/memory-spool.ts";

export const FRAME = 960;
export const SECOND = 48_000;
export const UTTERANCE: RotationOptions = {
  mode: "utterance",
  silenceSamples: 2 * SECOND,
  maxPartSamples: 600 * SECOND,
};

export interface Said {
  readonly hex: string;
  readonly sessionSamples: number;
}

export function trackWith(rotation: RotationOptions) {
  const spool = new MemorySpool();
  const parts: FinishedPart[] = [];
  const talkspurts: [number, number][] = [];
  const refused: string[] = [];
  const waits: number[] = [];
  const track = new Track({
    stalledSamples: () => 0,
    userId: "1",
    rotation,
    toSamples: (milliseconds) => milliseconds * 48,
    createPart: (number, startSamples) =>
      new Part(
        {
          name: `${number}.ogg`,
          number,
          startSamples,
          serial: number,
          vendor: "test",
          tags: {},
          onPage: (waitedMs) => waits.push(waitedMs),
        },
        spool.create(`${number}.ogg`),
      ),
    listener: {
      partOpened: () => undefined,
      partClosed: (part) => parts.push(part),
      partFailed: ({ name, error }) => {
        throw new Error(`${name} failed: ${String(error)}`);
      },
      partNotBegun: (_, error) => {
        throw error;
      },
      refused: (_, fate) => refused.push(fate),
      anchored: () => undefined,
      talkspurt: (_, start, end) => talkspurts.push([start, end]),
      paged: () => undefined,
    },
  });
  /** The packets in the files at their places in the session, without fill. */
  const heard = (): Said[] =>
    parts.flatMap((part) => {
      const report = checkOggOpus(spool.bytesOf(part.file.name));
      expect(report.faults).toEqual([]);
      expect(report.durationSamples).toBe(part.durationSamples);
      return report.packets
        .filter(({ opus }) => opus.length > 3)
        .map(({ opus, positionSamples }) => ({
          hex: opus.toString("hex"),
          sessionSamples: part.startSamples + positionSamples,
        }));
    });
  return { track, parts, spool, heard, talkspurts, refused, waits };
}

let serial = 0;

/** A 20 ms packet like no other, said at a session position and arriving then. */
export function frame(sequence: number, sessionSamples: number, { ssrc = 7, connection = 1 } = {}): VoiceFrame {
  serial += 1;
  return {
    userId: "1",
    ssrc,
    connection,
    sequence: (sequence + 65_000) & 0xffff,
    rtpTimestamp: (sessionSamples + 4_294_000_000) % 2 ** 32,
    arrivalMs: sessionSamples / 48,
    opus: Buffer.from([0x78, serial >> 16, serial >> 8, serial, 1, 2, 3]),
    durationSamples: FRAME,
  };
}

export const said = ({ opus, arrivalMs }: VoiceFrame): Said => ({
  hex: opus.toString("hex"),
  sessionSamples: arrivalMs * 48,
});

/** Talkspurts as [packets, pause before it in 2.5 ms steps]. */
export const speech = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 4, max: 3_000 })), {
  minLength: 1,
  maxLength: 8,
});

export function framesOf(talkspurts: readonly (readonly [number, number])[]): VoiceFrame[] {
  const frames: VoiceFrame[] = [];
  let position = 0;
  for (const [count, pause] of talkspurts) {
    position += pause * 120;
    for (let index = 0; index < count; index += 1, position += FRAME) frames.push(frame(frames.length, position));
  }
  return frames;
}
