import { describe, expect, it } from "vitest";
import { isSoundless, type WaitingPacket, WaitingRoom } from "../../../src/discord/receive/waiting-room.ts";
import { SUPPLEMENT } from "../../support/sealed-voice.ts";

const SILENCE = Buffer.from("f8fffe", "hex");

function packet(sequence: number, { ssrc = 1, arrivalMs = 0, payload = Buffer.alloc(9) } = {}): WaitingPacket {
  const header = {
    ...{ padding: false, extension: false, marker: false, payloadType: 120, sequence, rtpTimestamp: 0, ssrc },
    ...{ clearBytes: 12, extensionBodyBytes: 0 },
  };
  return { header, payload, arrivalMs };
}

function room(...packets: readonly WaitingPacket[]): WaitingRoom {
  const waiting = new WaitingRoom();
  for (const one of packets) waiting.add(one, true);
  return waiting;
}

const sequences = (packets: readonly WaitingPacket[]) => packets.map(({ header }) => header.sequence);

describe("waiting packets", () => {
  it("are handed out in sending order, even if their counter wraps, and only once", () => {
    const waiting = room(packet(0), packet(65_534), packet(1), packet(65_535));
    expect(waiting.has(1)).toBe(true);
    expect(sequences(waiting.take(1).packets)).toEqual([65_534, 65_535, 0, 1]);
    expect(waiting.has(1)).toBe(false);
    expect(waiting.take(1)).toEqual({ packets: [], tried: 0 });
  });

  it("are put back if some are left over, and are counted correctly", () => {
    const waiting = room(packet(1), packet(2));
    const { packets } = waiting.take(1);
    waiting.putBack(1, { packets: packets.slice(1), tried: 1 });
    expect(waiting.isTried(1)).toBe(true);
    expect(waiting.take(1)).toMatchObject({ packets: [packets[1]], tried: 1 });
    waiting.putBack(1, { packets: [], tried: 0 });
    expect(waiting.has(1)).toBe(false);
  });

  it("are given up if they were sent before a packet that has opened", () => {
    const waiting = room(packet(1), packet(2), packet(4), packet(1, { ssrc: 2 }));
    expect(sequences(waiting.takeBefore(packet(3)))).toEqual([1, 2]);
    expect(sequences(waiting.takeBefore(packet(3)))).toEqual([]);
    expect(sequences(waiting.takeBefore(packet(3, { ssrc: 9 })))).toEqual([]);
    expect(sequences(waiting.take(1).packets)).toEqual([4]);
    expect(waiting.has(2)).toBe(true);
  });
});

describe("tried packets", () => {
  it("are those from the first up to the first untried one", () => {
    const waiting = room(packet(1), packet(3));
    expect([waiting.isTried(1), waiting.untriedSsrcs()]).toEqual([true, []]);
    waiting.add(packet(4), false);
    expect([waiting.isTried(1), waiting.untriedSsrcs()]).toEqual([false, [1]]);
    // Behind one that was not tried, it does not count as tried either.
    waiting.add(packet(5), true);
    expect(waiting.take(1).tried).toBe(2);
  });

  it("end before an untried packet that was sent earlier, and grow with each tried one", () => {
    const waiting = room(packet(1), packet(3), packet(5));
    waiting.add(packet(2), false);
    expect(waiting.take(1).tried).toBe(1);
    const grown = room(packet(1), packet(3));
    grown.add(packet(2), true);
    expect(grown.take(1).tried).toBe(3);
  });

  it("are reset by a change of keys or members, and by a claim of their SSRC", () => {
    const waiting = room(packet(1), packet(1, { ssrc: 2 }));
    waiting.markSsrcUntried(2);
    waiting.markSsrcUntried(9);
    expect(waiting.untriedSsrcs()).toEqual([2]);
    waiting.markUntried();
    expect(waiting.untriedSsrcs()).toEqual([1, 2]);
  });

  it("include every packet of an SSRC for which nothing waits", () => {
    expect(new WaitingRoom().isTried(9)).toBe(true);
  });

  it("stay the same when those before them are given up", () => {
    const waiting = room(packet(1), packet(3), packet(5));
    waiting.add(packet(7), false);
    waiting.takeBefore(packet(2));
    expect(waiting.take(1)).toMatchObject({ packets: { length: 3 }, tried: 2 });
    const untried = new WaitingRoom();
    for (const sequence of [1, 3]) untried.add(packet(sequence), false);
    untried.takeBefore(packet(2));
    expect(untried.take(1)).toMatchObject({ packets: { length: 1 }, tried: 0 });
  });
});

describe("the time that a packet may wait", () => {
  it("is 10 s, and also ends for packets sent before it", () => {
    const waiting = room(packet(1, { arrivalMs: 500 }), packet(2, { arrivalMs: 100 }), packet(3, { arrivalMs: 300 }));
    expect(waiting.takeExpired(10_099)).toEqual([]);
    expect(sequences(waiting.takeExpired(10_100))).toEqual([1, 2]);
    expect(sequences(waiting.takeExpired(10_300))).toEqual([3]);
    expect(waiting.has(1)).toBe(false);
  });

  it("ends for the comfort silence behind it, which only waits for its turn", () => {
    const silent = { arrivalMs: 5_000, payload: SILENCE };
    const waiting = room(packet(1), packet(2, silent), packet(3, { arrivalMs: 5_000 }), packet(4, silent));
    expect(sequences(waiting.takeExpired(10_000))).toEqual([1, 2]);
    expect(sequences(waiting.takeExpired(15_000))).toEqual([3, 4]);
  });

  it("is not shorter for silence with nothing before it, because its speaker may be unknown", () => {
    expect(room(packet(1, { payload: SILENCE }), packet(2)).takeExpired(9_999)).toEqual([]);
  });

  it("ends for each SSRC separately", () => {
    const waiting = room(packet(1), packet(2, { ssrc: 2, arrivalMs: 1 }), packet(3, { ssrc: 3 }));
    expect(sequences(waiting.takeExpired(10_000))).toEqual([1, 3]);
    expect(waiting.has(2)).toBe(true);
  });
});

describe("the capacity", () => {
  it("holds 10 s of packets from everyone in a full call", () => {
    const waiting = new WaitingRoom();
    for (let sequence = 0; sequence < 490; sequence += 1) {
      for (let ssrc = 1; ssrc <= 25; ssrc += 1)
        expect(waiting.add(packet(sequence, { ssrc, arrivalMs: sequence * 20 }), true)).toBeUndefined();
    }
    expect(waiting.takeExpired(9_999)).toEqual([]);
  });

  it("is 1,024 packets for one SSRC, and then the oldest is given up", () => {
    const waiting = new WaitingRoom();
    for (let sequence = 0; sequence < 1_024; sequence += 1) expect(waiting.add(packet(sequence), true)).toBeUndefined();
    expect(waiting.add(packet(1_024), true)?.header.sequence).toBe(0);
    expect(waiting.take(1)).toMatchObject({ tried: 1_024, packets: { length: 1_024 } });
  });

  it("is 128 SSRCs, and packets of others are refused", () => {
    const waiting = new WaitingRoom();
    for (let ssrc = 1; ssrc <= 128; ssrc += 1) expect(waiting.add(packet(1, { ssrc }), true)).toBeUndefined();
    const stranger = packet(1, { ssrc: 129 });
    expect(waiting.add(stranger, true)).toBe(stranger);
    expect(waiting.add(packet(2, { ssrc: 128 }), true)).toBeUndefined();
    waiting.take(5);
    expect(waiting.add(stranger, true)).toBeUndefined();
  });

  it("is 16,384 packets in total, and then the SSRC with most gives up its oldest", () => {
    const waiting = new WaitingRoom();
    for (let ssrc = 1; ssrc <= 128; ssrc += 1) {
      const each = ssrc === 70 ? 255 : 127;
      for (let index = 0; index < each; index += 1) waiting.add(packet(2 * index, { ssrc }), true);
    }
    expect(waiting.add(packet(999, { ssrc: 3 }), true)?.header).toMatchObject({ ssrc: 70, sequence: 0 });
    // Taking packets out makes room, and putting them back uses it.
    const taken = waiting.take(5);
    for (let index = 0; index < 127; index += 1)
      expect(waiting.add(packet(1_000 + index, { ssrc: 6 }), true)).toBeUndefined();
    waiting.takeBefore(packet(1, { ssrc: 7 }));
    expect(waiting.add(packet(2_000, { ssrc: 6 }), true)).toBeUndefined();
    expect(waiting.add(packet(2_001, { ssrc: 6 }), true)?.header).toMatchObject({ ssrc: 6, sequence: 0 });
    waiting.putBack(5, taken);
    expect(waiting.add(packet(999, { ssrc: 5 }), true)?.header).toMatchObject({ ssrc: 6, sequence: 2 });
  });
});

it("Bare padding and comfort silence need no key.", () => {
  const payloads = [Buffer.alloc(0), SILENCE, Buffer.from([0x78, 1, 2]), SUPPLEMENT];
  expect(payloads.map((payload) => isSoundless(packet(1, { payload })))).toEqual([true, true, false, false]);
});
