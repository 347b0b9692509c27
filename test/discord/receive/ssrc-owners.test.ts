import { expect, it } from "vitest";
import { SsrcOwners } from "../../../src/discord/receive/ssrc-owners.ts";

it("knows the newest owner of each SSRC", () => {
  const speakers = new SsrcOwners();
  expect(speakers.ownerOf(1)).toBeUndefined();
  speakers.prove(1, "ada");
  speakers.prove(2, "kenta");
  expect([speakers.ownerOf(1), speakers.ownerOf(2)]).toEqual(["ada", "kenta"]);
  speakers.prove(1, "kenta");
  expect(speakers.ownerOf(1)).toBe("kenta");
});

it("knows the last three former owners, the latest first", () => {
  const speakers = new SsrcOwners();
  for (const userId of ["ada", "kenta", "kenta", "mira", "ada", "noor", "lee"]) speakers.prove(1, userId);
  expect(speakers.formerOwnersOf(1)).toEqual(["noor", "ada", "mira"]);
  expect(speakers.formerOwnersOf(2)).toEqual([]);
});

it("never forgets the owner that the voice gateway named last", () => {
  const speakers = new SsrcOwners();
  speakers.announce(1, "ada");
  for (const userId of ["kenta", "mira", "noor", "lee", "sam"]) speakers.prove(1, userId);
  expect(speakers.formerOwnersOf(1)).toEqual(["lee", "noor", "mira", "ada"]);
  speakers.prove(1, "ada");
  expect(speakers.formerOwnersOf(1)).toEqual(["sam", "lee", "noor"]);
  speakers.announce(1, "kenta");
  for (const userId of ["mira", "noor", "lee", "sam"]) speakers.prove(1, userId);
  expect(speakers.formerOwnersOf(1)).toEqual(["lee", "noor", "mira", "kenta"]);
});

it("knows which of several senders a packet follows, by up to 256 packets", () => {
  const speakers = new SsrcOwners();
  speakers.prove(1, "ada");
  speakers.noteOpened(1, "ada", 65_530);
  expect([speakers.isShared(1), speakers.continuedBy(1, 65_531)]).toEqual([false, undefined]);
  speakers.prove(1, "kenta");
  speakers.noteOpened(1, "mira", 65_530);
  speakers.noteOpened(1, "kenta", 100);
  expect(speakers.isShared(1)).toBe(true);
  const followed = [65_530, 65_531, 0, 100, 101, 356, 357, 65_529].map((sequence) => speakers.continuedBy(1, sequence));
  expect(followed).toEqual([undefined, "ada", "ada", "ada", "kenta", "kenta", undefined, undefined]);
  expect(speakers.continuedBy(2, 1)).toBeUndefined();
});
