import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundledPackages, licenseFile } from "../../tools/licenses.ts";

async function rootWith(packages: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [folder, files] of Object.entries(packages)) {
    await mkdir(join(root, folder), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(root, folder, name), text);
  }
  return root;
}

const about = (name: string, version: string, license: string, author?: unknown): string =>
  JSON.stringify({ name, version, license, author });

test("Each bundled package is listed once per version, with its licence and notice unchanged.", async () => {
  const root = await rootWith({
    "node_modules/b": { "package.json": about("b", "2.0.0", "ISC"), LICENSE: "Text of b", "NOTICE.md": "Notice of b" },
    "node_modules/@a/c": { "package.json": about("@a/c", "1.0.0", "MIT"), "license.txt": "Text of c" },
    "node_modules/@a/c/node_modules/b": { "package.json": about("b", "1.0.0", "ISC"), LICENCE: "Text of the old b" },
  });
  const inputs = [
    "src/errors.ts",
    "node_modules/b/index.js",
    "node_modules/b/lib/more.js",
    "node_modules/@a/c/index.js",
    "node_modules/@a/c/node_modules/b/index.js",
  ];
  const packages = await bundledPackages(root, inputs);
  expect(packages).toEqual([
    { name: "@a/c", version: "1.0.0", license: "MIT", texts: ["Text of c"] },
    { name: "b", version: "1.0.0", license: "ISC", texts: ["Text of the old b"] },
    { name: "b", version: "2.0.0", license: "ISC", texts: ["Text of b", "Notice of b"] },
  ]);
  expect(licenseFile(packages)).toContain("b 2.0.0\nLicence: ISC\n\nText of b\n\nNotice of b\n");
});

test("A package without a licence file gets the text from SPDX's list, with its author.", async () => {
  const root = await rootWith({
    "node_modules/a": { "package.json": about("a", "1.0.0", "MIT", { name: "Ann" }) },
    "node_modules/b": { "package.json": about("b", "1.0.0", "MIT") },
  });
  const [a, b] = await bundledPackages(root, ["node_modules/a/x.js", "node_modules/b/x.js"]);
  expect(a?.texts.join()).toContain("Copyright (c) Ann\n");
  expect(a?.texts.join()).toContain("to deal in the Software without restriction");
  expect(b?.texts.join()).toContain("Copyright (c) the authors of b\n");
});

test.each([
  ["no licence", JSON.stringify({ name: "a", version: "1.0.0" }), "has no name, version or licence"],
  ["one that nobody knows and no text", about("a", "1.0.0", "MINE"), "SPDX lists no licence MINE"],
])("The build fails with a package that has %s.", async (_, packageFile, message) => {
  const root = await rootWith({ "node_modules/a": { "package.json": packageFile } });
  await expect(bundledPackages(root, ["node_modules/a/x.js"])).rejects.toThrow(message);
});
