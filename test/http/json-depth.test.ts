import { expect, test } from "vitest";
import { isTooDeep } from "../../src/http/json-depth.ts";

test("Levels are counted as they are open at the same time, and not within texts.", () => {
  expect(isTooDeep('{"a":[{}]}', 3)).toBe(false);
  expect(isTooDeep('{"a":[{}]}', 2)).toBe(true);
  expect(isTooDeep(`[${"[],".repeat(1_000)}[]]`, 2)).toBe(false);
  expect(isTooDeep(JSON.stringify({ a: "[".repeat(100), 'b"[[[\\': "\\[" }), 1)).toBe(false);
  expect(isTooDeep('"\\\\"[[[', 2)).toBe(true);
});
