import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Loudness } from "../../src/audio/loudness.ts";
import { missing } from "../support/audio-programs.ts";

const run = promisify(execFile);

/** The sound of a lavfi source as 32-bit samples, and ffmpeg's ebur128 measurements of it. */
async function judged(source: string, channels: number): Promise<{ samples: Float32Array; lufs: number }> {
  const input = ["-hide_banner", "-nostats", "-f", "lavfi", "-i", source, "-ac", String(channels)];
  const raw = await run("ffmpeg", [...input, "-v", "error", "-f", "f32le", "-"], {
    encoding: "buffer",
    maxBuffer: 1 << 28,
  });
  const { stderr } = await run("ffmpeg", [...input, "-filter:a", "ebur128", "-f", "null", "-"]);
  const [, lufs] = /Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(stderr) ?? [];
  return { samples: new Float32Array(new Uint8Array(raw.stdout).buffer), lufs: Number(lufs) };
}

function measured(samples: Float32Array, channels: number): Loudness {
  const loudness = new Loudness(channels);
  // In pieces that do not match the steps of the measurement.
  for (let from = 0; from < samples.length; from += 10_002) loudness.push(samples.subarray(from, from + 10_002));
  return loudness;
}

describe.skipIf(missing("ffmpeg"))("Loudness matches ffmpeg's ebur128 to a tenth", () => {
  it.each<[string, number, string]>([
    ["a tone", 1, "sine=frequency=997:sample_rate=48000:duration=5"],
    ["a low tone", 1, "sine=frequency=60:sample_rate=48000:duration=5"],
    ["noise in stereo", 2, "aevalsrc='0.1*random(0)|0.3*random(1)':s=48000:d=6"],
    [
      "a voice with long pauses, which the gates leave out",
      1,
      "aevalsrc='0.3*random(0)*lt(mod(t\\,8)\\,1)':s=48000:d=24",
    ],
    ["soft speech behind loud speech", 1, "aevalsrc='random(0)*if(lt(t\\,4)\\,0.5\\,0.01)':s=48000:d=12"],
  ])("of %s", async (_, channels, source) => {
    const { samples, lufs } = await judged(source, channels);
    expect(Math.abs((measured(samples, channels).integrated() ?? 0) - lufs)).toBeLessThanOrEqual(0.1);
  });
});

it("Silence has no loudness.", () => {
  const loudness = measured(new Float32Array(96_000), 1);
  expect(loudness.integrated()).toBeUndefined();
  expect(loudness.peak).toBe(0);
});

it("The peak is the largest absolute sample value.", () => {
  expect(measured(Float32Array.of(0.1, -0.75, 0.5, 0), 2).peak).toBe(0.75);
});
