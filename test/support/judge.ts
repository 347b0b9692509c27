import { join } from "node:path";
import { expect } from "vitest";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { partFileName } from "../../src/session/job-files.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { ffmpegDecode, opusinfo } from "./audio-programs.ts";
import { type Recorded, saidIn, soundOf } from "./worker.ts";

/**
 * A pause of this length, in RTP time or in the time of sending, may change how a speaker's clock relates to the
 * session's: 200 ms.
 */
const TALKSPURT_SAMPLES = 9_600;

type StoredRecording = Pick<Recorded, "directory" | "manifest">;

/** The call without the packets that the network lost. */
export function arrivedIn(fixture: CallFixture, { lostOf }: Recorded): CallFixture {
  const packets = [...fixture.packets].map(([userId, said]) => {
    const lost = lostOf(userId);
    return [userId, said.filter((_, index) => !lost.has(index))] as const;
  });
  return { ...fixture, packets: new Map(packets) };
}

/** Every packet that arrived is in its speaker's files, bit for bit and in the order of sending, and nothing else. */
export async function expectEveryPacket(fixture: CallFixture, recorded: Recorded): Promise<void> {
  const arrived = arrivedIn(fixture, recorded);
  for (const userId of fixture.packets.keys()) {
    const heard = (await soundOf(recorded, userId)).map(({ hex }) => hex);
    expect(heard).toEqual(saidIn(arrived, userId).map(({ hex }) => hex));
  }
}

/**
 * Within a talkspurt, what lies between two packets in the file is what lies between their RTP timestamps, over losses
 * too.
 *
 * @returns in how many places this was so, for a test to see that it judged something
 */
export async function expectExactPlaces(fixture: CallFixture, recorded: Recorded): Promise<number> {
  const arrived = arrivedIn(fixture, recorded);
  let judged = 0;
  for (const userId of fixture.packets.keys()) {
    const said = saidIn(arrived, userId);
    const heard = await soundOf(recorded, userId);
    const [expected, found]: [number[], number[]] = [[], []];
    for (const [index, now] of said.entries()) {
      const before = said[index - 1];
      if (before === undefined || before.ssrc !== now.ssrc) continue;
      const rtpStep = (now.rtpTimestamp - before.rtpTimestamp) >>> 0;
      if (rtpStep >= TALKSPURT_SAMPLES || now.atMs - before.atMs >= TALKSPURT_SAMPLES / 48) continue;
      expected.push(rtpStep);
      found.push((heard[index]?.sessionSamples ?? Number.NaN) - (heard[index - 1]?.sessionSamples ?? Number.NaN));
    }
    expect(found).toEqual(expected);
    judged += found.length;
  }
  return judged;
}

/** Our own check of the files finds nothing wrong. */
export async function expectVerified({ directory }: Pick<Recorded, "directory">): Promise<void> {
  expect((await verifyRecording(await RecordingFolder.open(directory))).faults).toEqual([]);
}

export async function expectOpusinfoAccepts({ directory, manifest }: StoredRecording): Promise<void> {
  expect(manifest.tracks).not.toEqual([]);
  for (const { speakerId, part } of manifest.tracks) {
    const { code, text } = await opusinfo(join(directory, partFileName(speakerId, part)));
    expect(text).not.toMatch(/warning|error/i);
    expect(code).toBe(0);
  }
}

/** Each file decodes to as many samples as the manifest says. */
export async function expectFfmpegDecodesAll({ directory, manifest }: StoredRecording): Promise<void> {
  const decoded: number[] = [];
  for (const { speakerId, part } of manifest.tracks) {
    decoded.push((await ffmpegDecode(join(directory, partFileName(speakerId, part)))).samples);
  }
  expect(decoded).toEqual(manifest.tracks.map(({ durationMs }) => Math.round(durationMs * 48)));
}
