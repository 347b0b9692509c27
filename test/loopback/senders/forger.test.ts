import { describe, expect, it } from "vitest";
import { parseRtpHeader } from "../../../src/audio/rtp.ts";
import { FORGERIES, forge } from "../../../src/loopback/senders/forger.ts";
import { ENCRYPTION_MODES, TransportCipher } from "../../../src/loopback/voice/transport-crypto.ts";

const SSRCS = [11, 22, 33];
const forged = Array.from({ length: 1_000 }, (_, index) => forge(1, index, SSRCS));
const ofKind = (kind: string) => forged.filter((one) => one.kind === kind).map(({ datagram }) => datagram);

describe("the forger", () => {
  it("makes each kind in equal parts, and the same again for the same seed", () => {
    for (const kind of FORGERIES) expect(ofKind(kind)).toHaveLength(200);
    expect(forge(1, 17, SSRCS)).toEqual(forged[17]);
    expect(forge(2, 15, SSRCS).datagram).not.toEqual(forged[15]?.datagram);
  });

  it("uses the SSRCs of all speakers", () => {
    const headers = ["random_payload", "oversized", "wrong_source"].flatMap(ofKind).map(parseRtpHeader);
    expect(new Set(headers.map((header) => header?.ssrc))).toEqual(new Set(SSRCS));
  });

  it("makes datagrams that are not RTP, and some too short to be sealed, if asked", () => {
    for (const datagram of ofKind("not_rtp")) expect(parseRtpHeader(datagram)).toBeUndefined();
    const lengths = ofKind("truncated").map(({ length }) => length);
    expect(Math.min(...lengths)).toBe(9);
    expect(Math.max(...lengths)).toBe(31);
    for (const datagram of ofKind("oversized")) expect(datagram.length).toBeGreaterThan(1_500);
  });

  it("makes nothing that a key opens", () => {
    for (const mode of ENCRYPTION_MODES) {
      const cipher = new TransportCipher(mode);
      for (const { datagram } of forged) {
        const header = parseRtpHeader(datagram);
        if (header !== undefined) expect(cipher.open(datagram, header.clearBytes)).toBeUndefined();
      }
    }
  });
});
