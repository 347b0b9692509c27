import { describe, expect, it } from "vitest";
import { UnheardSpan } from "../../../src/discord/receive/unheard-span.ts";

/** Packets from one moment on, so far apart. */
function spanOf(packets: number, { fromMs = 0, apartMs = 20 } = {}): UnheardSpan {
  const span = new UnheardSpan();
  for (let index = 0; index < packets; index += 1) span.note(fromMs + index * apartMs);
  return span;
}

describe("a span of unheard packets", () => {
  it("is speech after 25 packets", () => {
    expect(spanOf(24).isSpeech).toBe(false);
    expect(spanOf(25).isSpeech).toBe(true);
    expect(spanOf(60).isSpeech).toBe(true);
  });

  it("is speech if the newest 25 came within 10 s, and not after slower ones", () => {
    expect(spanOf(25, { apartMs: 10_000 / 24 }).isSpeech).toBe(true);
    expect(spanOf(25, { apartMs: 420 }).isSpeech).toBe(false);
    const span = spanOf(25);
    for (let index = 1; index <= 24; index += 1) span.note(480 + index * 500);
    expect(span.isSpeech).toBe(false);
    for (let index = 1; index <= 25; index += 1) span.note(12_480 + index * 20);
    expect(span.isSpeech).toBe(true);
  });

  it("lasts from its first packet to its last, or from a given moment", () => {
    const span = spanOf(26, { fromMs: 1_000 });
    expect(span.lengthMs()).toBe(500);
    expect(span.lengthMs(1_200)).toBe(300);
    expect(span.lengthMs(500)).toBe(500);
    expect(span.lengthMs(9_000)).toBe(0);
  });

  it("continues through a pause of 15 s, and starts over after a longer one", () => {
    const span = spanOf(30);
    span.note(580 + 15_000);
    expect(span.lengthMs()).toBe(15_580);
    span.note(15_580 + 15_001);
    expect(span.lengthMs()).toBe(0);
    expect(span.isSpeech).toBe(false);
  });

  it("is not shortened by a packet that arrived earlier and is recorded late", () => {
    const span = spanOf(2, { fromMs: 1_000 });
    span.note(990);
    expect(span.lengthMs()).toBe(20);
    expect(span.isRecent(1_520, 500)).toBe(true);
  });

  it("lasts for a fixed time after its last packet", () => {
    const span = spanOf(2);
    expect([520, 521].map((nowMs) => span.isRecent(nowMs, 500))).toEqual([true, false]);
  });

  it("is empty before its first packet, and after being cleared", () => {
    const cleared = spanOf(30);
    cleared.clear();
    for (const span of [new UnheardSpan(), cleared])
      expect([span.lengthMs(), span.isSpeech, span.isRecent(0, 500)]).toEqual([0, false, false]);
    cleared.note(700);
    expect([cleared.lengthMs(), cleared.isRecent(700, 0)]).toEqual([0, true]);
  });

  it("is dropped if it began at or after a given moment", () => {
    const [kept, forgotten] = [spanOf(30, { fromMs: 100 }), spanOf(30, { fromMs: 100 })];
    kept.clearIfBegunSince(101);
    forgotten.clearIfBegunSince(100);
    expect([kept.lengthMs(), forgotten.lengthMs()]).toEqual([580, 0]);
  });
});
