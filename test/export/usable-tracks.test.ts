import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import { sessionSamples } from "../../src/export/session-track.ts";
import { usableTracks } from "../../src/export/usable-tracks.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { partFileName } from "../../src/session/job-files.ts";
import type { Manifest, ManifestTrack } from "../../src/session/manifest.ts";
import { recordInMemory } from "../support/memory-recording.ts";

const OTHER = "200000000000000002";

describe("usableTracks", () => {
  let files: Map<string, Buffer>;
  let manifest: Manifest;
  let track: ManifestTrack;

  /** A call with a second speaker, who has the first one's sound. */
  beforeAll(async () => {
    const recorded = await recordInMemory();
    const [first] = recorded.manifest.tracks;
    if (first === undefined) throw new Error("somebody spoke");
    track = { ...first, speakerId: OTHER, trackId: OTHER };
    files = new Map(recorded.files);
    files.set(partFileName(OTHER, 1), files.get(partFileName(first.speakerId, 1)) ?? Buffer.alloc(0));
    manifest = { ...recorded.manifest, tracks: [first, track] };
  });

  const usable = (changed: ManifestTrack, bytes?: Buffer, whole: Manifest = manifest) =>
    usableTracks(
      { ...whole, tracks: [...whole.tracks.slice(0, 1), changed] },
      {
        read: async (name) => files.get(name),
        stream: async function* (name) {
          const own = name === partFileName(OTHER, 1) ? (bytes ?? files.get(name)) : files.get(name);
          if (own === undefined || own.length === 0) throw new InputError(`${name}: missing`);
          yield own;
        },
      },
      new AbortController().signal,
    );

  it("takes all tracks of an intact recording", async () => {
    expect(await usable(track)).toEqual({ manifest, leftOut: [] });
  });

  it("skips damaged, truncated and missing files, says so, and takes the others", async () => {
    const whole = files.get(partFileName(OTHER, 1)) ?? Buffer.alloc(0);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 40] = (flipped[whole.length - 40] ?? 0) ^ 1;
    for (const bytes of [flipped, whole.subarray(0, -20), Buffer.alloc(0)]) {
      const { manifest: left, leftOut } = await usable(track, bytes);
      expect(left.tracks).toEqual(manifest.tracks.slice(0, 1));
      expect(leftOut).toHaveLength(1);
      expect(leftOut[0]?.split(partFileName(OTHER, 1))).toEqual(["", expect.stringMatching(/^: /)]);
    }
  });

  it("skips a track that the manifest puts outside the call, and a track with the wrong length", async () => {
    const samples = sessionSamples(manifest);
    for (const changed of [
      { ...track, startOffsetMs: 3_600_000 * 257 },
      { ...track, durationMs: track.durationMs + 20 },
    ]) {
      const { manifest: left, leftOut } = await usable(changed);
      expect(leftOut).toHaveLength(1);
      expect(sessionSamples(left)).toBe(samples);
    }
    const far = { ...manifest, tracks: [...manifest.tracks.slice(0, 1), { ...track, startOffsetMs: 3_600_000 * 257 }] };
    const { faults } = await verifyRecording({
      read: async (name) => (name === "manifest.json" ? Buffer.from(JSON.stringify(far)) : files.get(name)),
    });
    expect(faults.filter((fault) => fault.includes("the call at"))).toHaveLength(1);
  });

  it("uses the tracks' own end if the manifest's length is impossible for a call", async () => {
    const { manifest: left } = await usable(track, undefined, { ...manifest, durationSeconds: 1e9 });
    expect(sessionSamples(left) / 48_000).toBeLessThan(3);
  });

  it("refuses a recording with nothing to export", async () => {
    const far = { ...track, startOffsetMs: 1e12 };
    await expect(usable(far, undefined, { ...manifest, tracks: [far] })).rejects.toThrow(/no track can be exported/);
  });
});
