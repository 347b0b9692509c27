import { describe, expect, it } from "vitest";
import { type Anchor, type TimedPacket, Timeline } from "../../src/audio/timeline.ts";

/** Each limit of the timeline, at the last sample on either side. Times are in milliseconds if not said otherwise. */

const MS = 48;
const FRAME = 20 * MS;
/** Any number: a sender's clock begins anywhere. */
const RTP_START = 1_000_003;

interface Said extends TimedPacket {
  /** When it was said and when it arrived, in samples of the session clock. */
  readonly truthSamples: number;
  readonly arrivalSamples: number;
  readonly lostBefore: number;
}

interface How {
  readonly lateMs?: number | ((index: number) => number);
  /** How long the sender's clock has not run; negative if it jumped ahead. */
  readonly stoppedMs?: number;
  /** Claimed by the first packet. */
  readonly lost?: number;
  /** Moves everything, arrival and timestamp, by this number of samples. */
  readonly shiftSamples?: number;
}

/** Packets of 20 ms, one after the other. */
function say(fromMs: number, count: number, { lateMs = 0, stoppedMs = 0, lost = 0, shiftSamples = 0 }: How = {}) {
  return Array.from({ length: count }, (_, index): Said => {
    const truthSamples = fromMs * MS + index * FRAME + shiftSamples;
    const late = typeof lateMs === "number" ? lateMs : lateMs(index);
    return {
      truthSamples,
      rtpTimestamp: RTP_START + truthSamples - Math.round(stoppedMs * MS),
      durationSamples: FRAME,
      arrivalSamples: truthSamples + Math.round(late * MS),
      lostBefore: index === 0 ? lost : 0,
    };
  });
}

function follow(said: readonly Said[], stalledMs = 0) {
  const positions = new Map<Said, number>();
  const refused: Said[] = [];
  const anchors: Anchor[] = [];
  const timeline = new Timeline<Said>({
    place: (packet, positionSamples, _, anchor) => {
      positions.set(packet, positionSamples);
      if (anchor !== undefined) anchors.push(anchor);
    },
    refuse: (packet) => refused.push(packet),
    mayAnchor: () => true,
    stalledSamples: () => stalledMs * MS,
  });
  let deepest = 0;
  for (const packet of said) {
    timeline.push(packet, packet.arrivalSamples, packet.lostBefore);
    deepest = Math.max(deepest, timeline.depth);
  }
  const depth = timeline.depth;
  return { timeline, depth, deepest, positions, refused, anchors, said };
}

/** The places of the packets once no more will come. */
function finish(followed: ReturnType<typeof follow>) {
  followed.timeline.flush();
  const { said, positions, anchors, refused } = followed;
  const errorsMs = said.map((packet) => ((positions.get(packet) ?? Number.NaN) - packet.truthSamples) / MS);
  return { errorsMs, lastMs: errorsMs.at(-1), reasons: anchors.map(({ reason }) => reason), refused: refused.length };
}

const outcome = (...said: readonly Said[][]) => finish(follow(said.flat()));
const exact = (said: readonly Said[][]) => said.flat().map(() => 0);

describe("the first packets", () => {
  it("are decided after 200 ms", () => {
    const { timeline } = follow(say(1_000, 1));
    timeline.poll(1_200 * MS - 1);
    expect(timeline.depth).toBe(1);
    timeline.poll(1_200 * MS);
    expect(timeline.depth).toBe(0);
  });

  it("are waited for while their transit falls by more than 40 ms, until it has not for 100 ms", () => {
    const fall = (lateMs: number) => follow([...say(500, 1, { lateMs: 500 }), ...say(1_150 - lateMs, 1, { lateMs })]);
    const steady = fall(460).timeline;
    steady.poll(1_200 * MS);
    expect(steady.depth).toBe(0);
    const falling = fall(460 - 1 / MS).timeline;
    falling.poll(1_250 * MS - 1);
    expect(falling.depth).toBe(2);
    falling.poll(1_250 * MS);
    expect(falling.depth).toBe(0);
  });

  it("are decided after 1.2 s even if their transit still falls", () => {
    const lateMs = (index: number) => 1_000 - 41 * index;
    const rows = Array.from({ length: 14 }, (_, index) =>
      say(1_000 + 90 * index - lateMs(index), 1, { lateMs: lateMs(index) }),
    );
    const { timeline } = follow(rows.flat());
    timeline.poll(2_200 * MS - 1);
    expect(timeline.depth).toBe(14);
    timeline.poll(2_200 * MS);
    expect(timeline.depth).toBe(0);
  });

  it("are decided one talkspurt at a time, which a pause of 200 ms in RTP time ends", () => {
    const atOnce = (shiftSamples: number) => {
      const words = [...say(0, 2), ...say(240, 2, { shiftSamples })];
      return outcome(words.map((packet) => ({ ...packet, arrivalSamples: 400 * MS })));
    };
    expect(atOnce(0).errorsMs[0]).toBe(380);
    // As one talkspurt, its last packet says how late all of it was.
    expect(atOnce(-1).errorsMs[0]).toBe(140);
  });

  it("that wait are 4,096 at most", () => {
    const flood = Array.from({ length: 4_200 }, (_, index) => ({
      ...{ truthSamples: 0, rtpTimestamp: index, durationSamples: 1, arrivalSamples: 0, lostBefore: 0 },
    }));
    expect(follow(flood).deepest).toBe(4_096);
  });
});

it("a timestamp that wraps inside a talkspurt continues it", () => {
  const words = say(0, 100).map((packet, index) => ({
    ...packet,
    rtpTimestamp: (2 ** 32 - 50 * FRAME + index * FRAME) % 2 ** 32,
    arrivalSamples: packet.arrivalSamples + (index < 45 ? 0 : 30 * MS),
  }));
  expect(outcome(words)).toMatchObject({ errorsMs: exact([words]), reasons: ["first"] });
});

describe("the smallest transit of the last 30 s", () => {
  it("includes packets inside a talkspurt", () => {
    const words = [say(0, 2_000), say(41_000, 20, { lateMs: 50 })];
    expect(outcome(...words)).toMatchObject({ errorsMs: exact(words), reasons: ["first"] });
  });

  it("includes packets that begin a talkspurt", () => {
    const words = [say(0, 1), say(20_000, 1), say(40_000, 10, { lateMs: 50 })];
    expect(outcome(...words)).toMatchObject({ errorsMs: exact(words), reasons: ["first"] });
  });

  it("is forgotten if the clock jumped", () => {
    const words = [say(0, 50), say(4_000, 50, { stoppedMs: 3_000 }), say(7_000, 30, { stoppedMs: 3_000 })];
    expect(outcome(...words)).toMatchObject({ errorsMs: exact(words), reasons: ["first", "clock_jump"] });
  });

  it("is empty after a long pause: then up to 12 ms are jitter", () => {
    expect(outcome(say(0, 50), say(41_000, 30, { lateMs: 12 }))).toMatchObject({ lastMs: 0, reasons: ["first"] });
    expect(outcome(say(0, 50), say(41_000, 30, { lateMs: 12 + 1 / MS })).reasons).toEqual(["first", "clock_skew"]);
  });
});

describe("a packet after a pause in RTP time", () => {
  it("is placed at once if it is up to 15 ms early", () => {
    const early = (ms: number) => follow([say(0, 50), say(2_000, 1, { stoppedMs: -ms })].flat()).depth;
    expect([0, 15, 15 + 1 / MS].map(early)).toEqual([0, 0, 1]);
  });

  it("corrects a clock that is off by more than 12 ms", () => {
    const early = (ms: number) => outcome(say(0, 50), say(2_000, 30, { stoppedMs: -ms }));
    expect(early(12)).toMatchObject({ lastMs: 12, reasons: ["first"] });
    expect(early(12 + 1 / MS).reasons).toEqual(["first", "clock_skew"]);
  });

  it("shows skew up to 60 ms, and a jump above", () => {
    const offBy = (lateMs: number) => follow([say(0, 20, { lateMs }), say(400, 30), say(3_000, 30)].flat()).anchors[1];
    expect(offBy(60)).toEqual({ reason: "clock_skew", positionSamples: 3_000 * MS, shiftSamples: -60 * MS });
    expect(offBy(62.5)).toEqual({ reason: "clock_jump", positionSamples: 3_000 * MS, shiftSamples: -62.5 * MS });
  });

  it("keeps the clock if it was held up; 200 ms are a pause", () => {
    const words = [say(0, 50), say(1_200, 30, { lateMs: 300 })];
    expect(outcome(...words)).toMatchObject({ errorsMs: exact(words), reasons: ["first"] });
    expect(outcome(say(0, 50), say(1_200, 30, { lateMs: 300, shiftSamples: -1 })).reasons).toEqual([
      "first",
      "clock_jump",
    ]);
  });
});

describe("a timestamp that runs backwards", () => {
  const back = (stoppedMs: number) => outcome(say(0, 50), say(1_000, 1, { stoppedMs }));

  it("is another clock from 200 ms on, even with a single packet", () => {
    expect(back(300)).toMatchObject({ lastMs: 0, reasons: ["first", "clock_jump"] });
    expect(back(200)).toMatchObject({ lastMs: 0, reasons: ["first", "clock_jump"] });
  });

  it("is followed below", () => {
    expect(back(200 - 1 / MS)).toMatchObject({ lastMs: -200 + 1 / MS, reasons: ["first"] });
  });

  it("has no place if the placed audio is more than 1.5 s ahead of its arrival", () => {
    // Our own stall allows sound ahead of its arrival.
    const backAfter = (packets: number) => {
      const words = say(0, packets).map((packet) => ({
        ...packet,
        arrivalSamples: Math.min(packet.arrivalSamples, 180 * MS),
      }));
      const backwards = say(packets * 20 - 500, 1).map((packet) => ({ ...packet, arrivalSamples: 180 * MS }));
      return finish(follow([...words, ...backwards], 3_000));
    };
    expect(backAfter(83)).toMatchObject({ lastMs: 500, refused: 0, reasons: ["first", "clock_jump"] });
    expect(backAfter(84)).toMatchObject({ refused: 1, reasons: ["first"] });
  });
});

describe("a pause only in the arrival", () => {
  it("of a plausible packet changes nothing, even if the first anchor was off", () => {
    const words = [say(0, 20, { lateMs: 40 }), say(400, 20), say(980, 20, { lateMs: 30 })];
    expect(outcome(...words)).toMatchObject({ lastMs: 40, reasons: ["first"] });
  });

  it("counts from 200 ms on, without what was lost", () => {
    const stopped = (shiftSamples: number) => outcome(say(0, 50), say(1_180, 30, { stoppedMs: 180, shiftSamples }));
    expect(stopped(0)).toMatchObject({ lastMs: 0, reasons: ["first", "clock_jump"] });
    expect(stopped(-1)).toMatchObject({ lastMs: -180, reasons: ["first"] });
    const lost = [say(0, 50), say(1_400, 30, { lateMs: 100, lost: 20 })];
    expect(outcome(...lost)).toMatchObject({ errorsMs: exact(lost), reasons: ["first"] });
  });

  it("compares with the smallest transit, not with an anchor that was off", () => {
    const words = [say(0, 20, { lateMs: 40 }), say(400, 30), say(1_240, 30, { stoppedMs: 90 })];
    expect(outcome(...words)).toMatchObject({ lastMs: 0, reasons: ["first", "clock_skew"] });
  });

  it("is a clock that stopped if packets arrive at least at half the pace of their timestamps", () => {
    const arrivals = (everyMs: number) =>
      outcome(
        say(0, 50),
        say(1_000, 3).map((packet, index) => ({ ...packet, arrivalSamples: (1_400 + index * everyMs) * MS })),
      ).reasons;
    expect(arrivals(10)).toEqual(["first", "clock_jump"]);
    expect(arrivals(10 - 1 / MS)).toEqual(["first"]);
  });

  it("is a stall if packets come closer than 60 ms to the smallest transit", () => {
    const rest = (lateMs: number) =>
      outcome(say(0, 50), say(1_150, 30, { lateMs: (index) => (index === 0 ? 100 : lateMs) })).reasons;
    expect([50, 60, 60 + 1 / MS].map((lateMs) => rest(lateMs).length)).toEqual([1, 1, 2]);
  });

  it("is a stall if packets are more than 60 ms less late than the first", () => {
    const rest = (lateMs: number) =>
      outcome(say(0, 50), say(1_150, 30, { lateMs: (index) => (index === 0 ? 200 : lateMs) })).reasons;
    expect([140 - 1 / MS, 140].map((lateMs) => rest(lateMs).length)).toEqual([1, 2]);
  });
});

describe("sound ahead of its arrival", () => {
  it("is followed for an hour if the clock is 900 ppm fast", () => {
    const words = Array.from({ length: 60_000 }, (_, index) => ({
      ...{ truthSamples: 0, rtpTimestamp: RTP_START + index * 2_880, durationSamples: 2_880, lostBefore: 0 },
      arrivalSamples: 600_000 * MS + Math.round((index * 2_880) / 1.000_9),
    }));
    expect(outcome(words)).toMatchObject({ refused: 0, reasons: ["first"] });
  });

  it("may be 1.5 s and 0.1 % of the time since the anchor ahead", () => {
    const ahead = (samples: number) => {
      const words = say(1_000, 50);
      const jump = say(2_000, 1, { lost: 74, stoppedMs: -(71_088 + samples) / MS });
      return follow([...words, ...jump]).depth;
    };
    expect([0, 1].map(ahead)).toEqual([0, 1]);
  });

  it("gets a new anchor at its arrival if it is further ahead, also ten hours into the call and if packets are said to be lost", () => {
    const hours = 36_000_000;
    const words = [say(hours, 50), say(hours + 1_000, 30, { stoppedMs: -2_000, lost: 100 })];
    const found = outcome(...words);
    expect(found).toMatchObject({ errorsMs: exact(words), reasons: ["first", "clock_jump"], refused: 0 });
  });

  it("is refused at once if the placed audio is more than 200 ms ahead", () => {
    const jumpAfter = (packets: number) => {
      const words = say(0, packets).map((packet) => ({
        ...packet,
        arrivalSamples: Math.min(packet.arrivalSamples, 980 * MS),
      }));
      const jump = say(980, 1, { stoppedMs: -20_000 });
      const { depth, refused } = follow([...words, ...jump]);
      return [depth, refused.length];
    };
    expect(jumpAfter(59)).toEqual([1, 0]);
    expect(jumpAfter(60)).toEqual([0, 1]);
  });
});

it("sound more than 30 s behind its arrival gets a new anchor", () => {
  const behind = (samples: number) => {
    const words = [say(0, 50), say(31_000, 1, { stoppedMs: 30_000, lost: 1_500, shiftSamples: samples })].flat();
    // Only the arrival is later; the timestamp continues the words before.
    return follow(
      words.map((packet, index) => (index < 50 ? packet : { ...packet, rtpTimestamp: RTP_START + 1_000 * MS })),
    );
  };
  expect(behind(0).depth).toBe(0);
  const far = behind(120);
  expect(far.depth).toBe(1);
  expect(behind(1).depth).toBe(1);
  expect(finish(far)).toMatchObject({ lastMs: 0, reasons: ["first", "clock_jump"] });
});
