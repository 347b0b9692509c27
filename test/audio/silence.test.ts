import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../src/audio/ogg/ogg-check.ts";
import { carriesSound } from "../../src/audio/silence.ts";
import { missing } from "../support/audio-programs.ts";

const sounds = (hex: string): boolean => carriesSound(Buffer.from(hex, "hex"));

describe("carriesSound", () => {
  it.each([
    ["Discord's comfort silence", "f8fffe"],
    ["zeros in stereo", "fcfffe"],
    ["zeros in wide band, 20 ms", "b8fffe"],
    ["zeros in narrow band, 20 ms", "98fffe"],
    ["zeros at a constant bit rate", "fcfffe00000000000000000000000000"],
    ["two silent frames of one size", "f9fffefffe"],
    ["two silent frames of coded sizes", "fa02fffefffe00"],
    ["three silent frames", "fb03fffefffefffe"],
    ["three silent frames, padded", "fb4306fffe00fffe00fffe00000000000000"],
    ["three silent frames of coded sizes", "fb830202fffefffefffe"],
    ["frames that were not sent", "fb06"],
    ["a frame that was not sent", "78"],
    ["a frame of one byte", "7801"],
    ["zeros in SILK, narrow band", "0807c6b30ec6"],
    ["zeros in SILK, wide band", "4807c979c8c957c0"],
    ["zeros in hybrid mode", "7807c979c8c957c08e11"],
    ["zeros in hybrid mode, stereo", "7c0801ec0b296ab7"],
  ])("finds none in %s: %s", (_, hex) => expect(sounds(hex)).toBe(false));

  it.each([
    ["a CELT frame whose first bits are not all set", "fcfffc0102"],
    ["a CELT frame of zeros", "f800000000"],
    ["a silent frame before another", "f9fffe1234"],
    ["a silent frame of coded size before another", "fa02fffe1234"],
    ["a short SILK frame", "080102"],
    ["a hybrid frame", "7800010203"],
    ["a SILK frame that begins as CELT's silence does", "08fffe00"],
  ])("finds it in %s: %s", (_, hex) => expect(sounds(hex)).toBe(true));

  it.skipIf(missing("ffmpeg"))("judges what libopus makes of zeros and of sounds correctly, in each mode", async () => {
    const encode = async (source: string, ...options: readonly string[]): Promise<boolean[]> => {
      const args = [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        source,
        "-t",
        "0.5",
        "-c:a",
        "libopus",
        ...options,
        "-f",
        "ogg",
        "-",
      ];
      const { stdout } = await promisify(execFile)("ffmpeg", args, { encoding: "buffer" });
      return checkOggOpus(stdout).packets.map(({ opus }) => carriesSound(opus));
    };
    for (const application of ["voip", "audio", "lowdelay"]) {
      for (const [bitRate, layout, frameMs] of [
        ["12k", "mono", "20"],
        ["24k", "stereo", "20"],
        ["32k", "mono", "60"],
        ["64k", "stereo", "20"],
        ["128k", "mono", "10"],
      ] as const) {
        const options = ["-b:a", bitRate, "-application", application, "-frame_duration", frameMs];
        expect(new Set(await encode(`anullsrc=r=48000:cl=${layout}`, ...options))).toEqual(new Set([false]));
        // A tone at -60 dB, as quiet as a room.
        const tone = await encode("sine=f=440:r=48000,volume=-42dB", ...options);
        expect(tone.filter((sound) => !sound)).toEqual([]);
      }
    }
  });
});
