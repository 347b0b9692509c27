import { describe, expect, it } from "vitest";
import { findSender, openFrame } from "../../../src/discord/dave/open-frame.ts";
import { FakeSession, fakeDave, SUPPLEMENT, sealed, speech } from "../../support/sealed-voice.ts";

const ALICE = "200000000000000001";
const BOB = "200000000000000002";
const SILENCE = Buffer.from("f8fffe", "hex");
const OPUS = speech(1);

describe("a frame", () => {
  it("of comfort silence may be unencrypted in any call", () => {
    for (const dave of [undefined, fakeDave([ALICE])])
      expect(openFrame(dave, ALICE, SILENCE)).toEqual({ kind: "opened", opus: SILENCE });
  });

  it("without encryption is opened if the call has none, and rejected by name if it should be encrypted", () => {
    const dave = fakeDave([ALICE]);
    expect(openFrame(undefined, ALICE, OPUS)).toEqual({ kind: "opened", opus: OPUS });
    expect(openFrame(dave, ALICE, OPUS)).toEqual({ kind: "in_the_clear", opus: OPUS });
    dave.protocolVersion = 0;
    expect(openFrame(dave, ALICE, OPUS)).toEqual({ kind: "opened", opus: OPUS });
  });

  it("is opened only by its sender's key", () => {
    const dave = fakeDave([ALICE, BOB]);
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: OPUS });
    expect(openFrame(dave, BOB, sealed(ALICE, OPUS))).toEqual({ kind: "refused" });
  });

  it("is opened by a key of a group that was left, even while the next group has none", () => {
    const dave = fakeDave([]);
    dave.former = [new FakeSession([BOB]), new FakeSession([ALICE])];
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: OPUS });
    dave.session.ready = false;
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: OPUS });
  });

  it("waits for a key while the group is being joined, and is refused if there is no group to join", () => {
    const dave = fakeDave([ALICE]);
    dave.session.ready = false;
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "not_ready" });
    expect(dave.session.tries).toBe(0);
    expect(openFrame({ protocolVersion: 1, session: undefined, former: [] }, ALICE, sealed(ALICE, OPUS))).toEqual({
      kind: "not_ready",
    });
    dave.protocolVersion = 0;
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "refused" });
    expect(openFrame(undefined, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "refused" });
  });

  it("is not counted as opened if davey returns ciphertext", () => {
    const dave = fakeDave([ALICE]);
    const ciphertext = sealed(ALICE, OPUS);
    dave.session.decrypt = (_, __, packet) => Buffer.from(packet);
    expect(openFrame(dave, ALICE, ciphertext)).toEqual({ kind: "refused" });
  });

  it("may look like an encrypted one after it is opened, or have the same length", () => {
    const dave = fakeDave([ALICE]);
    const inner = Buffer.concat([OPUS, SUPPLEMENT]);
    expect(openFrame(dave, ALICE, sealed(ALICE, inner))).toEqual({ kind: "opened", opus: inner });
    const sameLength = Buffer.alloc(sealed(ALICE, OPUS).length, 0x78);
    dave.session.decrypt = () => sameLength;
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: sameLength });
  });
});

describe("the sender of a frame", () => {
  it("is the member whose key opens it", () => {
    expect(findSender(fakeDave([ALICE, BOB]), sealed(BOB, OPUS), [ALICE, BOB])).toEqual({ userId: BOB, opus: OPUS });
  });

  it("is also found in a group that was left", () => {
    const dave = fakeDave([ALICE]);
    dave.former = [new FakeSession([BOB])];
    expect(findSender(dave, sealed(BOB, OPUS), [ALICE, BOB])).toEqual({ userId: BOB, opus: OPUS });
  });

  it("is not one who is not a candidate, or whose key does not open it", () => {
    const dave = fakeDave([ALICE, BOB]);
    expect(findSender(dave, sealed(BOB, OPUS), [ALICE])).toBeUndefined();
    dave.session.keysOf.clear();
    expect(findSender(dave, sealed(BOB, OPUS), [ALICE, BOB])).toBeUndefined();
  });

  it("is not searched for outside the group, because davey has no keys of outsiders", () => {
    const dave = fakeDave([ALICE]);
    expect(findSender(dave, sealed(BOB, OPUS), [BOB])).toBeUndefined();
    expect(dave.session.tries).toBe(0);
  });

  it("is unknown if the frame or the call is not encrypted", () => {
    expect(findSender(undefined, sealed(BOB, OPUS), [BOB])).toBeUndefined();
    const dave = fakeDave([BOB]);
    dave.session.decrypt = (_, __, packet) => packet;
    expect(findSender(dave, OPUS, [BOB])).toBeUndefined();
  });
});
