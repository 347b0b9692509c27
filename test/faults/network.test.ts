import { beforeAll, describe, expect, it } from "vitest";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import type { EncryptionMode, Impairments } from "../../src/loopback/loopback.ts";
import { missing } from "../support/audio-programs.ts";
import {
  arrivedIn,
  expectEveryPacket,
  expectExactPlaces,
  expectFfmpegDecodesAll,
  expectOpusinfoAccepts,
  expectVerified,
} from "../support/judge.ts";
import { type JudgedByArrival, judgedByArrival, pausesOf } from "../support/late-packets.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const GCM = "aead_aes256_gcm_rtpsize";
const XCHACHA = "aead_xchacha20_poly1305_rtpsize";

interface Case {
  readonly name: string;
  readonly impairments: Impairments;
  readonly rotate: "utterance" | "duration" | "never";
  readonly mode: EncryptionMode;
  /** A stage has no end-to-end encryption, which refuses replays by itself. */
  readonly stage?: boolean;
  /** A call long enough for a part to reach its longest duration. */
  readonly long?: boolean;
}

const together: Omit<Impairments, "seed"> = {
  loss: 0.03,
  burstLoss: { probability: 0.005, packets: 3 },
  swap: 0.05,
  duplicate: 0.05,
  jitterMs: 30,
  forgedPerSecond: 100,
  replay: 0.03,
};

const cases: readonly Case[] = [
  { name: "single packets lost", impairments: { seed: 1, loss: 0.05 }, rotate: "utterance", mode: GCM },
  {
    name: "bursts lost",
    impairments: { seed: 2, burstLoss: { probability: 0.01, packets: 13 } },
    rotate: "never",
    mode: XCHACHA,
  },
  { name: "neighbours swapped", impairments: { seed: 3, swaps: 60 }, rotate: "duration", mode: GCM },
  { name: "packets doubled", impairments: { seed: 4, duplicate: 0.2 }, rotate: "never", mode: XCHACHA },
  { name: "jitter that reorders", impairments: { seed: 5, jitterMs: 80 }, rotate: "utterance", mode: GCM },
  {
    name: "a stall of two seconds, then a burst",
    impairments: { seed: 6, stalls: [{ atMs: 800, durationMs: 2_000 }] },
    rotate: "duration",
    mode: GCM,
  },
  { name: "datagrams replayed", impairments: { seed: 7, replay: 0.2 }, rotate: "utterance", mode: XCHACHA },
  { name: "datagrams replayed", impairments: { seed: 8, replay: 0.2 }, rotate: "never", mode: GCM, stage: true },
  { name: "everything at once", impairments: { seed: 9, ...together }, rotate: "utterance", mode: GCM },
  { name: "everything at once", impairments: { seed: 10, ...together }, rotate: "duration", mode: XCHACHA, long: true },
  { name: "everything at once", impairments: { seed: 11, ...together }, rotate: "never", mode: GCM, stage: true },
];

/** Three speakers: two through, one with a pause that ends an utterance. The last to leave stays for late replays. */
function call({ stage = false, long = false }: Case): CallFixture {
  const packetCount = long ? 560 : 150;
  const lastMs = packetCount * 20 + 1_000;
  const leavesAtMs = lastMs + 2_500;
  return toneCall(
    [
      { user: person(1), speaksFromMs: 0, packetCount, leavesAtMs },
      { user: person(2), speaksFromMs: 130, packetCount, leavesAtMs },
      {
        user: person(3),
        speaksFromMs: 70,
        packetCount: packetCount - 100,
        leavesAtMs,
        pause: { afterPackets: 30, durationMs: 1_700 },
      },
    ],
    { stage },
  );
}

const title = ({ name, rotate, mode, stage }: Case): string =>
  `with ${name}, files by ${rotate}, ${mode}${stage ? ", no end-to-end encryption" : ""}`;

describe.concurrent.each(cases.map((run) => [title(run), run] as const))("a call %s", (_, run) => {
  const { impairments, rotate, mode, stage } = run;
  let fixture: CallFixture;
  let recorded: JudgedByArrival;

  beforeAll(async () => {
    fixture = call(run);
    const options = {
      loopback: { impairments, encryptionModes: [mode] },
      environment: {
        MEETBOT_ROTATE: rotate,
        MEETBOT_ROTATE_SILENCE_SECONDS: "1",
        MEETBOT_MAX_PART_SECONDS: "10",
      },
    };
    recorded = await judgedByArrival(fixture, await recordFixture(fixture, options));
  });

  it("was impaired as requested", () => {
    const { impaired } = recorded;
    expect(impaired.lost > 0).toBe((impairments.loss ?? impairments.burstLoss) !== undefined);
    expect(impaired.swapped > 0).toBe((impairments.swap ?? impairments.swaps) !== undefined);
    expect(impaired.duplicated > 0).toBe(impairments.duplicate !== undefined);
    expect(impaired.delayed > 0).toBe((impairments.jitterMs ?? impairments.stalls) !== undefined);
    expect(impaired.replayed > 0).toBe(impairments.replay !== undefined);
    expect(impaired.forged > 0).toBe(impairments.forgedPerSecond !== undefined);
    expect(recorded.manifest.e2ee.daveProtocolVersion).toBe(stage ? 0 : 1);
  });

  it("ends with every packet that arrived in its speaker's files, bit for bit, in order, and nothing else", async () => {
    expect(recorded.exitCode).toBe(0);
    await expectEveryPacket(fixture, recorded);
  });

  it("has every packet exactly in place", async () => {
    expect(await expectExactPlaces(fixture, recorded)).toBeGreaterThan(250);
  });

  it("counts each datagram under its fate", () => {
    const { impaired, manifest, tooLate } = recorded;
    const arrived = [...arrivedIn(fixture, recorded).packets.values()].flat().length;
    const { received, written, dropped } = manifest.datagrams;
    expect(written).toBe(arrived);
    // A packet replayed within about 20 s looks like a doubled one: both were received before.
    const again = impaired.duplicated + impaired.replayed;
    expect(dropped.duplicate + dropped.replayed + dropped.late).toBe(again + tooLate);
    expect(dropped.auth_failed + dropped.not_rtp).toBe(impaired.forged);
    expect(received).toBe(arrived + again + tooLate + impaired.forged);
  });

  it("declares the losses between received packets", () => {
    for (const [userId, packets] of fixture.packets) {
      const lost = recorded.lostOf(userId);
      let [from, to] = [0, packets.length - 1];
      while (lost.has(from)) from += 1;
      while (lost.has(to)) to -= 1;
      const between = [...lost].filter((index) => index > from && index < to).length;
      const tracks = recorded.manifest.tracks.filter(({ speakerId }) => speakerId === userId);
      expect(tracks.reduce((sum, { packets }) => sum + packets.lost, 0)).toBe(between);
    }
  });

  it("has the files that its rotation requires", () => {
    const parts = [...fixture.packets.keys()].map(
      (userId) => recorded.manifest.tracks.filter(({ speakerId }) => speakerId === userId).length,
    );
    if (rotate === "never") {
      expect(parts).toEqual([1, 1, 1]);
      expect(recorded.manifest.tracks.map(({ startOffsetMs }) => startOffsetMs)).toEqual([0, 0, 0]);
    } else if (rotate === "utterance") {
      const speakers = [...fixture.packets.keys()].map((userId) => recorded.sentAtMsOf(userId));
      // A pause of a second ends a part. What this machine made of the call's pauses is a bit more or less.
      const atLeast = speakers.map((sentAtMs) => 1 + pausesOf(sentAtMs, 1_300));
      const atMost = speakers.map((sentAtMs) => 1 + pausesOf(sentAtMs, 900));
      expect(parts.map((count, index) => Math.max(atLeast[index] ?? 0, Math.min(atMost[index] ?? 0, count)))).toEqual(
        parts,
      );
    } else expect(parts).toEqual(run.long ? [2, 2, 2] : [1, 1, 1]);
  });

  it("passes verify", () => expectVerified(recorded));
  it.skipIf(missing("opusinfo"))("is accepted by opusinfo", () => expectOpusinfoAccepts(recorded));
  it.skipIf(missing("ffmpeg"))("decodes to the manifest's durations", () => expectFfmpegDecodesAll(recorded));
});
