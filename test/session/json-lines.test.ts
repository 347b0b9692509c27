import { describe, expect, it } from "vitest";
import * as z from "zod";
import { readJsonLines } from "../../src/session/json-lines.ts";

const schema = z.object({ n: z.number() });
const read = (text: string) => readJsonLines(Buffer.from(text, "utf8"), schema);

describe("readJsonLines", () => {
  it("reads a clean file", () => {
    expect(read('{"n":1}\n{"n":2}\n')).toEqual({
      lines: [{ n: 1 }, { n: 2 }],
      refused: [],
      refusedCount: 0,
      unreadCount: 0,
      wholeBytes: 16,
      isClean: true,
    });
    expect(read("")).toEqual({ lines: [], refused: [], refusedCount: 0, unreadCount: 0, wholeBytes: 0, isClean: true });
  });

  it("accepts an unterminated last line, but does not call the file clean", () => {
    expect(read('{"n":1}\n{"n":2}')).toEqual({
      lines: [{ n: 1 }, { n: 2 }],
      refused: [],
      refusedCount: 0,
      unreadCount: 0,
      wholeBytes: 8,
      isClean: false,
    });
  });

  it("refuses a torn line and a malformed one, by number and in a sentence", () => {
    const { lines, refused, isClean } = read('{"n":1}\n\n{"n":"x"}\n{"n":');
    expect(lines).toEqual([{ n: 1 }]);
    expect(refused).toEqual([
      { number: 3, problem: "n: Invalid input: expected number, received string" },
      { number: 4, problem: expect.stringContaining("JSON") },
    ]);
    expect(isClean).toBe(false);
    expect(read("7\n").refused).toEqual([{ number: 1, problem: expect.stringMatching(/^the line: /) }]);
  });

  it("finds lines between the zeros that a loss of power leaves", () => {
    const { lines, refused, isClean } = read('{"n":1}\n\0\0\0{"n":2}\n\0\0');
    expect(lines).toEqual([{ n: 1 }, { n: 2 }]);
    expect(refused).toEqual([]);
    expect(isClean).toBe(false);
    expect(read("\0\0\n").isClean).toBe(false);
  });

  it("counts all refused lines, and keeps the first 100", () => {
    const wrong = '{"n":"x"}\n';
    const { lines, refused, refusedCount } = read(`${wrong.repeat(150)}{"n":1}\n\0x\0x\n${wrong.repeat(50)}`);
    expect(lines).toEqual([{ n: 1 }]);
    expect(refused).toHaveLength(100);
    expect(refused.at(-1)).toMatchObject({ number: 100 });
    expect(refusedCount).toBe(201);
  });

  it.each([
    ["lines", "x\n", 30_000, 30_001],
    ["pieces of one line that zeros part", "x\0", 30_000, 2],
  ])("stops after 10,000 wrong %s, and counts the remaining lines", (_, wrong, count, lineCount) => {
    let read = 0;
    const counting = {
      safeParse: (line: unknown) => {
        read += 1;
        return schema.safeParse(line);
      },
    };
    const bytes = Buffer.from(`{"n":1}\n${wrong.replace("x", "7").repeat(count)}\n\n{"n":2}\n`);
    const { lines, refused, refusedCount, unreadCount } = readJsonLines(bytes, counting);
    expect(lines).toEqual([{ n: 1 }]);
    expect(read).toBe(10_001);
    expect(refused.length).toBeLessThanOrEqual(100);
    expect(refusedCount).toBe(lineCount);
    expect(unreadCount).toBe(lineCount === 2 ? 1 : 20_001);
  });

  it("skips empty lines and keeps the numbers of the others", () => {
    const { lines, refused } = read(`${"\n".repeat(1_000_000)}{"n":1}\n\nx\n`);
    expect(lines).toEqual([{ n: 1 }]);
    expect(refused).toMatchObject([{ number: 1_000_003 }]);
  });

  it("refuses a line that is too long, and reads the next one", () => {
    const longest = Buffer.concat([Buffer.from('{"n":1}'), Buffer.alloc(16_000_000 - 7, " ")]);
    expect(readJsonLines(longest, schema).lines).toEqual([{ n: 1 }]);
    const long = Buffer.concat([longest, Buffer.from(" ")]);
    const { lines, refused } = readJsonLines(Buffer.concat([long, Buffer.from('\n{"n":2}\n')]), schema);
    expect(lines).toEqual([{ n: 2 }]);
    expect(refused).toEqual([{ number: 1, problem: "longer than 16000000 bytes" }]);
  });
});
