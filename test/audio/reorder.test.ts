import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReorderBuffer, type SequencedPacket } from "../../src/audio/reorder.ts";

interface Sent extends SequencedPacket {
  readonly index: number;
}

/** 20 ms packets from these initial values, arriving when they were sent. */
function packet(
  index: number,
  { sequence = 65_530, rtpTimestamp = 2 ** 32 - 3_000, arrivalMs = index * 20 } = {},
): Sent {
  return {
    index,
    sequence: (sequence + index) & 0xffff,
    rtpTimestamp: (rtpTimestamp + index * 960) % 2 ** 32,
    arrivalMs,
  };
}

/** A buffer, and its output. */
function collecting() {
  const out: { packet: Sent; lostBefore: number }[] = [];
  const buffer = new ReorderBuffer<Sent>({ holdMs: 250 }, (sent, lostBefore) => out.push({ packet: sent, lostBefore }));
  return { buffer, out };
}

function run(packets: readonly Sent[]) {
  const { buffer, out } = collecting();
  const verdicts = packets.map((sent) => buffer.push(sent));
  const beforeFlush = out.length;
  buffer.flush();
  return { verdicts, out, beforeFlush, indexes: out.map(({ packet: { index } }) => index) };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("ReorderBuffer", () => {
  it("passes an in-order packet at once, across wraps of sequence and timestamp", () => {
    const { indexes, beforeFlush } = run(range(40).map((index) => packet(index)));
    expect(indexes).toEqual(range(40));
    expect(beforeFlush).toBe(40);
  });

  it("sorts packets that arrive within the hold time, including the first ones", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 240 }), { minLength: 1, maxLength: 120 }),
        fc.nat(0xffff),
        fc.nat(0xffff_ffff),
        (delays, sequence, rtpTimestamp) => {
          const sent = delays
            .map((delay, index) => packet(index, { sequence, rtpTimestamp, arrivalMs: index * 20 + delay }))
            .sort((a, b) => a.arrivalMs - b.arrivalMs);
          const { indexes, verdicts, out } = run(sent);
          expect(indexes).toEqual(range(delays.length));
          expect(new Set(verdicts)).toEqual(new Set(["accepted"]));
          expect(out.every(({ lostBefore }) => lostBefore === 0)).toBe(true);
        },
      ),
    );
  });

  it("keeps order and counts each missing packet exactly, under any loss", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }), (kept) => {
        const sent = kept.flatMap((keep, index) => (keep ? [packet(index)] : []));
        const { out, indexes } = run(sent);
        expect(indexes).toEqual(sent.map(({ index }) => index));
        for (const [position, { packet: current, lostBefore }] of out.entries()) {
          const before = out[position - 1]?.packet.index;
          expect(lostBefore).toBe(before === undefined ? 0 : current.index - before - 1);
        }
      }),
    );
  });

  it("gives up a hole once the packets behind it have waited for the hold time, and not before", () => {
    const { buffer, out } = collecting();
    for (const index of range(20)) buffer.push(packet(index));
    out.length = 0;
    buffer.push(packet(22));
    buffer.poll(22 * 20 + 249);
    expect(out).toHaveLength(0);
    buffer.poll(22 * 20 + 250);
    expect(out.map(({ packet: { index }, lostBefore }) => [index, lostBefore])).toEqual([[22, 2]]);
    expect(buffer.push(packet(21))).toBe("late");
    expect(buffer.depth).toBe(0);
  });

  it("detects duplicates of held and of passed packets", () => {
    const sent = [...range(20).map((index) => packet(index)), packet(3), packet(19), packet(22), packet(22)];
    expect(run(sent).verdicts.slice(20)).toEqual(["duplicate", "duplicate", "accepted", "duplicate"]);
  });

  it("detects the duplicate of a waiting packet, however many came after it", () => {
    const { buffer, out } = collecting();
    buffer.push(packet(0, { arrivalMs: 0 }));
    buffer.poll(300);
    for (const index of range(3_000)) buffer.push(packet(index + 2, { arrivalMs: 300 }));
    expect(buffer.push(packet(2, { arrivalMs: 300 }))).toBe("duplicate");
    buffer.flush();
    expect(out.map(({ packet: { index } }) => index)).toEqual([0, ...range(3_000).map((index) => index + 2)]);
  });

  it("refuses an old packet that is sent again, even if its number was forgotten or looks new", () => {
    const replays = [packet(100), packet(40_000 - 33_000 + 500), packet(5_000)];
    const sent = [...range(40_000).map((index) => packet(index)), ...replays];
    expect(run(sent).verdicts.slice(40_000)).toEqual(["replayed", "replayed", "replayed"]);
  });

  it.each([
    ["later", 1_000_000],
    ["earlier", 3_000_000_000],
  ])("follows a sender that restarts with other numbers and a %s time", (_, rtpTimestamp) => {
    const old = (index: number) => packet(index, { sequence: 40_000, rtpTimestamp: 4_000_000_000 });
    // Packet 20 is missing when the sender begins again.
    const before = [...range(20), 21].map(old);
    const after = range(20).map((index) => ({
      ...packet(index, { sequence: 10_000, rtpTimestamp, arrivalMs: 440 + index * 20 }),
      index: 100 + index,
    }));
    const { out, verdicts } = run([...before, ...after]);
    expect(out.map(({ packet: { index }, lostBefore }) => [index, lostBefore])).toEqual([
      ...range(20).map((index) => [index, 0]),
      [21, 1],
      ...range(20).map((index) => [100 + index, 0]),
    ]);
    expect(new Set(verdicts)).toEqual(new Set(["accepted"]));
  });

  it("passes what waited for a packet as soon as that packet arrives", () => {
    const { buffer, out } = collecting();
    for (const index of [...range(20), 22, 21]) buffer.push(packet(index));
    expect(out.at(-1)?.packet.index).toBe(19);
    expect([...buffer.held].map(({ index }) => index)).toEqual([21, 22]);
    buffer.push(packet(20, { arrivalMs: 460 }));
    expect(out.slice(-3).map(({ packet: { index }, lostBefore }) => [index, lostBefore])).toEqual([
      [20, 0],
      [21, 0],
      [22, 0],
    ]);
    expect(buffer.depth).toBe(0);
  });

  it("times each of several holes separately", () => {
    const { buffer, out } = collecting();
    for (const index of [...range(20), 21, 23, 25]) buffer.push(packet(index));
    const lastAt = (nowMs: number) => {
      buffer.poll(nowMs);
      return out.at(-1)?.packet.index;
    };
    expect([669, 670, 709, 710, 749, 750].map(lastAt)).toEqual([19, 21, 21, 23, 23, 25]);
  });

  describe("decides by number and time", () => {
    /** The verdict on one more packet after 12 s of them, the next of which would be 600. */
    const verdictOn = (index: number, timestampIndex: number): string => {
      const { buffer } = collecting();
      for (const sent of range(600)) buffer.push(packet(sent));
      return buffer.push({ ...packet(index), rtpTimestamp: packet(timestampIndex).rtpTimestamp, arrivalMs: 12_000 });
    };

    it.each([
      // A number that continues the stream counts, whatever the time says.
      [600, 600, "accepted"],
      [600, 0, "accepted"],
      [600 + 255, 0, "accepted"],
      // Beyond that, a time from 10 s before the newest, back to the first, is that of a packet sent again.
      [600 + 256, 0, "replayed"],
      [600 + 256, -1, "accepted"],
      [600 + 256, 98, "replayed"],
      [600 + 256, 99, "accepted"],
      // Numbers this far behind are those of a sender that began again.
      [600 - 2_048, 600, "late"],
      [600 - 2_049, 600, "accepted"],
    ])("what packet %i with the time of packet %i is: %s", (index, timestampIndex, verdict) => {
      expect(verdictOn(index, timestampIndex)).toBe(verdict);
    });
  });

  it("holds a bounded number of packets", () => {
    const { buffer } = collecting();
    buffer.push(packet(0, { arrivalMs: 0 }));
    buffer.poll(300);
    // Each behind a hole of its own.
    for (const index of range(9_000)) buffer.push(packet(2 * index + 2, { arrivalMs: 300 }));
    expect(buffer.depth).toBe(4_096);
  });
});
