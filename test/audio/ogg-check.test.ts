import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../src/audio/ogg-check.ts";
import { buildPage, oggOpusFile, pagesOf } from "../support/ogg-pages.ts";

describe("a damaged file", () => {
  const file = oggOpusFile(
    Array.from({ length: 200 }, (_, index) => Buffer.from([0x78, index, 2, 3, 4, 5])),
    new Set([3, 50]),
  );

  it("is found out by any flipped bit, anywhere", () => {
    for (let byte = 0; byte < file.length; byte += 1) {
      const damaged = Buffer.from(file);
      damaged[byte] = (damaged[byte] ?? 0) ^ (1 << (byte % 8));
      expect(checkOggOpus(damaged).faults, `bit ${byte % 8} of byte ${byte}`).not.toEqual([]);
    }
  });

  it("is found out wherever it is cut", () => {
    for (let length = 0; length < file.length; length += 1) {
      expect(checkOggOpus(file.subarray(0, length)).faults, `cut at ${length}`).not.toEqual([]);
    }
  });

  it("is found out when pages are missing, doubled or in another order", () => {
    const pages = pagesOf(file).map(({ offset, bytes }) => file.subarray(offset, offset + bytes));
    for (let index = 0; index < pages.length; index += 1) {
      const page = pages[index] ?? file;
      const without = pages.toSpliced(index, 1);
      expect(checkOggOpus(Buffer.concat(without)).faults).not.toEqual([]);
      expect(checkOggOpus(Buffer.concat(pages.toSpliced(index, 0, page))).faults).not.toEqual([]);
      const moved = without.toSpliced((index + 1) % pages.length, 0, page);
      if (index + 1 < pages.length) expect(checkOggOpus(Buffer.concat(moved)).faults).not.toEqual([]);
    }
  });

  it("is found out when its granule positions do not count its samples", () => {
    const [head, tags, ...audio] = pagesOf(file);
    if (head === undefined || tags === undefined) throw new Error("a file has two header pages");
    const rebuilt = [head, tags, ...audio].map((page, index) =>
      buildPage({ ...page, packets: page.pieces, granulePosition: page.granulePosition + (index === 4 ? 960 : 0) }),
    );
    expect(checkOggOpus(Buffer.concat(rebuilt)).faults).toEqual([
      expect.stringMatching(/granule position \d+, but the packets add up to \d+/),
    ]);
  });
});
