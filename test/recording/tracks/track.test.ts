import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { Part } from "../../../src/recording/tracks/part.ts";
import { type RotationOptions, Track } from "../../../src/recording/tracks/track.ts";
import type { FinishedPart } from "../../../src/recording/tracks/track-listener.ts";
import { ffmpegDecode, missing, opusinfo } from "../../support/audio-programs.ts";
import { MemorySpool } from "../../support/memory-spool.ts";

const FRAME = 960;
const SECOND = 48_000;
const UTTERANCE: RotationOptions = { mode: "utterance", silenceSamples: 2 * SECOND, maxPartSamples: 600 * SECOND };

interface Said {
  readonly hex: string;
  readonly sessionSamples: number;
}

function trackWith(rotation: RotationOptions) {
  const spool = new MemorySpool();
  const parts: FinishedPart[] = [];
  const talkspurts: [number, number][] = [];
  const refused: string[] = [];
  const waits: number[] = [];
  const track = new Track({
    stalledSamples: () => 0,
    userId: "1",
    rotation,
    toSamples: (milliseconds) => milliseconds * 48,
    createPart: (number, startSamples) =>
      new Part(
        {
          name: `${number}.ogg`,
          number,
          startSamples,
          serial: number,
          vendor: "test",
          tags: {},
          onPage: (waitedMs) => waits.push(waitedMs),
        },
        spool.create(`${number}.ogg`),
      ),
    listener: {
      partOpened: () => undefined,
      partClosed: (part) => parts.push(part),
      partFailed: ({ name, error }) => {
        throw new Error(`${name} failed: ${String(error)}`);
      },
      partNotBegun: (_, error) => {
        throw error;
      },
      refused: (_, fate) => refused.push(fate),
      anchored: () => undefined,
      talkspurt: (_, start, end) => talkspurts.push([start, end]),
      paged: () => undefined,
    },
  });
  /** What the files hold, fill left out, at its places in the session. */
  const heard = (): Said[] =>
    parts.flatMap((part) => {
      const report = checkOggOpus(spool.bytesOf(part.file.name));
      expect(report.faults).toEqual([]);
      expect(report.durationSamples).toBe(part.durationSamples);
      return report.packets
        .filter(({ opus }) => opus.length > 3)
        .map(({ opus, positionSamples }) => ({
          hex: opus.toString("hex"),
          sessionSamples: part.startSamples + positionSamples,
        }));
    });
  return { track, parts, spool, heard, talkspurts, refused, waits };
}

let serial = 0;

/** A 20 ms packet like no other, said at a session position and arriving then. */
function frame(sequence: number, sessionSamples: number, { ssrc = 7, connection = 1 } = {}): VoiceFrame {
  serial += 1;
  return {
    userId: "1",
    ssrc,
    connection,
    sequence: (sequence + 65_000) & 0xffff,
    rtpTimestamp: (sessionSamples + 4_294_000_000) % 2 ** 32,
    arrivalMs: sessionSamples / 48,
    opus: Buffer.from([0x78, serial >> 16, serial >> 8, serial, 1, 2, 3]),
    durationSamples: FRAME,
  };
}

const said = ({ opus, arrivalMs }: VoiceFrame): Said => ({ hex: opus.toString("hex"), sessionSamples: arrivalMs * 48 });

/** Talkspurts as [packets, pause before it in 2.5 ms steps]. */
const speech = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 4, max: 3_000 })), {
  minLength: 1,
  maxLength: 8,
});

function framesOf(talkspurts: readonly (readonly [number, number])[]): VoiceFrame[] {
  const frames: VoiceFrame[] = [];
  let position = 0;
  for (const [count, pause] of talkspurts) {
    position += pause * 120;
    for (let index = 0; index < count; index += 1, position += FRAME) frames.push(frame(frames.length, position));
  }
  return frames;
}

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

  it("begins a new part after a silence of the given length, and fills a shorter one", async () => {
    const { track, parts, heard } = trackWith(UTTERANCE);
    const frames = framesOf([
      [50, 400],
      [50, 799],
      [50, 800],
    ]);
    for (const packet of frames) track.push(packet);
    await track.close();
    expect(heard()).toEqual(frames.map(said));
    expect(parts.map(({ startSamples, durationSamples }) => [startSamples, durationSamples])).toEqual([
      [48_000, 100 * FRAME + 799 * 120],
      [48_000 + 100 * FRAME + 799 * 120 + 800 * 120, 50 * FRAME],
    ]);
  });

  it("closes an utterance's part when time passes without packets, so it can be stored during the call", async () => {
    const { track, parts } = trackWith(UTTERANCE);
    for (const packet of framesOf([[50, 400]])) track.push(packet);
    track.poll(4_900);
    await Promise.resolve();
    expect(parts).toHaveLength(0);
    track.poll(5_100);
    await new Promise((resolve) => setImmediate(resolve));
    expect(parts).toHaveLength(1);
  });

  it("keeps one part from session time 0 if it must never rotate", async () => {
    const { track, parts, heard } = trackWith({ ...UTTERANCE, mode: "never" });
    const frames = framesOf([
      [50, 4_000],
      [50, 80_000],
    ]);
    for (const packet of frames) track.push(packet);
    await track.close();
    expect(heard()).toEqual(frames.map(said));
    expect(parts.map(({ startSamples }) => startSamples)).toEqual([0]);
  });

  it("writes the silence before a first word after four hours one part at a time, and none to a busy disk", async () => {
    const { track, heard, parts, spool } = trackWith({ mode: "never", silenceSamples: SECOND, maxPartSamples: SECOND });
    const start = 4 * 3_600 * SECOND;
    const frames = Array.from({ length: 80 }, (_, index) => frame(index, start + index * FRAME));
    const grown: number[] = [];
    let before = 0;
    const look = (): void => {
      grown.push(spool.bytes - before);
      before = spool.bytes;
    };
    const say = (from: number, to: number): void => {
      for (const packet of frames.slice(from, to)) {
        track.push(packet);
        look();
        track.poll(packet.arrivalMs);
        look();
      }
    };
    say(0, 20);
    const made = spool.bytes;
    spool.busyBytes = 1_000_000;
    say(20, 40);
    expect(spool.bytes).toBe(made);
    spool.busyBytes = 0;
    say(40, 80);
    // 4 hours have 780 KB in 15,000 pages.
    expect(Math.max(...grown)).toBeLessThan(150_000);
    expect(made).toBeGreaterThan(100_000);
    await track.close();
    expect(heard()).toEqual(frames.map(said));
    expect(parts).toHaveLength(1);
    expect(spool.bytes).toBeGreaterThan(700_000);
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

  it("cuts parts at their maximum length without a gap between them", async () => {
    const { track, parts, heard } = trackWith({ mode: "duration", silenceSamples: 0, maxPartSamples: 10 * SECOND });
    const frames = framesOf([
      [700, 400],
      [50, 12_000],
    ]);
    for (const packet of frames) track.push(packet);
    await track.close();
    expect(heard()).toEqual(frames.map(said));
    for (const [index, part] of parts.entries()) {
      expect(part.durationSamples).toBeLessThanOrEqual(10 * SECOND);
      const before = parts[index - 1];
      if (before !== undefined) expect(part.startSamples).toBe(before.startSamples + before.durationSamples);
    }
    expect(parts.length).toBeGreaterThan(4);
  });

  it("lets a speaker's new SSRC continue the same part", async () => {
    const { track, parts, heard } = trackWith(UTTERANCE);
    const before = framesOf([[50, 400]]);
    const after = Array.from({ length: 50 }, (_, index) =>
      frame(9_000 + index, 150 * FRAME + index * FRAME, { ssrc: 8, connection: 2 }),
    );
    for (const packet of before) track.push(packet);
    track.endConnection();
    for (const packet of after) track.push(packet);
    await track.close();
    expect(heard()).toEqual([...before, ...after].map(said));
    expect(parts).toHaveLength(1);
  });

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

  it("ends an utterance after comfort silence as after a pause, and begins another with the next word", async () => {
    const { track, parts, heard } = trackWith(UTTERANCE);
    const words = [
      ...Array.from({ length: 50 }, (_, index) => index),
      ...Array.from({ length: 50 }, (_, index) => 200 + index),
    ];
    const all = Array.from({ length: 250 }, (_, index) => {
      const packet = frame(index, index * FRAME);
      return words.includes(index) ? packet : { ...packet, opus: Buffer.from("fcfffe", "hex") };
    });
    for (const packet of all) track.push(packet);
    await track.close();
    expect(heard()).toEqual(all.filter(({ opus }) => opus.length > 3).map(said));
    expect(parts.map(({ startSamples, durationSamples }) => [startSamples, durationSamples])).toEqual([
      [0, 150 * FRAME],
      [200 * FRAME, 50 * FRAME],
    ]);
  });

  it("begins one file, not one per check, if a network delays sound for longer than the silence that ends a file", async () => {
    const { track, parts, heard } = trackWith(UTTERANCE);
    const before = framesOf([[50, 400]]);
    const last = before.at(-1)?.arrivalMs ?? 0;
    // What was said for 4 s comes within half a second, 4 s late; the recorder looks at the time meanwhile.
    const heldUp = Array.from({ length: 200 }, (_, index) => ({
      ...frame(50 + index, 48_000 + (50 + index) * FRAME),
      arrivalMs: last + 4_000 + index * 2.5,
    }));
    for (const packet of before) track.push(packet);
    for (const [index, packet] of heldUp.entries()) {
      track.push(packet);
      if (index % 40 === 0) track.poll(packet.arrivalMs);
    }
    await track.close();
    const places = heldUp.map((_, index) => 48_000 + (50 + index) * FRAME);
    expect(heard().map(({ sessionSamples }) => sessionSamples)).toEqual([
      ...before.map(said).map((one) => one.sessionSamples),
      ...places,
    ]);
    expect(parts).toHaveLength(2);
  });

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
