import { expect, test } from "vitest";
import { columnsOf } from "../../../src/cli/view/text-width.ts";

test.each([
  ["", 0],
  ["Ada", 3],
  ["Zoë", 3],
  ["Zoe\u0308", 3],
  ["健太 Kenta", 10],
  ["Jukebox 🎵", 10],
  ["한국", 4],
  ["━●─·", 4],
  ["👩‍👩‍👧‍👦", 2],
  ["🇩🇪", 2],
  ["👍🏽", 2],
])("%s takes %i columns.", (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});
