import { describe, expect, test } from "vitest";
import { stretched } from "../../../../src/report/browser/playback/stretch.ts";

const RATE = 48_000;
const tone = (hertz: number, seconds: number) =>
  Float32Array.from({ length: seconds * RATE }, (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * index) / RATE));

/** Passages through zero from below, a second: a tone's frequency. */
function frequencyOf(samples: Float32Array): number {
  let crossings = 0;
  for (let index = 1; index < samples.length; index += 1) {
    if ((samples[index - 1] ?? 0) < 0 && (samples[index] ?? 0) >= 0) crossings += 1;
  }
  return (crossings * RATE) / samples.length;
}

const levelOf = (samples: Float32Array) =>
  Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length);

describe.each([0.5, 0.75, 1.5, 2, 3])("at %d times the speed", (speed) => {
  test("sound is shorter by that factor and keeps its pitch and its level", () => {
    for (const hertz of [90, 220, 900]) {
      const source = tone(hertz, 2);
      const [made = new Float32Array()] = stretched([source], speed);
      expect(made.length).toBe(Math.round(source.length / speed));
      expect(Math.abs(frequencyOf(made) / hertz - 1)).toBeLessThan(0.03);
      expect(Math.abs(levelOf(made) / levelOf(source) - 1)).toBeLessThan(0.1);
    }
  });

  test("it begins and ends as before, so one clip joins the next without a click", () => {
    const source = tone(150, 1);
    const [made = new Float32Array()] = stretched([source], speed);
    expect(made[0]).toBeCloseTo(source[0] ?? 1, 2);
    expect(made.at(-1)).toBeCloseTo(source.at(-1) ?? 1, 2);
    const steps = made.slice(1).map((sample, index) => Math.abs(sample - (made[index] ?? 0)));
    const steepest = 0.5 * 2 * Math.PI * (150 / RATE);
    expect(Math.max(...steps)).toBeLessThan(3 * steepest);
  });
});

test("All channels are shifted equally", () => {
  const source = tone(300, 1);
  const [left, right] = stretched([source, source.map((sample) => -sample)], 1.5);
  const sums = [...(left ?? [])].map((sample, index) => sample + (right?.[index] ?? Number.NaN));
  expect(new Set(sums)).toEqual(new Set([0]));
});

test.each([0, 1, 500, 1_439])("Sound of only %d samples is handled", (length) => {
  const [made] = stretched([new Float32Array(length).fill(0.1)], 2);
  expect(made).toHaveLength(Math.round(length / 2));
  expect([...(made ?? [])].every(Number.isFinite)).toBe(true);
});
