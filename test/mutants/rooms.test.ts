import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ROOMS } from "./rooms.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test.each(Object.entries(ROOMS))("The room '%s' has sources and tests", (_, { folder, files, alsoTests = [] }) => {
  const sources = (files ?? []).map((file) => `src/${folder}/${file}.ts`);
  const tests = [...(files ?? []), ...alsoTests].map((file) => `test/${folder}/${file}.test.ts`);
  expect([...sources, ...tests].filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  expect(readdirSync(`${root}src/${folder}`).filter((name) => name.endsWith(".ts"))).not.toEqual([]);
  expect(readdirSync(`${root}test/${folder}`).filter((name) => name.endsWith(".test.ts"))).not.toEqual([]);
});

test("No folder below a room is forgotten", () => {
  const folders = Object.values(ROOMS).map(({ folder }) => folder);
  const below = folders.flatMap((folder) =>
    readdirSync(`${root}src/${folder}`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}`),
  );
  expect(below.filter((folder) => !folders.includes(folder))).toEqual([]);
});
