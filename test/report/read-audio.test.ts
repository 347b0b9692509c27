import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAudio } from "../../src/report/read-audio.ts";
import { readManifest } from "../../src/session/recording-files.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { makeRecording } from "../support/made-recording.ts";

/** One packet of 20 ms that is longer than silence is. */
const PACKET = { opus: Buffer.from([0x78, ...Buffer.alloc(40, 0x5a)]), durationSamples: 960 };

test("Other work of the process gets a turn between two clips of a long part.", async () => {
  const packets = Array.from({ length: 6_000 }, () => PACKET);
  const folder = await makeRecording({
    speakers: [{ name: "Ada", parts: [{ startSample: 0, packets }] }],
    durationMs: 120_000,
  });
  const { tracks, durationSeconds } = await readManifest(await RecordingFolder.open(folder));
  const [name = ""] = tracks.map(({ speakerId }) => `audio.${speakerId}.ogg`);
  const bytes = await readFile(join(folder, name));
  let turns = 0;
  const files = {
    read: async () => {
      // From here on nothing waits for the disk.
      setImmediate(function count() {
        turns += 1;
        setImmediate(count).unref();
      });
      return bytes;
    },
  };
  const options = { files, tracks, durationSeconds, keepClips: true, onProgress: () => undefined };
  const { clips } = await readAudio(options);
  expect(clips.length).toBeGreaterThan(10);
  expect(turns).toBeGreaterThanOrEqual(clips.length - 1);
});
