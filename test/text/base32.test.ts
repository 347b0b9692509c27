import { describe, expect, it } from "vitest";
import { crockford32 } from "../../src/text/base32.ts";

describe("Crockford's Base32", () => {
  it("writes 5 bits per character", () => {
    expect(crockford32(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff]), 8)).toBe("ZZZZZZZZ");
    expect(crockford32(Uint8Array.from([0b00001_000, 0b10_00011_0, 0b0100_0010, 0b1_0011000, 0b111_01000]), 8)).toBe(
      "12345678",
    );
  });

  it("refuses a number that does not fit", () => {
    expect(() => crockford32(Uint8Array.from([1]), 2)).toThrow("1 bytes have no 2 characters of 5 bits");
  });
});
