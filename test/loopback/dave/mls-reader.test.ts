import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedMls, MlsReader, mlsVector } from "../../../src/loopback/dave/mls-reader.ts";

describe("MLS vectors", () => {
  it("round-trip at any length", () => {
    for (const length of [0, 1, 63, 64, 16_383, 16_384, 70_000]) {
      const bytes = Buffer.alloc(length, 7);
      const reader = new MlsReader(mlsVector(bytes));
      expect(reader.vector().equals(bytes)).toBe(true);
      expect(reader.atEnd).toBe(true);
    }
  });

  it("use the shortest length encoding that RFC 9420 §2.1.2 allows", () => {
    expect(mlsVector(Buffer.alloc(37)).subarray(0, 1).toString("hex")).toBe("25");
    // RFC 9000 §A.1, the same encoding: 15,293 is 0x7bbd, 494,878,333 is 0x9d7f3e7d.
    expect(mlsVector(Buffer.alloc(15_293)).subarray(0, 2).toString("hex")).toBe("7bbd");
    expect(mlsVector(Buffer.alloc(16_384)).subarray(0, 4).toString("hex")).toBe("80004000");
  });

  it("that end too early are malformed, and nothing else is thrown", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const reader = new MlsReader(Buffer.from(bytes));
        try {
          for (;;) reader.vector();
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMls);
        }
      }),
    );
  });
});
