import { expect, test } from "vitest";
import { bannedWords } from "../../tools/prose/banned-words.ts";
import { proseOf } from "../../tools/prose/source-prose.ts";

const SOURCE = [
  "/** Says `told` in code,", // 1
  " * and then again. */", // 2
  'const key = "a key";', // 3
  "// A comment of one line.", // 4
  'test("A title is a sentence.", () => {', // 5
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a template
  "  fail(`it took ${seconds} seconds or more`);", // 6
  "});",
].join("\n");

test("Comments, titles and texts of a source file are checked; short strings and code in backticks are not.", () => {
  const lines = proseOf("a.ts", SOURCE).map(({ line, text }) => [line, text.trim()]);
  expect(lines.toSorted()).toEqual(
    [
      [1, "/** Says  in code,"],
      [2, "* and then again. */"],
      [4, "// A comment of one line."],
      [5, "A title is a sentence."],
      [6, "it took … seconds or more"],
    ].toSorted(),
  );
});

function found(text: string): string {
  const words = bannedWords().flatMap(({ pattern }) => [...text.matchAll(pattern)].map(([word]) => word.toLowerCase()));
  return `\`${words.toSorted().join(", ")}\``;
}

test("The list of words finds what it names, and accepts ordinary sentences.", () => {
  // In backticks, so that `check:source-prose` does not read the words of these texts.
  expect(found("`It is tried anew, told of it, for want of keys, and shall take 30 s at the most.`")).toBe(
    "`anew, at the most, for want of, shall, told`",
  );
  expect(found("`This holds for bots alone, and stands beside it.`")).toBe("`alone, beside, stands`");
  expect(found("`undefined where there is none`")).toBe("`undefined where`");
  expect(found("The worker retries at most five times. Nobody is alone, and files are left alone.")).toBe("``");
});
