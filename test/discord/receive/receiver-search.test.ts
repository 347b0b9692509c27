import { describe, expect, it } from "vitest";
import { datagram, fakeDave, speech as opus, sealed } from "../../support/sealed-voice.ts";
import { ALICE, BOB, receiverWith } from "./receiver-with.ts";

describe("Receiver", () => {
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
    // The stranger's packets may be those of the announced speaker, whose key is not there.
    expect(drops).toEqual([]);
    receiver.poll(10_001);
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

  it("keeps every packet of somebody under whose SSRC others send too", () => {
    const members = [ALICE, BOB, "200000000000000003", "200000000000000004"];
    const { receiver, heard, drops } = receiverWith(fakeDave(members), members);
    receiver.claim(5, ALICE);
    for (let sequence = 1; sequence <= 200; sequence += 1) {
      const atMs = sequence * 5;
      receiver.receive(
        datagram(5, sequence, sealed(members[sequence % members.length] ?? ALICE, opus(sequence))),
        atMs,
      );
      receiver.poll(atMs);
    }
    receiver.poll(2_000);
    const hers = heard().filter(([userId]) => userId === ALICE);
    expect(hers.map(([, sequence]) => sequence)).toEqual(Array.from({ length: 50 }, (_, turn) => turn * 4 + 4));
    expect(drops.filter(([, userId]) => userId === ALICE)).toEqual([]);
  });

  it.each([
    ["the same numbers", 0],
    ["numbers that the speaker comes to later", 30],
    ["numbers that the speaker had before", -30],
  ])("keeps every packet of a speaker under whose SSRC another member sends %s", (_, ahead) => {
    const { receiver, heard, drops } = receiverWith(fakeDave([ALICE, BOB]));
    receiver.claim(5, ALICE);
    const sequences = Array.from({ length: 100 }, (_, index) => 60_500 + index);
    for (const [index, sequence] of sequences.entries()) {
      const atMs = index * 20;
      receiver.receive(datagram(5, sequence + ahead, sealed(BOB, opus(sequence & 0xff))), atMs);
      receiver.receive(datagram(5, sequence, sealed(ALICE, opus(sequence & 0xff))), atMs + 1);
      receiver.poll(atMs + 2);
    }
    receiver.poll(3_000);
    const hers = heard().filter(([userId]) => userId === ALICE);
    expect(hers.map(([, sequence]) => sequence)).toEqual(sequences);
    expect(drops).toEqual([]);
  });

  it("keeps what waits for the announced speaker's key while another member's key opens packets of the SSRC", () => {
    const dave = fakeDave([ALICE, BOB]);
    dave.session.keysOf.delete(ALICE);
    const { receiver, heard, drops } = receiverWith(dave);
    receiver.claim(5, ALICE);
    for (let sequence = 1; sequence <= 50; sequence += 1) {
      receiver.receive(datagram(5, sequence, sealed(ALICE, opus(1))), sequence * 20);
      receiver.receive(datagram(5, sequence + 20, sealed(BOB, opus(2))), sequence * 20 + 1);
      receiver.poll(sequence * 20 + 2);
    }
    dave.session.keysOf.add(ALICE);
    receiver.retryAll();
    receiver.poll(2_000);
    expect(heard().filter(([userId]) => userId === ALICE)).toHaveLength(50);
    expect(heard().filter(([userId]) => userId === BOB)).toHaveLength(50);
    expect(drops).toEqual([]);
  });

  it("takes silence for that of the sender whose packets it follows, and lets it pass what waits of another", () => {
    const members = [ALICE, BOB];
    const { receiver, heard } = receiverWith(fakeDave(members), members);
    receiver.claim(5, ALICE);
    const silence = () => Buffer.from("f8fffe", "hex");
    receiver.receive(datagram(5, 60_100, sealed(ALICE, opus(1))), 0);
    receiver.receive(datagram(5, 61_000, sealed(BOB, opus(1))), 1);
    receiver.poll(200);
    receiver.receive(datagram(5, 60_050, sealed("200000000000000009", opus(1))), 210);
    for (const [sequence, atMs] of [
      [60_101, 220],
      [61_001, 221],
      [60_356, 240],
    ] as const)
      receiver.receive(datagram(5, sequence, silence()), atMs);
    expect(heard().filter(([, , hex]) => hex === "f8fffe")).toEqual([
      [ALICE, 60_101, "f8fffe"],
      [BOB, 61_001, "f8fffe"],
      [ALICE, 60_356, "f8fffe"],
    ]);
    // It follows nobody's packets: it waits behind the packet that may be opened later.
    receiver.receive(datagram(5, 60_357, silence()), 260);
    expect(heard()).toHaveLength(5);
  });

  it("says which packets a key proves", () => {
    const { receiver, frames } = receiverWith(fakeDave([ALICE]), [ALICE], true);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, sealed(ALICE, opus(1))), 0);
    receiver.poll(100);
    receiver.receive(datagram(5, 2, Buffer.from("f8fffe", "hex")), 120);
    receiver.receive(datagram(5, 3, opus(3)), 140);
    expect(frames.map(({ isProven }) => isProven)).toEqual([true, false, false]);
  });

  it("recognises bare padding on an unclaimed SSRC", () => {
    const { receiver, drops } = receiverWith(undefined);
    receiver.receive(datagram(5, 1, Buffer.from([0, 0, 3]), 0xa0), 0);
    expect(drops).toEqual([["padding_only", undefined]]);
  });

  it("gives up what was sent before a packet that a key opens, and nothing else", () => {
    const dave = fakeDave([ALICE]);
    const { receiver, heard, drops, heardOf } = receiverWith(dave);
    receiver.claim(5, ALICE);
    // Packets of an epoch before ours, as when the bot enters a group that talks.
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

  it("reports damaged padding, and does not search again after a claim that changes nothing", () => {
    const { receiver, drops, frames } = receiverWith(undefined);
    receiver.claim(5, ALICE);
    receiver.receive(datagram(5, 1, Buffer.from([0x78, 1, 200]), 0xa0), 0);
    receiver.claim(5, ALICE);
    expect([frames, drops]).toEqual([[], [["malformed_opus", ALICE]]]);
  });
});
