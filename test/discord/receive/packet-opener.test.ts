import { describe, expect, it } from "vitest";
import type { DaveState } from "../../../src/discord/dave/open-frame.ts";
import { NOT_TRIED, PacketOpener, TRIED_WITHOUT_SUCCESS } from "../../../src/discord/receive/packet-opener.ts";
import type { WaitingPacket } from "../../../src/discord/receive/waiting-room.ts";
import { fakeDave, sealed, speech } from "../../support/sealed-voice.ts";

const ALICE = "200000000000000001";
const BOB = "200000000000000002";
const STRANGER = "200000000000000009";
const SSRC = 5;
const OPUS = speech(1);
const SILENCE = Buffer.from("f8fffe", "hex");

function packet(payload: Buffer): WaitingPacket {
  const header = {
    ...{ padding: false, extension: false, marker: false, payloadType: 120, sequence: 1, rtpTimestamp: 0 },
    ...{ ssrc: SSRC, clearBytes: 12, extensionBodyBytes: 0 },
  };
  return { header, payload, arrivalMs: 7 };
}

function openerOf(dave: DaveState | undefined, candidates: readonly string[] = [ALICE, BOB], takesClear = false) {
  const asked: unknown[][] = [];
  const opener = new PacketOpener({
    dave: () => dave,
    candidates: () => candidates,
    takesClear: (...question) => {
      asked.push(question);
      return takesClear;
    },
  });
  const open = (payload: Buffer, nowMs = 0) => opener.open(packet(payload), nowMs);
  return { opener, open, asked };
}

describe("a claim", () => {
  it("is reported once, and again for another speaker", () => {
    const { opener } = openerOf(undefined);
    expect(opener.ownerOf(SSRC)).toBeUndefined();
    expect([ALICE, ALICE, BOB].map((userId) => opener.claim(SSRC, userId))).toEqual([true, false, true]);
    expect(opener.ownerOf(SSRC)).toBe(BOB);
  });
});

describe("a packet that nobody has claimed", () => {
  it("waits for its speaker if it is not encrypted", () => {
    expect(openerOf(undefined).open(OPUS)).toBe(TRIED_WITHOUT_SUCCESS);
    expect(openerOf(undefined).open(sealed(ALICE, OPUS))).toBe(TRIED_WITHOUT_SUCCESS);
    expect(openerOf(fakeDave([ALICE])).open(OPUS)).toBe(TRIED_WITHOUT_SUCCESS);
  });

  it("is dropped if it is only padding", () => {
    expect(openerOf(undefined).open(Buffer.alloc(0))).toEqual({ kind: "dropped", fate: "padding_only" });
  });

  it("belongs to the sender whose key opens it, which claims the SSRC", () => {
    const { opener, open } = openerOf(fakeDave([ALICE, BOB]));
    expect(open(sealed(BOB, OPUS))).toEqual({ kind: "opened", userId: BOB, opus: OPUS, by: "key", isNews: true });
    expect(opener.ownerOf(SSRC)).toBe(BOB);
  });

  it("is tried with the keys of those present, five packets in 100 ms", () => {
    const { open, opener } = openerOf(fakeDave([ALICE, BOB]), [ALICE]);
    for (let index = 0; index < 5; index += 1) expect(open(sealed(BOB, OPUS))).toBe(TRIED_WITHOUT_SUCCESS);
    expect(open(sealed(BOB, OPUS), 99)).toBe(NOT_TRIED);
    expect(open(sealed(BOB, OPUS), 100)).toBe(TRIED_WITHOUT_SUCCESS);
    for (let index = 0; index < 5; index += 1) open(sealed(BOB, OPUS), 100);
    expect(open(sealed(BOB, OPUS), 100)).toBe(NOT_TRIED);
    opener.searchAgain();
    expect(open(sealed(BOB, OPUS), 100)).toBe(TRIED_WITHOUT_SUCCESS);
  });
});

describe("a packet of a speaker", () => {
  it("is opened by their key, unencrypted or as silence", () => {
    const { opener, open, asked } = openerOf(fakeDave([ALICE]));
    opener.claim(SSRC, ALICE);
    expect(open(sealed(ALICE, OPUS))).toEqual({ kind: "opened", userId: ALICE, opus: OPUS, by: "key" });
    expect(open(SILENCE)).toEqual({ kind: "opened", userId: ALICE, opus: SILENCE, by: "silence" });
    expect(open(Buffer.alloc(0))).toEqual({ kind: "opened", userId: ALICE, opus: Buffer.alloc(0), by: "silence" });
    const clear = openerOf(undefined);
    clear.opener.claim(SSRC, ALICE);
    expect(clear.open(OPUS)).toEqual({ kind: "opened", userId: ALICE, opus: OPUS, by: "clear" });
    expect(clear.open(SILENCE)).toMatchObject({ by: "silence" });
    expect([...asked, ...clear.asked]).toEqual([]);
  });

  it("without encryption is kept or dropped in an encrypted call, as the caller decides", () => {
    const taking = openerOf(fakeDave([ALICE]), [ALICE], true);
    taking.opener.claim(SSRC, ALICE);
    expect(taking.open(OPUS)).toEqual({ kind: "opened", userId: ALICE, opus: OPUS, by: "clear" });
    expect(taking.asked).toEqual([[ALICE, 7, OPUS]]);
    const refusing = openerOf(fakeDave([ALICE]), [ALICE], false);
    refusing.opener.claim(SSRC, ALICE);
    expect(refusing.open(OPUS)).toEqual({ kind: "dropped", fate: "dave_plaintext" });
  });

  it("belongs to another member if their key opens it, which corrects the claim", () => {
    const { opener, open } = openerOf(fakeDave([ALICE, BOB]));
    opener.claim(SSRC, ALICE);
    expect(open(sealed(BOB, OPUS))).toEqual({ kind: "opened", userId: BOB, opus: OPUS, by: "key", isNews: true });
    expect(opener.ownerOf(SSRC)).toBe(BOB);
  });

  it("changes no claim if a key of a group that was left opens it for its own speaker", () => {
    const { opener, open } = openerOf(fakeDave([ALICE, BOB]));
    opener.claim(SSRC, BOB);
    expect(open(sealed(BOB, OPUS))).not.toHaveProperty("isNews", true);
  });

  it("is tried with other members' keys for two packets in 100 ms, and not again with its own key", () => {
    const dave = fakeDave([ALICE, BOB]);
    const { opener, open } = openerOf(dave);
    opener.claim(SSRC, ALICE);
    const triesOf = (nowMs: number): number => {
      const before = dave.session.tries;
      expect(open(sealed(STRANGER, OPUS), nowMs)).toBe(TRIED_WITHOUT_SUCCESS);
      return dave.session.tries - before;
    };
    expect([0, 0, 99, 100, 100, 100].map(triesOf)).toEqual([2, 2, 1, 2, 2, 1]);
  });

  it("waits while the group is being joined", () => {
    const dave = fakeDave([ALICE]);
    dave.session.ready = false;
    const { opener, open } = openerOf(dave);
    opener.claim(SSRC, ALICE);
    expect(open(sealed(ALICE, OPUS))).toBe(TRIED_WITHOUT_SUCCESS);
  });
});
