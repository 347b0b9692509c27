import { describe, expect, it } from "vitest";
import { KeyHistory } from "../../../src/discord/dave/key-history.ts";
import type { DaveState } from "../../../src/discord/dave/open-frame.ts";
import { fakeDave } from "../../support/sealed-voice.ts";

const SELF = "200000000000000000";
const ALICE = "200000000000000001";
const BOB = "200000000000000002";
const NO_GROUP: DaveState = { protocolVersion: 1, session: undefined, former: [] };

function following(dave: DaveState | undefined): KeyHistory {
  const keys = new KeyHistory();
  keys.follow(() => dave);
  return keys;
}

describe("the history of a call's encryption", () => {
  it("is empty before a connection, and without encryption", () => {
    const nothing = { daveProtocolVersion: 0, epochs: 0, plaintextPackets: 0 };
    expect(new KeyHistory().summary()).toEqual(nothing);
    expect(following(undefined).summary()).toEqual(nothing);
  });

  it("counts each epoch once, from when its keys are ready", () => {
    const dave = fakeDave([SELF, ALICE]);
    dave.session.ready = false;
    const keys = following(dave);
    expect(keys.summary()).toMatchObject({ daveProtocolVersion: 1, epochs: 0 });
    dave.session.ready = true;
    keys.note();
    keys.note();
    expect(keys.summary().epochs).toBe(1);
    dave.session.epoch = 2n;
    expect(keys.summary().epochs).toBe(2);
    dave.session.epoch = null;
    expect(keys.summary().epochs).toBe(2);
  });

  it("continues across connections, whose groups count from the beginning", () => {
    const keys = following(fakeDave([SELF, ALICE]));
    keys.follow(() => fakeDave([SELF, ALICE]));
    expect(keys.summary()).toMatchObject({ daveProtocolVersion: 1, epochs: 2 });
    keys.follow(() => undefined);
    expect(keys.summary()).toMatchObject({ daveProtocolVersion: 1, epochs: 2 });
  });

  it("keeps the highest version of the call, and the state of its last connection", () => {
    const dave = fakeDave([SELF, ALICE]);
    dave.session.ready = false;
    const keys = following(dave);
    dave.session.ready = true;
    keys.follow(() => NO_GROUP);
    dave.protocolVersion = 0;
    keys.follow(() => dave);
    expect(keys.summary()).toMatchObject({ daveProtocolVersion: 1, epochs: 2 });
  });

  it("counts what was recorded unencrypted", () => {
    const keys = following(fakeDave([SELF]));
    keys.countPlaintext();
    keys.countPlaintext();
    expect(keys.summary().plaintextPackets).toBe(2);
  });
});

describe("keys", () => {
  it("are ready if the call needs none, or once the group is joined", () => {
    expect(new KeyHistory().hasKeys).toBe(true);
    expect(following(undefined).hasKeys).toBe(true);
    expect(following({ ...NO_GROUP, protocolVersion: 0 }).hasKeys).toBe(true);
    expect(following(fakeDave([SELF, ALICE])).hasKeys).toBe(true);
  });

  it("are missing while the group is being joined", () => {
    const joining = fakeDave([SELF, ALICE]);
    joining.session.ready = false;
    expect([following(NO_GROUP).hasKeys, following(joining).hasKeys]).toEqual([false, false]);
  });
});

describe("a member", () => {
  it("is outside the group if we are in it with others and they are not", () => {
    const keys = following(fakeDave([SELF, ALICE]));
    expect([keys.isOutsideGroup(ALICE), keys.isOutsideGroup(BOB)]).toEqual([false, true]);
  });

  it("is not called outside if we are in no group, or in one without others", () => {
    const joining = fakeDave([SELF, ALICE]);
    joining.session.ready = false;
    for (const dave of [undefined, NO_GROUP, joining, fakeDave([SELF])])
      expect(following(dave).isOutsideGroup(BOB)).toBe(false);
    const keys = following(fakeDave([SELF, ALICE]));
    keys.follow(() => NO_GROUP);
    expect(keys.isOutsideGroup(BOB)).toBe(false);
  });

  it("is judged by the newest group whose keys we have, while the next one is being made", () => {
    const dave = fakeDave([SELF, ALICE]);
    const keys = following(dave);
    dave.session.ready = false;
    keys.note();
    expect(keys.isOutsideGroup(BOB)).toBe(true);
  });
});
