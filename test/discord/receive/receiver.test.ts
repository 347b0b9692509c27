import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTransportDecryptor } from "../../../src/discord/receive/transport-decrypt.ts";
import { datagram, fakeDave, speech as opus, SUPPLEMENT, sealed, TRANSPORT_KEY } from "../../support/sealed-voice.ts";
import { ALICE, BOB, receiverWith } from "./receiver-with.ts";

describe("Receiver", () => {
  it("passes on a claimed speaker's packet at once, with its RTP times and arrival", () => {
    const { receiver, frames } = receiverWith(undefined);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 77, opus(1)), 1_000);
    expect(frames).toEqual([
      {
        userId: ALICE,
        ssrc: 5,
        connection: 1,
        sequence: 77,
        rtpTimestamp: 77 * 960,
        arrivalMs: 1_000,
        opus: opus(1),
        durationSamples: 960,
        isProven: false,
      },
    ]);
  });

  it("opens the first packets under a key in sending order, however they were reordered on the way", () => {
    const { receiver, heard } = receiverWith(fakeDave([ALICE, BOB]));
    receiver.claim(5, ALICE);
    for (const sequence of [1, 0, 65_535, 65_534]) receiver.receive(datagram(5, sequence, sealed(ALICE, opus(1))), 20);
    expect(heard()).toEqual([]);
    receiver.receive(datagram(5, 3, sealed(ALICE, opus(1))), 120);
    receiver.receive(datagram(5, 2, sealed(ALICE, opus(1))), 125);
    expect(heard().map(([, sequence]) => sequence)).toEqual([65_534, 65_535, 0, 1, 3, 2]);
  });

  it("counts RTP with another payload type as other traffic", () => {
    const { receiver, drops } = receiverWith(undefined);
    const other = datagram(5, 1, opus(1));
    other[1] = 111;
    receiver.receive(other, 0);
    expect(drops).toEqual([["not_rtp", undefined]]);
  });

  it("keeps two SSRCs of one speaker apart", () => {
    const { receiver, frames } = receiverWith(undefined);
    receiver.claim(5, ALICE);
    receiver.claim(6, ALICE);
    receiver.receive(datagram(5, 1, opus(1)), 0);
    receiver.receive(datagram(6, 1, opus(2)), 0);
    expect(frames.map(({ userId, ssrc }) => [userId, ssrc])).toEqual([
      [ALICE, 5],
      [ALICE, 6],
    ]);
  });

  it("keeps what cannot be opened yet, and opens it after the keys have changed", () => {
    const dave = fakeDave([ALICE]);
    dave.session.ready = false;
    const { receiver, heard, drops } = receiverWith(dave);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, sealed(ALICE, opus(1))), 0);
    receiver.poll(100);
    dave.session.ready = true;
    dave.session.keysOf.clear();
    receiver.retryAll();
    expect(heard()).toEqual([]);
    dave.session.keysOf.add(ALICE);
    receiver.retryAll();
    expect(heard().map(([, sequence]) => sequence)).toEqual([1]);
    expect(drops).toEqual([]);
  });

  it("never hands out ciphertext, and reports it when its time is over", () => {
    const dave = fakeDave([ALICE]);
    dave.session.keysOf.clear();
    const { receiver, frames, drops } = receiverWith(dave);
    receiver.claim(5, ALICE);
    for (let sequence = 0; sequence < 300; sequence += 1) {
      receiver.receive(datagram(5, sequence, sealed(ALICE, opus(sequence & 0xff))), sequence * 20);
    }
    receiver.close();
    expect(frames).toEqual([]);
    expect(drops).toEqual(Array.from({ length: 300 }, () => ["dave_undecryptable", ALICE]));
  });

  it("in an unencrypted call, treats as ciphertext only what has the form of ciphertext", () => {
    const { receiver, heard } = receiverWith({ protocolVersion: 0, session: undefined, former: [] });
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, Buffer.from("f8fffe", "hex")), 0);
    receiver.receive(datagram(5, 2, Buffer.from([0x78, 1, 2, ...SUPPLEMENT])), 20);
    receiver.receive(datagram(5, 3, Buffer.from("7801020304050607080910fafa", "hex")), 40);
    expect(heard()).toEqual([
      [ALICE, 1, "f8fffe"],
      [ALICE, 3, "7801020304050607080910fafa"],
    ]);
  });

  it("distinguishes duplicates, bare padding, forged bytes, other traffic and malformed Opus", () => {
    const { receiver, drops, heard } = receiverWith(undefined);
    receiver.claim(5, ALICE);
    const good = datagram(5, 1, opus(1));
    const forged = Buffer.from(good);
    forged[20] = (forged[20] ?? 0) ^ 1;
    receiver.receive(good, 0);
    receiver.receive(good, 1);
    receiver.receive(forged, 2);
    receiver.receive(datagram(5, 2, Buffer.from([0, 0, 3]), 0xa0), 3);
    receiver.receive(datagram(5, 3, Buffer.from([0x7b, 0])), 4);
    receiver.receive(randomBytes(40).fill(0x40, 0, 1), 5);
    expect(heard()).toEqual([
      [ALICE, 1, opus(1).toString("hex")],
      // All padding: no sound, but a turn in the sequence.
      [ALICE, 2, ""],
    ]);
    expect(drops.map(([fate]) => fate)).toEqual(["duplicate", "auth_failed", "malformed_opus", "not_rtp"]);
  });

  it("reports what it has no room for, and keeps the rest for the key that opens it", () => {
    const dave = fakeDave([ALICE]);
    dave.session.keysOf.clear();
    const { receiver, frames, drops } = receiverWith(dave);
    receiver.claim(5, ALICE);
    for (let sequence = 0; sequence < 1_050; sequence += 1)
      receiver.receive(datagram(5, sequence, sealed(ALICE, opus(1))), sequence);
    receiver.openHeld();
    expect(drops).toEqual(Array.from({ length: 26 }, () => ["dave_undecryptable", ALICE]));
    dave.session.keysOf.add(ALICE);
    receiver.retryAll();
    expect(frames.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 1_024 }, (_, index) => index + 26));
    expect(drops).toHaveLength(26);
  });

  it("holds silence behind speech that waits for its key, so it leaves no gap", () => {
    const dave = fakeDave([ALICE]);
    dave.session.keysOf.clear();
    const { receiver, heard, unheardOf } = receiverWith(dave);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, sealed(ALICE, opus(1))), 0);
    receiver.poll(200);
    receiver.receive(datagram(5, 2, Buffer.from("f8fffe", "hex")), 220);
    receiver.receive(datagram(5, 3, sealed(ALICE, opus(3))), 800);
    expect(heard()).toEqual([]);
    expect(unheardOf).toEqual([ALICE, ALICE]);
    dave.session.keysOf.add(ALICE);
    receiver.retryAll();
    expect(heard().map(([, sequence]) => sequence)).toEqual([1, 2, 3]);
  });

  it("accepts unencrypted frames in an encrypted call if that is allowed, and rejects the others by name", () => {
    const allowed = receiverWith(fakeDave([ALICE]), [ALICE], true);
    const refused = receiverWith(fakeDave([ALICE]), [ALICE], false);
    for (const { receiver } of [allowed, refused]) {
      receiver.claim(5, ALICE);
      receiver.receive(datagram(5, 1, opus(1)), 0);
    }
    expect(allowed.heard()).toEqual([[ALICE, 1, opus(1).toString("hex")]]);
    expect(allowed.heardOf).toEqual([ALICE]);
    expect(refused.heard()).toEqual([]);
    expect(refused.drops).toEqual([["dave_plaintext", ALICE]]);
    expect(refused.unheardOf).toEqual([]);
  });

  it("accepts an encrypted frame with at least 4 bytes of media as speech", () => {
    const { receiver, unheardAtMs } = receiverWith(fakeDave([ALICE]));
    receiver.claim(5, ALICE);
    for (const mediaBytes of [3, 4])
      receiver.receive(datagram(5, mediaBytes, Buffer.concat([Buffer.alloc(mediaBytes), SUPPLEMENT])), mediaBytes);
    receiver.poll(200);
    expect(unheardAtMs).toEqual([4]);
  });

  it("remembers which packets came on each SSRC, and forgets them all beyond 1,024 SSRCs", () => {
    const { receiver, frames, drops } = receiverWith(undefined);
    for (let ssrc = 1; ssrc <= 1_025; ssrc += 1) {
      receiver.claim(ssrc, ALICE);
      receiver.receive(datagram(ssrc, 1, opus(1)), 0);
      if (ssrc !== 1_024) continue;
      receiver.receive(datagram(1, 1, opus(1)), 0);
      expect(drops).toEqual([["duplicate", ALICE]]);
    }
    receiver.receive(datagram(1, 1, opus(1)), 0);
    expect([frames.length, drops.length]).toEqual([1_026, 1]);
  });

  it("draws no conclusion from comfort silence and padding, opened or not", () => {
    const { receiver, heardOf, unheardOf } = receiverWith(fakeDave([ALICE]));
    receiver.receive(datagram(4, 1, Buffer.from("f8fffe", "hex")), 0);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, Buffer.from("f8fffe", "hex")), 0);
    receiver.receive(datagram(5, 2, Buffer.from([0, 0, 3]), 0xa0), 20);
    // Encrypted, and too short for speech.
    receiver.receive(datagram(5, 3, Buffer.from(SUPPLEMENT)), 40);
    receiver.poll(300);
    expect(heardOf).toEqual([]);
    expect(unheardOf).toEqual([]);
  });

  it("opens XChaCha20 as well as AES, and never throws", () => {
    const transport = createTransportDecryptor("aead_xchacha20_poly1305_rtpsize", TRANSPORT_KEY, undefined);
    const header = {
      padding: false,
      extension: false,
      marker: false,
      payloadType: 120,
      sequence: 0,
      rtpTimestamp: 0,
      ssrc: 0,
      clearBytes: 12,
      extensionBodyBytes: 0,
    };
    for (const length of [0, 12, 31, 32, 33, 200]) expect(transport.open(randomBytes(length), header)).toBeUndefined();
  });

  it("gives every datagram exactly one fate, whatever comes", () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant("speech" as const), ssrc: fc.nat(3), sequence: fc.nat(60) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("sealed" as const),
          ssrc: fc.nat(3),
          by: fc.constantFrom(ALICE, BOB, "200000000000000009"),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("noise" as const),
          bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("payload" as const),
          ssrc: fc.nat(3),
          bytes: fc.uint8Array({ maxLength: 40 }),
          first: fc.constantFrom(0x80, 0xa0, 0x90),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant("claim" as const), ssrc: fc.nat(3), by: fc.constantFrom(ALICE, BOB) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("keys" as const), ready: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("poll" as const), ms: fc.nat(12_000) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const dave = fakeDave([ALICE, BOB]);
        const { receiver, frames, drops } = receiverWith(dave);
        let arrived = 0;
        let nowMs = 0;
        let sequence = 1_000;
        const receive = (bytes: Buffer): void => {
          arrived += 1;
          receiver.receive(bytes, nowMs);
        };
        for (const action of steps) {
          nowMs += 5;
          sequence += 1;
          if (action.kind === "speech") receive(datagram(action.ssrc, action.sequence, sealed(ALICE, opus(1))));
          else if (action.kind === "sealed") receive(datagram(action.ssrc, sequence, sealed(action.by, opus(2))));
          else if (action.kind === "noise") receive(Buffer.from(action.bytes));
          else if (action.kind === "payload")
            receive(datagram(action.ssrc, sequence, Buffer.from(action.bytes), action.first));
          else if (action.kind === "claim") receiver.claim(action.ssrc, action.by);
          else if (action.kind === "keys") {
            dave.session.ready = action.ready;
            receiver.retryAll();
          } else {
            nowMs += action.ms;
            receiver.poll(nowMs);
          }
        }
        receiver.close();
        expect(frames.length + drops.length).toBe(arrived);
        const spoken = new Set([opus(1), opus(2)].map((packet) => packet.toString("hex")));
        const sounds = frames.filter(({ opus }) => opus.length > 0);
        expect(sounds.filter((frame) => !spoken.has(frame.opus.toString("hex")))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
