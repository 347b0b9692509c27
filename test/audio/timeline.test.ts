import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OwnStalls } from "../../src/audio/own-stalls.ts";
import {
  AHEAD_SAMPLES,
  AHEAD_SHARE,
  type Anchor,
  type Arrival,
  type TimedPacket,
  Timeline,
} from "../../src/audio/timeline.ts";

const MS = 48;
const FRAME = 20 * MS;

interface Sent extends TimedPacket, Arrival {
  /** Session position at which the speaker said it. */
  readonly truth: number;
}

interface Placed {
  readonly packet: Sent;
  readonly positionSamples: number;
  readonly lostBefore: number;
  readonly anchor: Anchor | undefined;
}

function place(
  packets: readonly Sent[],
  refused: Sent[] = [],
  stalledSamples: (arrivalSamples: number) => number = () => 0,
): Placed[] {
  const placed: Placed[] = [];
  const timeline = new Timeline<Sent>({
    place: (packet, positionSamples, lostBefore, anchor) =>
      placed.push({ packet, positionSamples, lostBefore, anchor }),
    refuse: (packet) => refused.push(packet),
    mayAnchor: () => true,
    stalledSamples,
  });
  for (const packet of packets) timeline.push(packet, packet.arrivalSamples, packet.lostBefore);
  timeline.flush();
  return placed;
}

/** A talkspurt of 20 ms packets said from `truth` on, with RTP times from `rtp` on, arriving `delay` samples later. */
function spurt(count: number, truth: number, rtp: number, delay: (index: number) => number = () => 0): Sent[] {
  return Array.from({ length: count }, (_, index) => ({
    truth: truth + index * FRAME,
    rtpTimestamp: (rtp + index * FRAME) % 2 ** 32,
    durationSamples: FRAME,
    arrivalSamples: truth + index * FRAME + delay(index),
    lostBefore: 0,
  }));
}

const errors = (placed: readonly Placed[]) =>
  placed.map(({ packet, positionSamples }) => positionSamples - packet.truth);
const reasons = (placed: readonly Placed[]) => placed.flatMap(({ anchor }) => anchor?.reason ?? []);

describe("Timeline", () => {
  it("places each packet exactly by its RTP time, despite jitter, silences and the 32-bit wrap", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 15, max: 80 }), fc.integer({ min: 1, max: 20_000 })), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.nat(2 ** 32 - 1),
        fc.infiniteStream(fc.integer({ min: 0, max: 50 * MS })),
        (spurts, rtpStart, jitter) => {
          let truth = 10_080;
          const packets = spurts.flatMap(([count, pauseMs]) => {
            // One packet of each talkspurt comes without delay: that one is the measure.
            const said = spurt(count, truth, rtpStart + truth, (index) => (index === 0 ? 0 : jitter.next().value));
            truth += count * FRAME + Math.round(pauseMs / 2.5) * 120;
            return said;
          });
          const ordered = packets.map((packet, index) => ({
            ...packet,
            // Packets leave the reorder buffer in order, so their arrival never runs backwards by much.
            arrivalSamples: Math.max(packet.arrivalSamples, packets[index - 1]?.arrivalSamples ?? 0),
          }));
          expect(new Set(errors(place(ordered)))).toEqual(new Set([0]));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("uses the smallest transit of the first packets, not that of the very first one", () => {
    const placed = place(spurt(50, 48_000, 777, (index) => (index === 0 ? 150 * MS : 0)));
    expect(new Set(errors(placed))).toEqual(new Set([0]));
    expect(reasons(placed)).toEqual(["first"]);
  });

  it("follows the RTP clock when the network stalls for two seconds and then delivers everything at once", () => {
    const packets = spurt(200, 0, 5_000, (index) => (index >= 60 && index < 160 ? (160 - index) * FRAME : 0));
    const placed = place(packets);
    expect(new Set(errors(placed))).toEqual(new Set([0]));
    expect(reasons(placed)).toEqual(["first"]);
  });

  it("follows the RTP clock through a stall during speech that is made up slowly, even if its first anchor was off", () => {
    // The first packets come 40 ms late, so that the transit measured later says otherwise than the anchor.
    const late = (index: number) => (index < 20 ? 40 * MS : 0);
    const stalled = (index: number) => (index >= 60 ? Math.max(0, 300 * MS - (index - 60) * 10 * MS) : late(index));
    const packets = spurt(200, 0, 5_000, stalled);
    const placed = place(packets);
    expect(new Set(errors(placed))).toEqual(new Set([40 * MS]));
    expect(reasons(placed)).toEqual(["first"]);
  });

  it.each([1, 3])(
    "re-anchors after a clock that stops during a pause, even if a stall delayed the last %i packets before it",
    (held) => {
      const before = spurt(50, 0, 0, (index) => (index >= 50 - held ? 450 * MS + (49 - index) * FRAME : 0));
      const placed = place([...before, ...spurt(50, 50 * FRAME + 700 * MS, 50 * FRAME)]);
      expect(new Set(errors(placed))).toEqual(new Set([0]));
      expect(reasons(placed)).toEqual(["first", "clock_jump"]);
    },
  );

  it("distinguishes a long loss from a pause: what follows stays where the RTP clock puts it", () => {
    const late = (index: number) => (index < 20 ? 40 * MS : 0);
    const packets = spurt(100, 0, 5_000, late).filter((_, index) => index < 40 || index >= 60);
    const placed = place(packets.map((packet, index) => ({ ...packet, lostBefore: index === 40 ? 20 : 0 })));
    expect(new Set(errors(placed))).toEqual(new Set([40 * MS]));
    expect(reasons(placed)).toEqual(["first"]);
  });

  it("re-anchors when the speaker's RTP clock stopped during silence", () => {
    const placed = place([...spurt(50, 0, 0), ...spurt(50, 240_000, 50 * FRAME)]);
    expect(new Set(errors(placed))).toEqual(new Set([0]));
    expect(reasons(placed)).toEqual(["first", "clock_jump"]);
    expect(placed[50]?.anchor).toEqual({
      reason: "clock_jump",
      positionSamples: 240_000,
      shiftSamples: 240_000 - 50 * FRAME,
    });
  });

  it.each([261, 700, 1_300, 5_000])(
    "follows the RTP clock for a talkspurt that was delayed by %i ms, if RTP time includes the pause before it",
    (heldUpMs) => {
      const first = spurt(50, 0, 0);
      // Delayed for longer than any decision could wait, and caught up after that.
      const heldUp = spurt(50, 96_000, 96_000, () => heldUpMs * MS);
      const placed = place([...first, ...heldUp, ...spurt(50, 480_000, 480_000)]);
      expect(new Set(errors(placed))).toEqual(new Set([0]));
      expect(reasons(placed)).toEqual(["first"]);
    },
  );

  it("corrects the position half a minute later if a clock stopped for part of a pause", () => {
    const stoodStill = 700 * MS;
    const spurts = [0, 2, 12, 22, 32, 42].map((startsAtSeconds) => {
      const truth = startsAtSeconds * 48_000;
      return spurt(50, truth, startsAtSeconds === 0 ? truth : truth - stoodStill);
    });
    const placed = place(spurts.flat());
    const errorOfEach = errors(placed).filter((_, index) => index % 50 === 0);
    expect(errorOfEach).toEqual([0, -stoodStill, -stoodStill, -stoodStill, 0, 0]);
    expect(reasons(placed)).toEqual(["first", "clock_jump"]);
    expect(placed.findLast(({ anchor }) => anchor !== undefined)?.anchor).toEqual({
      reason: "clock_jump",
      positionSamples: 32 * 48_000,
      shiftSamples: stoodStill,
    });
  });

  it("re-anchors if a talkspurt's timestamps begin slightly before the end of the last one", () => {
    const placed = place([...spurt(50, 0, 100_000), ...spurt(50, 240_000, 100_000 - 24_000)]);
    expect(new Set(errors(placed))).toEqual(new Set([0]));
    expect(reasons(placed)).toEqual(["first", "clock_jump"]);
  });

  it("re-anchors after an absurd timestamp jump in either direction, even inside a talkspurt", () => {
    for (const jump of [1_500_000_000, 2 ** 32 - 1_500_000_000]) {
      const placed = place([...spurt(50, 0, 0), ...spurt(50, 50 * FRAME, 50 * FRAME + jump)]);
      expect(new Set(errors(placed))).toEqual(new Set([0]));
    }
  });

  it.each([
    ["fast", 1 + 100e-6],
    ["slow", 1 - 100e-6],
  ])("stays within one packet of the session clock for four hours with a clock 100 ppm %s", (_, rate) => {
    const packets: Sent[] = [];
    // Talkspurts of 1 to 9 s with pauses of 1 to 50 s, on a speaker's clock of that rate.
    for (let rtp = 0, turn = 0; rtp < 4 * 3_600 * 48_000; turn += 1) {
      const count = 50 + ((turn * 37) % 400);
      for (let index = 0; index < count; index += 1, rtp += FRAME) {
        const truth = Math.round(rtp / rate);
        packets.push({
          truth,
          rtpTimestamp: rtp % 2 ** 32,
          durationSamples: FRAME,
          arrivalSamples: truth,
          lostBefore: 0,
        });
      }
      rtp += FRAME * (50 + ((turn * 611) % 2_450));
    }
    const placed = place(packets);
    expect(placed).toHaveLength(packets.length);
    expect(Math.max(...errors(placed).map(Math.abs))).toBeLessThanOrEqual(FRAME);
    const overlaps = placed.filter(({ positionSamples }, index) => {
      const before = placed[index - 1];
      return before !== undefined && positionSamples < before.positionSamples + FRAME;
    });
    expect(overlaps).toEqual([]);
    expect(new Set(reasons(placed))).toEqual(new Set(["first", "clock_skew"]));
  });

  it("keeps every packet, at its place, of a first talkspurt that a stall delayed and that then catches up", () => {
    // 5 s at twelve times the speed: longer than the first packets are normally collected.
    const heldUp = (index: number) => Math.max(0, 5_000 * MS - index * 220);
    const refused: Sent[] = [];
    const placed = place(
      spurt(400, 480_000, 9_000, (index) => Math.max(0, heldUp(index * 4))),
      refused,
    );
    expect(refused).toEqual([]);
    expect(new Set(errors(placed))).toEqual(new Set([0]));
  });

  describe("if our own process read the first packets 2 s late, and stalled again before it read the others", () => {
    const firstReadAt = 480_000 + 2_000 * MS;
    const restReadAt = firstReadAt + 400 * MS;
    const readAt = (index: number) => (index < 2 ? firstReadAt : restReadAt);
    const packets = spurt(300, 480_000, 9_000, (index) => Math.max(0, readAt(index) - 480_000 - index * FRAME));

    it("keeps every packet, in order and without a gap", () => {
      const stalls = new OwnStalls();
      for (let atMs = 0; atMs <= 10_000; atMs += 100) stalls.tick(atMs * MS);
      stalls.tick(firstReadAt);
      stalls.tick(restReadAt);
      const refused: Sent[] = [];
      const placed = place(packets, refused, (arrivalSamples) => stalls.before(arrivalSamples));
      expect(refused).toEqual([]);
      expect(new Set(errors(placed)).size).toBe(1);
    });

    it("refuses packets ahead of their arrival if our process did not stall", () => {
      const stalls = new OwnStalls();
      for (let atMs = 0; atMs <= 20_000; atMs += 100) stalls.tick(atMs * MS);
      const refused: Sent[] = [];
      place(packets, refused, (arrivalSamples) => stalls.before(arrivalSamples));
      expect(refused.length).toBeGreaterThan(50);
    });
  });

  it.each([100, 1_000])("places nothing after its arrival if each of %i packets a second jumps far ahead", (rate) => {
    let sequenceJump = 0;
    const packets = Array.from({ length: 10 * rate }, (_, index): Sent => {
      sequenceJump += 32_000;
      return {
        truth: 0,
        rtpTimestamp: (sequenceJump * 5_760) % 2 ** 32,
        durationSamples: 5_760,
        arrivalSamples: Math.round((index * 48_000) / rate),
        lostBefore: 31_999,
      };
    });
    const refused: Sent[] = [];
    const placed = place(packets, refused);
    expect(placed.length + refused.length).toBe(packets.length);
    expectBounded(placed);
    // As much as time allowed, plus the allowed lead at the end.
    expect(placed.length).toBeGreaterThan(70);
    expect(placed.length).toBeLessThanOrEqual((10 + 1.6) / 0.12 + 1);
  });

  it("takes as much as time allows of sound sixty times faster than real time, and puts later words at their place", () => {
    const flood = Array.from(
      { length: 4_000 },
      (_, index): Sent => ({
        truth: 0,
        rtpTimestamp: index * 5_760,
        durationSamples: 5_760,
        arrivalSamples: 48_000 + index * 96,
        lostBefore: 0,
      }),
    );
    const rtpEnd = 4_000 * 5_760;
    const words = spurt(100, 11 * 48_000, rtpEnd + 2 * 48_000);
    const refused: Sent[] = [];
    const placed = place([...flood, ...words], refused);
    expectBounded(placed);
    expect(placed.length + refused.length).toBe(4_100);
    expect(errors(placed.slice(-100))).toEqual(errors(placed.slice(-100)).map(() => 0));
    expect(placed.slice(-100).map(({ packet }) => packet)).toEqual(words);
    const placedMs = (placed.length - 100) * 120;
    expect(placedMs).toBeGreaterThan(7_000);
    expect(placedMs).toBeLessThan(9_000 + 1_700);
  });

  it("follows a slow clock until it is 30 s behind arrival", () => {
    const slow = Array.from(
      { length: 8_000 },
      (_, index): Sent => ({
        truth: index * FRAME,
        rtpTimestamp: index * (FRAME / 2),
        durationSamples: FRAME / 2,
        arrivalSamples: index * FRAME,
        lostBefore: 0,
      }),
    );
    const placed = place(slow);
    expect(placed).toHaveLength(8_000);
    expect(Math.min(...errors(placed))).toBeGreaterThan(-30_500 * MS);
    expect(reasons(placed).slice(1)).toEqual(["clock_jump", "clock_jump"]);
  });

  it("follows a slow clock until it is 30 s behind arrival, even if speech comes in bursts", () => {
    // Ten packets arrive at once every 3 s, and their timestamps show 200 ms for it.
    const bursts = Array.from(
      { length: 1_000 },
      (_, index): Sent => ({
        truth: Math.floor(index / 10) * 3_000 * MS,
        rtpTimestamp: index * FRAME,
        durationSamples: FRAME,
        arrivalSamples: Math.floor(index / 10) * 3_000 * MS,
        lostBefore: 0,
      }),
    );
    const placed = place(bursts);
    expect(placed).toHaveLength(1_000);
    expect(Math.min(...errors(placed))).toBeGreaterThan(-30_500 * MS);
  });

  it("refuses packets that need another anchor once all anchors are used", () => {
    const placed: Sent[] = [];
    const refused: Sent[] = [];
    let left = 2;
    const timeline = new Timeline<Sent>({
      place: (packet) => placed.push(packet),
      refuse: (packet) => refused.push(packet),
      stalledSamples: () => 0,
      mayAnchor: () => {
        left -= 1;
        return left >= 0;
      },
    });
    // The clock stops in each pause, so each talkspurt needs an anchor.
    const spurts = [0, 1, 2, 3].map((turn) => spurt(10, turn * 240_000, turn * 10 * FRAME));
    for (const packet of spurts.flat()) timeline.push(packet, packet.arrivalSamples, 0);
    timeline.flush();
    expect(placed).toEqual(spurts.slice(0, 3).flat());
    expect(refused).toEqual(spurts[3]);
  });

  it("gives each packet a valid place or none, whatever the numbers: never before the start or after its arrival", () => {
    const packet = fc.record({
      rtpTimestamp: fc.nat(2 ** 32 - 1),
      durationSamples: fc.constantFrom(120, 480, 960, 2_880, 5_760),
      step: fc.nat(96_000),
      lostBefore: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 80 }), (packets) => {
        let arrivalSamples = 0;
        const sent = packets.map(({ step, ...packet }): Sent => {
          arrivalSamples += step;
          return { ...packet, arrivalSamples, truth: 0 };
        });
        const refused: Sent[] = [];
        const placed = place(sent, refused);
        expect(placed.map(({ packet }) => packet)).toEqual(sent.filter((one) => !refused.includes(one)));
        expect(placed.map(({ lostBefore, packet }) => lostBefore - packet.lostBefore)).toEqual(placed.map(() => 0));
        for (const { positionSamples, anchor } of placed) {
          if (anchor !== undefined) expect(positionSamples).toBe(anchor.positionSamples);
          expect(Number.isSafeInteger(positionSamples)).toBe(true);
        }
        expectBounded(placed);
      }),
    );
  });
});

/** Nothing lies before the session, nor further ahead of its arrival than a live sender can be. */
function expectBounded(placed: readonly Placed[]): void {
  for (const { positionSamples, packet } of placed) {
    expect(positionSamples).toBeGreaterThanOrEqual(0);
    const endSamples = positionSamples + packet.durationSamples;
    const limitSamples = AHEAD_SAMPLES + packet.arrivalSamples * AHEAD_SHARE;
    if (endSamples > packet.arrivalSamples + limitSamples)
      expect(endSamples).toBe(packet.arrivalSamples + limitSamples);
  }
}
