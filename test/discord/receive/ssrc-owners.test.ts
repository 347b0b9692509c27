import { expect, it } from "vitest";
import { SsrcOwners } from "../../../src/discord/receive/ssrc-owners.ts";

it("knows the newest owner of each SSRC", () => {
  const speakers = new SsrcOwners();
  expect(speakers.ownerOf(1)).toBeUndefined();
  speakers.claim(1, "ada");
  speakers.claim(2, "kenta");
  expect([speakers.ownerOf(1), speakers.ownerOf(2)]).toEqual(["ada", "kenta"]);
  speakers.claim(1, "kenta");
  expect(speakers.ownerOf(1)).toBe("kenta");
});

it("knows the last three former owners, the latest first", () => {
  const speakers = new SsrcOwners();
  for (const userId of ["ada", "kenta", "kenta", "mira", "ada", "noor", "lee"]) speakers.claim(1, userId);
  expect(speakers.formerOwnersOf(1)).toEqual(["noor", "ada", "mira"]);
  expect(speakers.formerOwnersOf(2)).toEqual([]);
});
