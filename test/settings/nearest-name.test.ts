import { expect, test } from "vitest";
import { nearestName } from "../../src/settings/nearest-name.ts";

const KNOWN = ["MEETBOT_ROTATE", "MEETBOT_SPOOL_DIR", "MEETBOT_STORAGE_URI"];

test("A mistyped name is matched to the nearest one.", () => {
  expect(nearestName("MEETBOT_ROTAT", KNOWN)).toBe("MEETBOT_ROTATE");
  expect(nearestName("MEETBOT_SPOOLDIR", KNOWN)).toBe("MEETBOT_SPOOL_DIR");
});

test("Upper and lower case are equal.", () => {
  expect(nearestName("meetbot_rotate", KNOWN)).toBe("MEETBOT_ROTATE");
});

test("A name that differs in more than a third of its letters is not treated as a typo.", () => {
  expect(nearestName("MEETBOT_ABCDEFGHIJ", KNOWN)).toBeUndefined();
  expect(nearestName("x", KNOWN)).toBeUndefined();
});

test("If no names are known, none is suggested.", () => {
  expect(nearestName("MEETBOT_ROTATE", [])).toBeUndefined();
});
