import { expect, test } from "vitest";
import { LevelMeter } from "../../../src/cli/view/level-meter.ts";
import { NewestPackets } from "../../../src/recording/tracks/newest-packets.ts";
import { missing } from "../../support/audio-programs.ts";
import { encodeSound } from "../../support/click-tracks.ts";

const noEncoder = missing("ffmpeg");
const ADA = "1";

/** A packet from the midst of a sine. @param decibels its root mean square, of full scale */
async function tonePacket(decibels: number): Promise<Buffer> {
  const amplitude = Math.SQRT2 * 10 ** (decibels / 20);
  const packets = await encodeSound(`aevalsrc='${amplitude}*sin(440*2*PI*t)':s=48000:d=1`);
  return packets[30] ?? Buffer.alloc(0);
}

async function openMeter() {
  const packets = new NewestPackets();
  const meter = new LevelMeter(packets);
  await meter.open();
  return { packets, meter };
}

test("Until the decoder is loaded, nothing is measured and nothing is kept for later.", async () => {
  const packets = new NewestPackets();
  const meter = new LevelMeter(packets);
  packets.keep(ADA, Buffer.from([0xf8, 1, 2, 3]));
  expect(meter.read()).toBeUndefined();
  expect(packets.take().size).toBe(0);
});

test.skipIf(noEncoder)("One packet of a tone gives its level to within a small error.", async () => {
  const { packets, meter } = await openMeter();
  for (const decibels of [-40, -25, -10]) {
    const user = `${ADA}${decibels}`;
    packets.keep(user, await tonePacket(decibels));
    const measured = meter.read()?.get(user) ?? Number.NaN;
    expect(Math.abs(measured - decibels)).toBeLessThan(6);
  }
});

test.skipIf(noEncoder)("A level falls step by step when no more packets come.", async () => {
  const { packets, meter } = await openMeter();
  packets.keep(ADA, await tonePacket(-10));
  const levels = [meter.read(), meter.read(), meter.read()].map((level) => level?.get(ADA) ?? Number.NaN);
  expect(levels[0]).toBeGreaterThan(levels[1] ?? Number.NaN);
  expect(levels[1]).toBeGreaterThan(levels[2] ?? Number.NaN);
});

test("Bytes that are not an Opus packet count as silence.", async () => {
  const { packets, meter } = await openMeter();
  for (const bytes of [Buffer.alloc(0), Buffer.from([0xff]), Buffer.from([0xfb, 0xff, 0xff])]) {
    packets.keep(ADA, bytes);
    expect(meter.read()?.get(ADA)).toBe(Number.NEGATIVE_INFINITY);
  }
});
