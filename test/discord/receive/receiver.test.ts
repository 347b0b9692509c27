import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DropFate } from "../../../src/audio/fates.ts";
import type { DaveState } from "../../../src/discord/dave/open-frame.ts";
import { Receiver } from "../../../src/discord/receive/receiver.ts";
import { createTransportDecryptor } from "../../../src/discord/receive/transport-decrypt.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { datagram, fakeDave, speech as opus, SUPPLEMENT, sealed, TRANSPORT_KEY } from "../../support/sealed-voice.ts";

const ALICE = "200000000000000001";
const BOB = "200000000000000002";
function receiverWith(dave: DaveState | undefined, candidates: readonly string[] = [ALICE, BOB], takesClear = false) {
  const frames: VoiceFrame[] = [];
  const drops: [DropFate, string | undefined][] = [];
  const heardOf: string[] = [];
  const unheardOf: (string | undefined)[] = [];
  const unheardAtMs: number[] = [];
  const receiver = new Receiver({
    connection: 1,
    transport: createTransportDecryptor("aead_aes256_gcm_rtpsize", TRANSPORT_KEY, undefined),
    dave: () => dave,
    candidates: () => candidates,
    onFrame: (frame) => frames.push(frame),
    takesClear: () => takesClear,
    onHeard: (userId) => heardOf.push(userId),
    onUnheard: (userId, arrivalMs) => {
      unheardOf.push(userId);
      unheardAtMs.push(arrivalMs);
    },
    onDrop: (fate, userId) => drops.push([fate, userId]),
  });
  const heard = () => frames.map(({ userId, sequence, opus }) => [userId, sequence, opus.toString("hex")]);
  return { receiver, frames, drops, heard, heardOf, unheardOf, unheardAtMs };
}

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
      },
    ]);
  });

  it("keeps the first words until Speaking names the speaker", () => {
    const { receiver, heard, drops, heardOf, unheardOf, unheardAtMs } = receiverWith(undefined);
    for (const sequence of [1, 2, 3]) receiver.receive(datagram(5, sequence, opus(sequence)), sequence * 20);
    expect(heard()).toEqual([]);
    receiver.claim(5, BOB);
    expect(heard()).toEqual([1, 2, 3].map((n) => [BOB, n, opus(n).toString("hex")]));
    expect(drops).toEqual([]);
    expect([heardOf, unheardOf, unheardAtMs]).toEqual([
      [BOB, BOB, BOB],
      [undefined, undefined, undefined],
      [20, 40, 60],
    ]);
  });

  it("gives up on words that nobody claims within ten seconds", () => {
    const { receiver, drops, heard } = receiverWith(undefined);
    receiver.receive(datagram(5, 1, opus(1)), 1_000);
    receiver.poll(10_999);
    expect(drops).toEqual([]);
    receiver.poll(11_000);
    expect(drops).toEqual([["unattributed", undefined]]);
    receiver.claim(5, BOB);
    expect(heard()).toEqual([]);
  });

  it("identifies the sender by the key that opens a packet, before anyone claims its SSRC", () => {
    const { receiver, heard } = receiverWith(fakeDave([ALICE, BOB]));
    receiver.receive(datagram(5, 1, sealed(BOB, opus(1))), 0);
    receiver.receive(datagram(5, 2, sealed(BOB, opus(2))), 20);
    receiver.poll(100);
    expect(heard().map(([userId]) => userId)).toEqual([BOB, BOB]);
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

  it("identifies the sender on an unclaimed SSRC even if its first packets have no key", () => {
    const { receiver, heard } = receiverWith(fakeDave([ALICE, BOB]));
    const stranger = "200000000000000009";
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      receiver.receive(datagram(5, sequence, sealed(sequence <= 8 ? stranger : BOB, opus(1))), sequence * 20);
      receiver.poll(sequence * 20);
    }
    receiver.poll(600);
    expect(heard().map(([userId, sequence]) => [userId, sequence])).toEqual(
      Array.from({ length: 12 }, (_, index) => [BOB, index + 9]),
    );
  });

  it("continues the search a while later without further packets, and at once after a change of keys", () => {
    const dave = fakeDave([ALICE, BOB]);
    const later = receiverWith(dave);
    const stranger = "200000000000000009";
    for (let sequence = 1; sequence <= 13; sequence += 1)
      later.receiver.receive(datagram(5, sequence, sealed(sequence <= 12 ? stranger : BOB, opus(1))), 0);
    for (const nowMs of [100, 200]) later.receiver.poll(nowMs);
    expect(later.heard()).toEqual([]);
    later.receiver.poll(300);
    expect(later.heard().map(([userId, sequence]) => [userId, sequence])).toEqual([[BOB, 13]]);
    const atOnce = receiverWith(dave);
    dave.session.keysOf.clear();
    for (let sequence = 1; sequence <= 6; sequence += 1)
      atOnce.receiver.receive(datagram(5, sequence, sealed(BOB, opus(1))), 0);
    atOnce.receiver.poll(100);
    dave.session.keysOf.add(BOB);
    atOnce.receiver.retryAll();
    expect(atOnce.heard()).toHaveLength(6);
  });

  it("searches with a new packet for candidates that were not tried before it", () => {
    const { receiver, heard } = receiverWith(fakeDave([ALICE, BOB]));
    for (let sequence = 1; sequence <= 6; sequence += 1)
      receiver.receive(datagram(5, sequence, sealed("200000000000000009", opus(1))), 0);
    receiver.poll(100);
    receiver.receive(datagram(5, 7, sealed(BOB, opus(1))), 300);
    expect(heard().map(([, sequence]) => sequence)).toEqual([7]);
  });

  it("opens waiting packets with the key that proves a claim wrong", () => {
    const { receiver, heard, drops } = receiverWith(fakeDave([ALICE, BOB]));
    receiver.claim(5, ALICE);
    const stranger = "200000000000000009";
    for (const [index, userId] of [stranger, stranger, BOB].entries())
      receiver.receive(datagram(5, index + 1, sealed(userId, opus(1))), index);
    // Two are searched for another owner; the third one waits without.
    receiver.poll(100);
    receiver.receive(datagram(5, 4, sealed(BOB, opus(1))), 300);
    expect(heard().map(([userId, sequence]) => [userId, sequence])).toEqual([
      [BOB, 3],
      [BOB, 4],
    ]);
    expect(drops).toHaveLength(2);
  });

  it("gives up what was sent before a waiting packet that a new key opens, except silence", () => {
    const dave = fakeDave([ALICE]);
    dave.session.keysOf.clear();
    const { receiver, heard, drops } = receiverWith(dave);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, sealed("200000000000000009", opus(1))), 0);
    receiver.poll(100);
    receiver.receive(datagram(5, 2, Buffer.from("f8fffe", "hex")), 120);
    receiver.receive(datagram(5, 3, sealed(ALICE, opus(3))), 300);
    receiver.receive(datagram(5, 4, Buffer.from("f8fffe", "hex")), 320);
    receiver.receive(datagram(5, 5, sealed("200000000000000009", opus(1))), 340);
    dave.session.keysOf.add(ALICE);
    receiver.retryAll();
    expect(heard().map(([, sequence]) => sequence)).toEqual([2, 3, 4]);
    expect(drops).toEqual([["dave_undecryptable", ALICE]]);
  });

  it("gives up nothing for a waiting unencrypted packet, which proves no key", () => {
    const { receiver, heard, drops } = receiverWith(fakeDave([ALICE]), [ALICE], true);
    receiver.receive(datagram(5, 1, sealed("200000000000000009", opus(1))), 0);
    receiver.poll(100);
    receiver.receive(datagram(5, 2, opus(2)), 120);
    receiver.claim(5, ALICE);
    expect(heard().map(([, sequence]) => sequence)).toEqual([2]);
    receiver.receive(datagram(5, 3, opus(3)), 140);
    expect(heard().map(([, sequence]) => sequence)).toEqual([2, 3]);
    expect(drops).toEqual([]);
  });

  it("counts RTP with another payload type as other traffic", () => {
    const { receiver, drops } = receiverWith(undefined);
    const other = datagram(5, 1, opus(1));
    other[1] = 111;
    receiver.receive(other, 0);
    expect(drops).toEqual([["not_rtp", undefined]]);
  });

  it("corrects a wrong claim by the key, and follows an SSRC that changes its owner", () => {
    const { receiver, heard, drops } = receiverWith(fakeDave([ALICE, BOB]));
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, sealed(BOB, opus(1))), 0);
    receiver.receive(datagram(5, 2, sealed(BOB, opus(2))), 20);
    receiver.receive(datagram(5, 3, sealed(ALICE, opus(3))), 500);
    expect(heard().map(([userId, sequence]) => [userId, sequence])).toEqual([
      [BOB, 1],
      [BOB, 2],
      [ALICE, 3],
    ]);
    expect(drops).toEqual([]);
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

  it("recognises bare padding on an unclaimed SSRC", () => {
    const { receiver, drops } = receiverWith(undefined);
    receiver.receive(datagram(5, 1, Buffer.from([0, 0, 3]), 0xa0), 0);
    expect(drops).toEqual([["padding_only", undefined]]);
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

  it("gives up what was sent before a packet that a key opens, and nothing else", () => {
    const dave = fakeDave([ALICE]);
    const { receiver, heard, drops, heardOf } = receiverWith(dave);
    receiver.claim(5, ALICE);
    // Of an epoch before ours, as when the bot enters a group that talks.
    const older = sealed("200000000000000009", opus(9));
    for (const sequence of [1, 2]) receiver.receive(datagram(5, sequence, Buffer.from(older)), sequence * 20);
    receiver.receive(datagram(5, 3, Buffer.from("f8fffe", "hex")), 60);
    receiver.poll(200);
    receiver.receive(datagram(5, 4, sealed(ALICE, opus(4))), 300);
    receiver.poll(500);
    expect(heard().map(([, sequence]) => sequence)).toEqual([3, 4]);
    expect(heardOf).toEqual([ALICE]);
    expect(drops).toEqual([
      ["dave_undecryptable", ALICE],
      ["dave_undecryptable", ALICE],
    ]);
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

  it("reports damaged padding, and does not search again after a claim that changes nothing", () => {
    const { receiver, drops, frames } = receiverWith(undefined);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, Buffer.from([0x78, 1, 200]), 0xa0), 0);
    receiver.claim(5, ALICE);
    expect([frames, drops]).toEqual([[], [["malformed_opus", ALICE]]]);
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
