import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRtpHeader } from "../../../src/audio/rtp.ts";
import { Renumbering } from "../../../src/loopback/senders/renumbering.ts";
import { tonePacket } from "../../support/tone-call.ts";

describe("renumbering", () => {
  it("keeps the distances between a sender's packets, and their contents", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(5_000), fc.nat(5_000), (ssrc, first, second) => {
        const renumbering = new Renumbering(() => 77);
        const packets = [first, second].map((index) => tonePacket(ssrc, index, 0).rtp);
        const [before, after] = [packets, packets.map((rtp) => renumbering.apply(rtp))].map((both) =>
          both.map((rtp) => parseRtpHeader(rtp)),
        );
        const distance = (headers: typeof before, field: "sequence" | "rtpTimestamp", width: number) =>
          ((headers?.[1]?.[field] ?? 0) - (headers?.[0]?.[field] ?? 0) + width) % width;
        expect(distance(after, "sequence", 2 ** 16)).toBe(distance(before, "sequence", 2 ** 16));
        expect(distance(after, "rtpTimestamp", 2 ** 32)).toBe(distance(before, "rtpTimestamp", 2 ** 32));
        expect(after?.map((header) => header?.ssrc)).toEqual([77, 77]);
        expect(packets.map((rtp) => renumbering.apply(rtp).subarray(12))).toEqual(
          packets.map((rtp) => rtp.subarray(12)),
        );
      }),
    );
  });

  it("gives every SSRC a new value, the same each time", () => {
    let next = 500;
    const renumbering = new Renumbering(() => next++);
    expect([1, 2, 1].map((ssrc) => renumbering.ssrc(ssrc))).toEqual([500, 501, 500]);
  });
});
