import { beforeAll, describe, expect, it } from "vitest";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import type { EncryptionMode } from "../../src/loopback/loopback.ts";
import {
  addExtensions,
  addPaddingPackets,
  padPackets,
  repacketise,
  zeroPackets,
} from "../../src/loopback/senders/sender-packets.ts";
import {
  changeSender,
  changeSsrc,
  type SenderChange,
  skewClock,
  stopClockInSilence,
  wrapCounters,
} from "../../src/loopback/senders/senders.ts";
import { missing } from "../support/audio-programs.ts";
import {
  expectEveryPacket,
  expectExactPlaces,
  expectFfmpegDecodesAll,
  expectOpusinfoAccepts,
  expectVerified,
} from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, soundOf } from "../support/worker.ts";

/** What each speaker of the call does; everybody pauses for 700 ms after 60 packets. */
const HABITS: readonly (readonly SenderChange[])[] = [
  [],
  [skewClock(20_000)],
  [skewClock(-20_000)],
  [stopClockInSilence],
  [wrapCounters(1)],
  [wrapCounters(2)],
  [changeSsrc(1_500, 777_777, 3)],
  [addPaddingPackets({ every: 10 })],
  [addPaddingPackets({ every: 40, count: 50 })],
  [padPackets(2, 33), addExtensions(3)],
  [zeroPackets(1)],
  [repacketise(60)],
  [repacketise(120), addExtensions(2), wrapCounters(4)],
];
const PACKETS = 130;

function call(): CallFixture {
  const tones = toneCall(
    HABITS.map((_, index) => ({
      user: person(index + 1),
      speaksFromMs: 40 * index,
      packetCount: PACKETS,
      leavesAtMs: 4_500,
      pause: { afterPackets: 60, durationMs: 700 },
    })),
  );
  return HABITS.reduce((fixture, habits, index) => changeSender(fixture, person(index + 1).id, ...habits), tones);
}

const runs: readonly { readonly rotate: string; readonly mode: EncryptionMode }[] = [
  { rotate: "utterance", mode: "aead_aes256_gcm_rtpsize" },
  { rotate: "duration", mode: "aead_xchacha20_poly1305_rtpsize" },
  { rotate: "never", mode: "aead_aes256_gcm_rtpsize" },
];

describe.concurrent.each(runs)("a call of unusual senders, files by $rotate, $mode", ({ rotate, mode }) => {
  let fixture: CallFixture;
  let recorded: Recorded;

  beforeAll(async () => {
    fixture = call();
    recorded = await recordFixture(fixture, {
      loopback: { encryptionModes: [mode] },
      environment: { MEETBOT_ROTATE: rotate },
    });
  });

  it("ends with every packet in its speaker's files, bit for bit, in order, and nothing else", async () => {
    expect(recorded.exitCode).toBe(0);
    await expectEveryPacket(fixture, recorded);
  });

  it("has every packet exactly in place within its talkspurt", async () => {
    expect(await expectExactPlaces(fixture, recorded)).toBeGreaterThan(1_000);
  });

  it("distinguishes packets that are all padding from losses and errors", () => {
    const { received, written, dropped } = recorded.manifest.datagrams;
    const sent = [...recorded.sent.values()].reduce((sum, count) => sum + count, 0);
    const { padding_only, ...others } = dropped;
    expect(padding_only).toBe(PACKETS / 10 + 3 * 50);
    expect(Object.values(others).every((count) => count === 0)).toBe(true);
    expect(received).toBe(sent);
    expect(written).toBe(sent - padding_only);
    for (const { packets } of recorded.manifest.tracks) expect(packets).toMatchObject({ lost: 0, concealed: 0 });
  });

  it("keeps each speaker's pause, whatever their clock does during it", async () => {
    for (const [userId, packets] of fixture.packets) {
      const heard = await soundOf(recorded, userId);
      const heardMs = ((heard.at(-1)?.sessionSamples ?? 0) - (heard[0]?.sessionSamples ?? 0)) / 48;
      const spokeMs = (packets.at(-1)?.atMs ?? 0) - (packets[0]?.atMs ?? 0);
      // A clock that disagrees with the session's is set right once, in the pause; 2 % of 1.4 s on either side of it.
      expect(Math.abs(heardMs - spokeMs)).toBeLessThan(100);
    }
  });

  it("passes verify", () => expectVerified(recorded));
  it.skipIf(missing("opusinfo"))("is accepted by opusinfo", () => expectOpusinfoAccepts(recorded));
  it.skipIf(missing("ffmpeg"))("decodes to the manifest's durations", () => expectFfmpegDecodesAll(recorded));
});
