import { describe, expect, it } from "vitest";
import { compareSnowflakes, createSnowflake } from "../../../src/loopback/world/snowflake.ts";

describe("snowflakes", () => {
  it("contain their time, in milliseconds since 2015, above the lowest 22 bits", () => {
    const atMs = Date.parse("2026-01-01T00:00:00.000Z");
    expect((BigInt(createSnowflake(atMs)) >> 22n) + 1_420_070_400_000n).toBe(BigInt(atMs));
  });

  it("of the same moment differ", () => {
    const atMs = Date.parse("2026-01-01T00:00:00.000Z");
    expect(new Set(Array.from({ length: 1_000 }, () => createSnowflake(atMs))).size).toBe(1_000);
  });

  it("are compared as numbers, not as text", () => {
    expect(["100000000000000000", "99999999999999999"].sort(compareSnowflakes)).toEqual([
      "99999999999999999",
      "100000000000000000",
    ]);
    expect(compareSnowflakes("5", "5")).toBe(0);
  });
});
