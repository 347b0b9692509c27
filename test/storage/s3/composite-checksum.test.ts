import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CompositeChecksum } from "../../../src/storage/s3/composite-checksum.ts";

const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();

describe("CompositeChecksum", () => {
  it.each([
    ["a last part that is shorter", 25, 3],
    ["a last part that is whole", 20, 2],
    ["one part", 10, 1],
  ])("is the checksum of the parts' checksums, with %s, however the bytes arrive", (_, length, parts) => {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => index));
    const expected = sha256(
      Buffer.concat(Array.from({ length: parts }, (_, index) => sha256(bytes.subarray(index * 10, index * 10 + 10)))),
    );
    for (const step of [1, 3, 10, 25]) {
      const checksum = new CompositeChecksum(10);
      for (let at = 0; at < length; at += step) checksum.update(bytes.subarray(at, at + step));
      expect(checksum.digest()).toBe(`${expected.toString("base64")}-${parts}`);
    }
  });
});
