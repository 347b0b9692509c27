import { describe, expect, it } from "vitest";
import { FRAME, frame, framesOf, SECOND, said, trackWith, UTTERANCE } from "./track-with.ts";

describe("Track", () => {
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
    // The packets of 4 s arrive within half a second, 4 s late. Meanwhile the recorder checks the time.
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
});
