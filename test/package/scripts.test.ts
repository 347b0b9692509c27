import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

test("The scripts of tests take options such as --version, which vitest ignores behind its command 'run'.", () => {
  for (const name of ["test", "image"]) expect(scripts[name]).toMatch(/^vitest --run --config /);
});
