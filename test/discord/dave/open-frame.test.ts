import { describe, expect, it } from "vitest";
import { findSender, openFrame } from "../../../src/discord/dave/open-frame.ts";
import { FakeSession, fakeDave, SUPPLEMENT, sealed, speech } from "../../support/sealed-voice.ts";

const ALICE = "200000000000000001";
const BOB = "200000000000000002";
const SILENCE = Buffer.from("f8fffe", "hex");
const OPUS = speech(1);

describe("a frame", () => {
  it("of comfort silence comes in the clear, whatever is encrypted", () => {
    for (const dave of [undefined, fakeDave([ALICE])])
      expect(openFrame(dave, ALICE, SILENCE)).toEqual({ kind: "opened", opus: SILENCE });
  });

  it("in the clear is opened if nothing is encrypted end to end, and named if it should be", () => {
    const dave = fakeDave([ALICE]);
    expect(openFrame(undefined, ALICE, OPUS)).toEqual({ kind: "opened", opus: OPUS });
    expect(openFrame(dave, ALICE, OPUS)).toEqual({ kind: "in_the_clear", opus: OPUS });
    dave.protocolVersion = 0;
    expect(openFrame(dave, ALICE, OPUS)).toEqual({ kind: "opened", opus: OPUS });
  });

  it("is opened by its sender's key, and by nobody else's", () => {
    const dave = fakeDave([ALICE, BOB]);
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: OPUS });
    expect(openFrame(dave, BOB, sealed(ALICE, OPUS))).toEqual({ kind: "refused" });
  });

  it("is opened by a key of a group that was left, also while the next group has none", () => {
    const dave = fakeDave([]);
    dave.former = [new FakeSession([BOB]), new FakeSession([ALICE])];
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: OPUS });
    dave.session.ready = false;
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: OPUS });
  });

  it("waits for a key while the group is being joined, and is refused when there is no group to join", () => {
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

  it("is not taken for opened if davey hands ciphertext back", () => {
    const dave = fakeDave([ALICE]);
    const ciphertext = sealed(ALICE, OPUS);
    dave.session.decrypt = (_, __, packet) => Buffer.from(packet);
    expect(openFrame(dave, ALICE, ciphertext)).toEqual({ kind: "refused" });
  });

  it("may have the form of an encrypted one when it is opened, or its length", () => {
    const dave = fakeDave([ALICE]);
    const inner = Buffer.concat([OPUS, SUPPLEMENT]);
    expect(openFrame(dave, ALICE, sealed(ALICE, inner))).toEqual({ kind: "opened", opus: inner });
    const sameLength = Buffer.alloc(sealed(ALICE, OPUS).length, 0x78);
    dave.session.decrypt = () => sameLength;
    expect(openFrame(dave, ALICE, sealed(ALICE, OPUS))).toEqual({ kind: "opened", opus: sameLength });
  });
});

describe("the sender of a frame", () => {
  it("is the one whose key opens it", () => {
    expect(findSender(fakeDave([ALICE, BOB]), sealed(BOB, OPUS), [ALICE, BOB])).toEqual({ userId: BOB, opus: OPUS });
  });

  it("is found in a group that was left, too", () => {
    const dave = fakeDave([ALICE]);
    dave.former = [new FakeSession([BOB])];
    expect(findSender(dave, sealed(BOB, OPUS), [ALICE, BOB])).toEqual({ userId: BOB, opus: OPUS });
  });

  it("is none of those who are not asked about, or whose key does not open it", () => {
    const dave = fakeDave([ALICE, BOB]);
    expect(findSender(dave, sealed(BOB, OPUS), [ALICE])).toBeUndefined();
    dave.session.keysOf.clear();
    expect(findSender(dave, sealed(BOB, OPUS), [ALICE, BOB])).toBeUndefined();
  });

  it("is not looked for among those who are not in the group: davey has no key of theirs", () => {
    const dave = fakeDave([ALICE]);
    expect(findSender(dave, sealed(BOB, OPUS), [BOB])).toBeUndefined();
    expect(dave.session.tries).toBe(0);
  });

  it("is nobody's if the frame is not encrypted, or no call is", () => {
    expect(findSender(undefined, sealed(BOB, OPUS), [BOB])).toBeUndefined();
    const dave = fakeDave([BOB]);
    dave.session.decrypt = (_, __, packet) => packet;
    expect(findSender(dave, OPUS, [BOB])).toBeUndefined();
  });
});
