import { execFile } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { wavHeader } from "../../src/audio/wav.ts";
import { missing } from "../support/audio-programs.ts";

const run = promisify(execFile);

describe.skipIf(missing("ffprobe"))("ffprobe reads from a WAV header", () => {
  it.each<[string, 1 | 2, number, string]>([
    ["no sound", 1, 0, "RIFF"],
    ["a second in mono", 1, 48_000, "RIFF"],
    ["four hours in stereo", 2, 4 * 3_600 * 48_000, "RIFF"],
    ["the last frame that RIFF can hold", 1, 2 ** 31 - 19, "RIFF"],
    ["one frame more, as RF64", 1, 2 ** 31 - 18, "RF64"],
    ["ten hours in stereo, as RF64", 2, 10 * 3_600 * 48_000, "RF64"],
  ])("how long it is: %s", async (_, channels, frames, form) => {
    const header = wavHeader(channels, frames);
    const path = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "sparse.wav");
    const file = await open(path, "wx");
    await file.write(header);
    // Nothing is written between: the file takes no room.
    await file.truncate(header.length + frames * channels * 2);
    await file.close();
    const entries = "stream=codec_name,sample_rate,channels,bits_per_sample,duration_ts";
    const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "json", path]);
    await rm(dirname(path), { recursive: true });
    const [stream] = JSON.parse(stdout).streams;
    expect(stream).toMatchObject({ codec_name: "pcm_s16le", sample_rate: "48000", channels, bits_per_sample: 16 });
    expect(stream.duration_ts ?? 0).toBe(frames);
    expect(header.toString("latin1", 0, 4)).toBe(form);
  });
});

it("A WAV header has each field where RIFF and EBU Tech 3306 specify it.", () => {
  // "RIFF", 36 + 12 bytes, "WAVE"; "fmt ", 16 bytes, PCM, 2 channels, 48 kHz, 192,000 bytes a second, 4 a frame, 16 bits; "data".
  const format = "666d7420 10000000 0100 0200 80bb0000 00ee0200 0400 1000";
  const hex = (...fields: readonly string[]): string => fields.join("").replaceAll(" ", "");
  expect(wavHeader(2, 3).toString("hex")).toBe(hex("52494646 30000000 57415645", format, "64617461 0c000000"));
  // 2^32 frames of 4 bytes: sizes in the "ds64" chunk of 28 bytes, all others ff.
  expect(wavHeader(2, 2 ** 32).toString("hex")).toBe(
    hex(
      "52463634 ffffffff 57415645",
      "64733634 1c000000 4800000004000000 0000000004000000 0000000001000000 00000000",
      format,
      "64617461 ffffffff",
    ),
  );
});
