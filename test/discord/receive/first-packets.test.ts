import { describe, expect, it } from "vitest";
import { FirstPackets } from "../../../src/discord/receive/first-packets.ts";
import type { WaitingPacket } from "../../../src/discord/receive/waiting-room.ts";

function packet(sequence: number, arrivalMs: number, ssrc = 1): WaitingPacket {
  const header = {
    padding: false,
    extension: false,
    marker: false,
    payloadType: 120,
    sequence,
    rtpTimestamp: 0,
    ssrc,
    clearBytes: 12,
    extensionBodyBytes: 0,
  };
  return { header, payload: Buffer.alloc(0), arrivalMs };
}

/** One key: nonces count what is sent. The tests begin shortly before the sequence numbers wrap. */
const nonceOf = (sequence: number) => ((sequence - 65_000) & 0xffff) + 1;

const sequencesOf = (packets: readonly WaitingPacket[]) => packets.map(({ header }) => header.sequence);

describe("a speaker's first packets", () => {
  it("wait 100 ms, then come in sending order, even if their counter wraps", () => {
    const first = new FirstPackets();
    for (const sequence of [0, 65_534, 1, 65_535])
      expect(first.admit(packet(sequence, 50), nonceOf(sequence), 1)).toEqual([]);
    expect(first.takeDue(149)).toEqual([]);
    expect(sequencesOf(first.takeDue(150))).toEqual([65_534, 65_535, 0, 1]);
    expect(first.takeDue(1_000)).toEqual([]);
  });

  it("are released by the first packet after their time, in order with it", () => {
    const first = new FirstPackets();
    first.admit(packet(8, 0), nonceOf(8), 1);
    expect(sequencesOf(first.admit(packet(7, 100), nonceOf(7), 1))).toEqual([7, 8]);
  });

  it("are the only packets that wait", () => {
    const first = new FirstPackets();
    first.admit(packet(1, 0), nonceOf(1), 1);
    first.takeDue(100);
    expect(sequencesOf(first.admit(packet(3, 101), nonceOf(3), 1))).toEqual([3]);
    expect(sequencesOf(first.admit(packet(2, 102), nonceOf(2), 1))).toEqual([2]);
  });

  it("start again under new keys, together with those still waiting", () => {
    const first = new FirstPackets();
    first.admit(packet(2, 0), nonceOf(2), 1);
    expect(first.admit(packet(1, 50), nonceOf(1), 2)).toEqual([]);
    expect(sequencesOf(first.takeDue(150))).toEqual([1, 2]);
    expect(first.admit(packet(3, 200), nonceOf(3), 3)).toEqual([]);
  });

  it("start again if a later packet has a smaller nonce, whenever the sender changes its key", () => {
    const first = new FirstPackets();
    for (const sequence of [1, 2, 3]) first.admit(packet(sequence, 0), 100 + sequence, 1);
    first.takeDue(100);
    // Under the new key nonces count from 1 again; its first two packets are swapped on the way.
    expect(first.admit(packet(5, 400), 2, 1)).toEqual([]);
    expect(first.admit(packet(4, 410), 1, 1)).toEqual([]);
    expect(sequencesOf(first.takeDue(500))).toEqual([4, 5]);
    // A packet of the old key that was long on the way is not a new key.
    expect(sequencesOf(first.admit(packet(0, 510), 100, 1))).toEqual([0]);
    expect(sequencesOf(first.admit(packet(6, 520), 3, 1))).toEqual([6]);
  });

  it("start again if a new key's first nonce equals the last one received", () => {
    const first = new FirstPackets();
    first.admit(packet(1, 0), 1, 1);
    first.takeDue(100);
    expect(first.admit(packet(2, 400), 1, 1)).toEqual([]);
    expect(sequencesOf(first.takeDue(500))).toEqual([2]);
  });

  it("wait for each SSRC separately", () => {
    const first = new FirstPackets();
    first.admit(packet(1, 0, 10), nonceOf(1), 1);
    first.admit(packet(1, 90, 11), nonceOf(1), 1);
    expect(first.takeDue(100).map(({ header }) => header.ssrc)).toEqual([10]);
  });

  it("do not pile up, on one SSRC or across many", () => {
    const first = new FirstPackets();
    let passed = 0;
    for (let sequence = 0; sequence < 1_000; sequence += 1)
      passed += first.admit(packet(sequence, 0), nonceOf(sequence), 1).length;
    expect(passed).toBe(1_000);
    for (let ssrc = 2; ssrc < 5_000; ssrc += 1) passed += first.admit(packet(0, 0, ssrc), nonceOf(0), 1).length;
    expect(first.takeDue(100).length + passed).toBe(1_000 + 4_998);
    // The first packet of each of 1,024 SSRCs waits.
    expect(passed).toBe(1_000 + 4_998 - 1_023);
  });

  it("are not held for longer because another sender's packets under the SSRC look like a new key", () => {
    const first = new FirstPackets();
    const released: [number, number][] = [];
    const note = (packets: readonly WaitingPacket[], nowMs: number) => {
      for (const { header, arrivalMs } of packets)
        if (header.sequence < 100) released.push([header.sequence, nowMs - arrivalMs]);
    };
    for (let sequence = 0; sequence < 100; sequence += 1) {
      const atMs = sequence * 20;
      note(first.admit(packet(sequence, atMs), 500 + sequence, 1), atMs);
      // Each under a new key.
      note(first.admit(packet(20_000 + sequence * 7, atMs + 10), 1, 1), atMs + 10);
      note(first.takeDue(atMs + 10), atMs + 10);
    }
    note(first.takeDue(3_000), 3_000);
    expect(released.map(([sequence]) => sequence)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(Math.max(...released.slice(0, 90).map(([, heldMs]) => heldMs))).toBeLessThanOrEqual(110);
  });

  it("come in each sender's order, whatever the sequence numbers of others in between are", () => {
    const first = new FirstPackets();
    // Sequence numbers of 16 bits have no order over the whole circle: each is ahead of the one before.
    const others = [20_000, 40_000, 60_000];
    for (const [index, sequence] of [3, 1, 0, 2].entries()) {
      first.admit(packet(sequence, index), 1 + sequence, 1);
      first.admit(packet(others[index] ?? 10_000, index), 900 - index, 1);
    }
    expect(sequencesOf(first.takeDue(500)).slice(0, 4)).toEqual([0, 1, 2, 3]);
  });

  it("are released before a packet that was held for long enough, if they were sent before it", () => {
    const first = new FirstPackets();
    for (const sequence of [1, 2]) first.admit(packet(sequence, 0), 100 + sequence, 1);
    first.takeDue(100);
    expect(first.admit(packet(5, 400), 3, 1)).toEqual([]);
    expect(first.admit(packet(3, 470), 1, 2)).toEqual([]);
    expect(first.admit(packet(6, 480), 4, 2)).toEqual([]);
    expect(first.takeDue(499)).toEqual([]);
    expect(sequencesOf(first.takeDue(500))).toEqual([3, 5]);
    expect(first.takeDue(569)).toEqual([]);
    expect(sequencesOf(first.takeDue(570))).toEqual([6]);
  });
});
