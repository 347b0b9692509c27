import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { ffmpegDecode, missing, opusinfo } from "../../support/audio-programs.ts";
import { FRAME, frame, framesOf, SECOND, said, speech, trackWith, UTTERANCE } from "./track-with.ts";

describe("Track", () => {
  it.each(["utterance", "duration", "never"] as const)(
    "puts every received packet exactly in place under loss, swaps and duplicates: %s",
    async (mode) => {
      const rotation = { mode, silenceSamples: 2 * SECOND, maxPartSamples: 10 * SECOND };
      await fc.assert(
        fc.asyncProperty(speech, fc.infiniteStream(fc.integer({ min: 0, max: 99 })), async (talkspurts, dice) => {
          const { track, heard, parts, refused } = trackWith(rotation);
          const sent = framesOf(talkspurts);
          const kept = sent.filter((_, index) => index === 0 || dice.next().value >= 5);
          const arriving = [...kept];
          for (let index = 0; index + 1 < arriving.length; index += 1) {
            const [a, b] = [arriving[index], arriving[index + 1]];
            if (a === undefined || b === undefined || b.arrivalMs - a.arrivalMs > 100 || dice.next().value >= 10)
              continue;
            // The first of the two is held up until the second has come.
            arriving[index] = b;
            arriving[index + 1] = { ...a, arrivalMs: b.arrivalMs };
            index += 1;
          }
          for (const packet of arriving) {
            expect(track.push(packet)).toBe("accepted");
            if (dice.next().value < 3) expect(track.push(packet)).toBe("duplicate");
          }
          await track.close();
          expect(heard()).toEqual(kept.map(said));
          expect(refused).toEqual([]);
          const sum = (name: "received" | "lost") => parts.reduce((total, part) => total + part.packets[name], 0);
          expect(sum("received")).toBe(kept.length);
          // Loss at the very end shows in no later sequence number.
          const last = kept.at(-1);
          const known = last === undefined ? 0 : sent.indexOf(last) + 1;
          expect(sum("lost")).toBe(known - kept.length);
        }),
        { numRuns: 60 },
      );
    },
  );

  it("writes a page when asked or when it has a second of audio, and reports how long its oldest packet waited", async () => {
    const { track, waits } = trackWith(UTTERANCE);
    for (let index = 0; index < 50; index += 1) {
      track.push(frame(index, index * FRAME));
      if (index % 5 === 0) track.poll(index * 20);
      if (index === 25 || index === 45) track.flushPage(index * 20);
    }
    // The first packets come to their page together, once those before them need not be waited for any more.
    expect(waits).toEqual([240, 380]);
    for (let index = 50; index < 100; index += 1) track.push(frame(index, index * FRAME));
    expect(waits).toEqual([240, 380, 1_000]);
    await track.close();
  });

  it("never reports a negative wait of a page, even if packets come late from waiting for their key", () => {
    const { track, waits } = trackWith(UTTERANCE);
    track.push(frame(0, 0));
    track.poll(600);
    // They arrived before that, and fill a page.
    for (let index = 1; index < 60; index += 1) track.push({ ...frame(index, index * FRAME), arrivalMs: 100 });
    track.poll(900);
    track.flushPage(1_000);
    expect(waits).toHaveLength(2);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  });

  it.skipIf(missing("opusinfo") || missing("ffmpeg"))(
    "fills ten minutes with pages that opusinfo accepts and ffmpeg decodes to the last sample",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
      const { track, parts, spool } = trackWith({ mode: "never", silenceSamples: SECOND, maxPartSamples: SECOND });
      for (let index = 0; index < 60; index += 1) track.push(frame(index, 600 * SECOND + index * FRAME));
      track.push(frame(60, 1_200 * SECOND));
      await track.close();
      const [part] = parts;
      const path = join(folder, "1.ogg");
      await writeFile(path, spool.bytesOf("1.ogg"));
      expect(await opusinfo(path)).toMatchObject({ code: 0 });
      expect((await ffmpegDecode(path)).samples).toBe(part?.durationSamples);
    },
  );

  it("conceals up to five lost packets and fills more with silence", async () => {
    const { track, parts, spool } = trackWith(UTTERANCE);
    const frames = framesOf([[200, 400]]).filter(
      (_, index) => !(index >= 60 && index < 65) && !(index >= 100 && index < 106),
    );
    for (const packet of frames) track.push(packet);
    await track.close();
    expect(parts[0]?.packets).toMatchObject({ received: 189, lost: 11, concealed: 5 });
    const fill = checkOggOpus(spool.bytesOf("1.ogg"))
      .packets.slice(1)
      .filter(({ opus }) => opus.length <= 3);
    expect(fill.map(({ opus }) => opus.toString("hex"))).toEqual(["78", "78", "78", "78", "78", "f8fffe", "fb05"]);
  });

  it("does not count packets that are all padding as lost, but counts losses next to them", async () => {
    const { track, heard, parts } = trackWith(UTTERANCE);
    const padding = (sequence: number, at: number): VoiceFrame => ({
      ...frame(sequence, at),
      opus: Buffer.alloc(0),
      durationSamples: 0,
    });
    const sounds = [frame(0, 0), frame(1, FRAME), frame(4, 2 * FRAME), frame(7, 4 * FRAME)];
    const [first, second, third, fourth] = sounds;
    if (!first || !second || !third || !fourth) throw new Error("four frames");
    // Sequence number 5, a frame, is lost; 6 is padding behind it.
    for (const one of [first, second, padding(2, FRAME), padding(3, FRAME), third, padding(6, 3 * FRAME), fourth]) {
      expect(track.push(one)).toBe("accepted");
    }
    await track.close();
    const [start] = heard();
    expect(heard()).toEqual(
      sounds.map((one) => ({ ...said(one), sessionSamples: said(one).sessionSamples + (start?.sessionSamples ?? 0) })),
    );
    expect(parts[0]?.packets).toMatchObject({ received: 4, lost: 1, concealed: 1 });
  });

  it("joins talkspurts across pauses under 300 ms, and counts speech without comfort silence", async () => {
    const { track, talkspurts } = trackWith(UTTERANCE);
    const frames = framesOf([
      [50, 400],
      [50, 100],
      [50, 200],
    ]);
    const silence = Array.from({ length: 5 }, (_, index) => ({
      ...frame(150 + index, 48_000 + 150 * FRAME + 300 * 120 + index * FRAME),
      opus: Buffer.from("f8fffe", "hex"),
    }));
    for (const packet of [...frames, ...silence]) track.push(packet);
    await track.close();
    const first = 48_000 + 100 * FRAME + 100 * 120;
    expect(talkspurts).toEqual([
      [48_000, first],
      [first + 200 * 120, first + 200 * 120 + 50 * FRAME],
    ]);
    expect(track.talkSamples).toBe(150 * FRAME);
  });

  it.each(["utterance", "duration", "never"] as const)(
    "begins no file with silence, and makes no file of only silence: %s",
    async (mode) => {
      const { track, parts, heard, refused } = trackWith({
        mode,
        silenceSamples: 2 * SECOND,
        maxPartSamples: 10 * SECOND,
      });
      const silence = (sequence: number, at: number, hex = "f8fffe"): VoiceFrame => ({
        ...frame(sequence, at),
        opus: Buffer.from(hex, "hex"),
      });
      for (let index = 0; index < 50; index += 1) track.push(silence(index, index * FRAME, "fcfffe"));
      track.poll(1_500);
      expect(parts).toEqual([]);
      const words = Array.from({ length: 50 }, (_, index) => frame(50 + index, (50 + index) * FRAME));
      for (const packet of words) track.push(packet);
      // Half a minute of it: longer than a pause that ends an utterance, and than a file may be.
      for (let index = 100; index < 1_600; index += 1) {
        track.push(silence(index, index * FRAME));
        if (index % 5 === 0) track.poll(index * 20);
      }
      await track.close();
      expect(heard()).toEqual(words.map(said));
      expect(parts).toHaveLength(1);
      const received = parts[0]?.packets.received ?? 0;
      expect(received + refused.length).toBe(1_600);
      expect(new Set(refused)).toEqual(new Set(["silence"]));
      expect(received).toBe({ utterance: 50 + 100, duration: 500, never: 50 + 1_500 }[mode]);
      expect(track.talkSamples).toBe(50 * FRAME);
    },
  );

  it.each([2_000, 5_000])("keeps every packet of a burst after a stall of %i ms, in place", async (stallMs) => {
    const { track, heard, refused } = trackWith(UTTERANCE);
    const frames = framesOf([[600, 400]]);
    const stalledFrom = 100;
    const arriving = frames.map((packet, index) => {
      const releasedMs = (frames[stalledFrom]?.arrivalMs ?? 0) + stallMs;
      return index < stalledFrom ? packet : { ...packet, arrivalMs: Math.max(packet.arrivalMs, releasedMs) };
    });
    for (const packet of arriving) track.push(packet);
    await track.close();
    expect(heard()).toEqual(frames.map(said));
    expect(refused).toEqual([]);
  });

  it("refuses packets from SSRCs that are claimed one after the other, and never exceeds the elapsed time", async () => {
    const { track, parts, spool } = trackWith(UTTERANCE);
    const verdicts = Array.from({ length: 5_000 }, (_, index) => track.push(frame(index, index * 48, { ssrc: index })));
    await track.close();
    const accepted = verdicts.filter((verdict) => verdict === "accepted").length;
    expect(accepted).toBeGreaterThan(40);
    expect(accepted).toBeLessThanOrEqual(40 + 4 * 5 + 1);
    expect(new Set(verdicts)).toEqual(new Set(["accepted", "excess"]));
    const endSamples = Math.max(...parts.map((part) => part.startSamples + part.durationSamples));
    expect(endSamples).toBeLessThan(5 * SECOND + 2.5 * SECOND);
    expect(spool.bytes).toBeLessThan(10_000);
  });

  it("counts no more packets as lost than there was time for", async () => {
    const { track, parts } = trackWith(UTTERANCE);
    for (let index = 0; index < 50; index += 1) track.push(frame(index, index * FRAME));
    // The numbers jump by half their range; the clock does not.
    for (let index = 50; index < 100; index += 1) track.push(frame(index + 32_000, index * FRAME));
    track.push(frame(32_110, 110 * FRAME));
    await track.close();
    expect(parts[0]?.packets).toMatchObject({ received: 101, lost: 10 });
  });

  it.skipIf(missing("opusinfo") || missing("ffmpeg")).each(["utterance", "duration", "never"] as const)(
    "writes files that opusinfo accepts and ffmpeg decodes to the last sample, under loss and pauses of any length: %s",
    async (mode) => {
      const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
      const { track, parts, spool } = trackWith({ mode, silenceSamples: 2 * SECOND, maxPartSamples: 10 * SECOND });
      const talkspurts = Array.from({ length: 40 }, (_, index): [number, number] => [
        1 + ((index * 7) % 90),
        4 + ((index * 131) % 1_900),
      ]);
      for (const packet of framesOf(talkspurts).filter((_, index) => index % 17 !== 3 && index % 90 > 7))
        track.push(packet);
      await track.close();
      for (const { file, durationSamples } of parts) {
        const path = join(folder, file.name);
        await writeFile(path, spool.bytesOf(file.name));
        expect(await opusinfo(path)).toMatchObject({ code: 0 });
        expect((await ffmpegDecode(path)).samples).toBe(durationSamples);
      }
    },
  );
});
