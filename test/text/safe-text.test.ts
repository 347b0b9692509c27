import fc from "fast-check";
import { expect, test } from "vitest";
import { boundedName, cutToBytes, printable, printableLines } from "../../src/text/safe-text.ts";

test.each([
  ["\u001b]0;PWNED\u0007\u001b[2J", "\ufffd]0;PWNED\ufffd\ufffd[2J"],
  ["\u009b5;5H", "\ufffd5;5H"],
  ["a\u0000b\r\n\t", "a\ufffdb\ufffd\ufffd\ufffd"],
  ["\u202egnp.exe\u2066", "\ufffdgnp.exe\ufffd"],
  ["a\u2028b\ud800", "a\ufffdb\ufffd"],
  ["Zoë 健太 شادي 👩‍👩‍👧", "Zoë 健太 شادي 👩‍👩‍👧"],
])("%j appears on a terminal as %j", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test("Our own line breaks are kept", () => {
  expect(printableLines("2 problems:\n  - a\u001bb")).toBe("2 problems:\n  - a\ufffdb");
});

test("A name has a maximum length and no control characters", () => {
  expect(boundedName("Ada")).toBe("Ada");
  expect(boundedName("🎵".repeat(100))).toBe("🎵".repeat(100));
  expect(boundedName("🎵".repeat(101))).toBe(`${"🎵".repeat(99)}…`);
  expect(boundedName("A".repeat(1_000_000))).toBe(`${"A".repeat(99)}…`);
  expect(boundedName("a\nb\u009bc")).toBe("a\ufffdb\ufffdc");
});

test("Text is cut to a number of bytes between characters, and no shorter than needed", () => {
  expect(cutToBytes("aé🎵", 6)).toBe("aé");
  expect(cutToBytes("A".repeat(1_000_000), 80)).toHaveLength(80);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 50 }), fc.nat(120), (text, maxBytes) => {
      const cut = cutToBytes(text, maxBytes);
      expect(text.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
      const [next = ""] = text.slice(cut.length);
      const whole = String.fromCodePoint(text.codePointAt(cut.length) ?? 0);
      if (next !== "") expect(Buffer.byteLength(cut + whole)).toBeGreaterThan(maxBytes);
    }),
  );
});
