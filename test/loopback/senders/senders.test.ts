import { describe, expect, it } from "vitest";
import type { CallFixture } from "../../../src/fixture/call-script.ts";
import {
  changeSender,
  changeSsrc,
  readPacket,
  type SenderChange,
  skewClock,
  stopClockInSilence,
  wrapCounters,
} from "../../../src/loopback/senders/senders.ts";
import { person, toneCall, tonePacket } from "../../support/tone-call.ts";

const A = person(1).id;
const B = person(2).id;

/** Two speakers of 100 packets, the first with a pause of a second after 50. */
function call(): CallFixture {
  const fixture = toneCall([
    { user: person(1), speaksFromMs: 0, packetCount: 0, leavesAtMs: 4_000 },
    { user: person(2), speaksFromMs: 0, packetCount: 100, leavesAtMs: 4_000 },
  ]);
  const spoken = Array.from({ length: 100 }, (_, index) => {
    const pause = index < 50 ? 0 : 1_000;
    const packet = tonePacket(1_000, index, index * 20 + pause);
    packet.rtp.writeUInt32BE((4_294_900_000 + index * 960 + pause * 48) >>> 0, 4);
    return packet;
  });
  return { ...fixture, packets: new Map([...fixture.packets, [A, spoken]]) };
}

function changed(...changes: SenderChange[]) {
  const fixture = call();
  const after = changeSender(fixture, A, ...changes);
  const [before, now] = [fixture, after].map(({ packets }) =>
    (packets.get(A) ?? []).map((packet) => ({ ...readPacket(packet), atMs: packet.atMs })),
  );
  return { fixture, after, before: before ?? [], now: now ?? [] };
}

/** Differences between neighbours, modulo a counter's width. */
function steps(values: readonly number[], modulus: number): number[] {
  return values.slice(1).map((value, index) => (((value - (values[index] ?? 0)) % modulus) + modulus) % modulus);
}

describe("a changed sender", () => {
  it("does not change other senders or the input", () => {
    const { fixture, after } = changed(wrapCounters(1), skewClock(10_000));
    expect(after.packets.get(B)).toBe(fixture.packets.get(B));
    expect(changed().now).toEqual(changed().before.map((packet) => ({ ...packet, opus: expect.anything() })));
  });

  it("with a fast clock sends the same packets sooner, with a slow one later", () => {
    const fast = changed(skewClock(10_000));
    expect(fast.now.at(-1)?.atMs).toBe(Math.round((fast.before.at(-1)?.atMs ?? 0) / 1.01));
    expect(fast.now.map(({ header }) => header)).toEqual(fast.before.map(({ header }) => header));
    const slow = changed(skewClock(-10_000));
    expect(slow.now.at(-1)?.atMs).toBe(Math.round((slow.before.at(-1)?.atMs ?? 0) / 0.99));
  });

  it("whose packets end later leaves later by the same time, and the call ends with the last sender", () => {
    const { fixture, after, now, before } = changed(skewClock(-500_000));
    const laterMs = (now.at(-1)?.atMs ?? 0) - (before.at(-1)?.atMs ?? 0);
    const leaves = (call: CallFixture) => call.events.find((event) => event.type === "leave" && event.userId === A);
    expect(leaves(after)?.atMs).toBe((leaves(fixture)?.atMs ?? 0) + laterMs);
    expect(after.events.at(-1)).toMatchObject({ type: "end", atMs: leaves(after)?.atMs });
  });

  it("whose clock stops in silence continues after the pause where it stopped", () => {
    const { now } = changed(stopClockInSilence);
    expect(
      new Set(
        steps(
          now.map(({ header }) => header.rtpTimestamp),
          2 ** 32,
        ),
      ),
    ).toEqual(new Set([960]));
    expect(now[50]?.atMs).toBe(2_000);
  });

  it.each([1, 2, 3])("wraps both counters once during the call, with the same steps, with seed %i", (seed) => {
    const { now, before } = changed(wrapCounters(seed));
    for (const [counter, modulus] of [
      ["sequence", 2 ** 16],
      ["rtpTimestamp", 2 ** 32],
    ] as const) {
      const values = now.map(({ header }) => header[counter]);
      expect(values.filter((value, index) => value < (values[index - 1] ?? 0))).toHaveLength(1);
      expect(steps(values, modulus)).toEqual(
        steps(
          before.map(({ header }) => header[counter]),
          modulus,
        ),
      );
    }
  });

  it("changes its SSRC at a given time, with new counters and the same words", () => {
    const { now, before } = changed(changeSsrc(600, 4_000_000_000, 9));
    const isNew = now.map(({ header }) => header.ssrc === 4_000_000_000);
    expect(isNew).toEqual(before.map(({ atMs }) => atMs >= 600));
    expect(now.map(({ opus }) => opus)).toEqual(before.map(({ opus }) => opus));
    expect(now[30]?.header.sequence).not.toBe(before[30]?.header.sequence);
    expect(
      steps(
        now.slice(30).map(({ header }) => header.sequence),
        2 ** 16,
      ).every((step) => step === 1),
    ).toBe(true);
  });
});
