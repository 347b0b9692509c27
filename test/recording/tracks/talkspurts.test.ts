import { describe, expect, it } from "vitest";
import { Talkspurts } from "../../../src/recording/tracks/talkspurts.ts";

const FRAME = 960;
/** 300 ms. */
const PAUSE = 14_400;

describe("Talkspurts", () => {
  it("joins sounds if the pause between them is under 300 ms", () => {
    const spurts = new Talkspurts();
    expect(spurts.open).toBeUndefined();
    expect(spurts.sound(1_000, FRAME)).toBeUndefined();
    expect(spurts.sound(1_000 + FRAME + PAUSE - 1, FRAME)).toBeUndefined();
    expect(spurts.open).toEqual({ start: 1_000, end: 1_000 + 2 * FRAME + PAUSE - 1 });
  });

  it("reports a talkspurt at the sound that follows a pause of 300 ms", () => {
    const spurts = new Talkspurts();
    spurts.sound(0, FRAME);
    expect(spurts.sound(FRAME + PAUSE, FRAME)).toEqual({ start: 0, end: FRAME });
    expect(spurts.open).toEqual({ start: FRAME + PAUSE, end: 2 * FRAME + PAUSE });
  });

  it("reports a talkspurt after 300 ms, once", () => {
    const spurts = new Talkspurts();
    spurts.sound(0, FRAME);
    expect(spurts.endBefore(FRAME + PAUSE - 1)).toBeUndefined();
    expect(spurts.endBefore(FRAME + PAUSE)).toEqual({ start: 0, end: FRAME });
    expect(spurts.open).toBeUndefined();
    expect(spurts.endBefore(10 * PAUSE)).toBeUndefined();
  });

  it("cuts the open talkspurt if what follows is not kept", () => {
    const cutAt = (samples: number) => {
      const spurts = new Talkspurts();
      spurts.sound(100, FRAME);
      const cut = spurts.cutAt(samples);
      expect(spurts.open).toBeUndefined();
      return cut;
    };
    expect(cutAt(100)).toBeUndefined();
    expect(cutAt(101)).toEqual({ start: 100, end: 101 });
    expect(cutAt(5_000)).toEqual({ start: 100, end: 100 + FRAME });
    expect(new Talkspurts().cutAt(0)).toBeUndefined();
  });
});
