import { expect, test } from "vitest";
import { asciiOf, isUnicode } from "../../../src/cli/view/charset.ts";

test.each([
  [{ LC_ALL: "C" }, false],
  [{ LC_ALL: "POSIX", LANG: "en_US.UTF-8" }, false],
  [{ LC_ALL: "", LC_CTYPE: "C", LANG: "en_US.UTF-8" }, false],
  [{ LANG: "de_DE.ISO-8859-1" }, false],
  [{ LANG: "en_US.UTF-8" }, true],
  [{ LC_ALL: "C.utf8" }, true],
  [{}, true],
])("With %j a terminal shows more than ASCII: %s.", (environment, expected) => {
  expect(isUnicode(environment)).toBe(expected);
});

test("In ASCII, each drawing character has a substitute, and other characters become question marks.", () => {
  expect(asciiOf("─── 1:05\n● ━━── Zoë 👩‍👩‍👧…")).toBe("--- 1:05\n* ##-- Zo? ?~");
});
