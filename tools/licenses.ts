import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import licenses from "spdx-license-list/full.js";

/** A package that is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As SPDX names it. */
  readonly license: string;
  /** Its files of licences and notices, unchanged, or else the licence's text from SPDX's list. */
  readonly texts: readonly string[];
}

/** A package's folder within a path: the last `node_modules` counts. */
const FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENSE_FILE = /^(?:licen[cs]e|copying|notice)/i;

/** Compiled into a package that has no file about it. */
const COMPILED_IN: Readonly<Record<string, { name: string; license: string; holders: string }>> = {
  "opus-decoder": {
    name: "libopus",
    license: "BSD-3-Clause",
    holders:
      "Xiph.Org, Skype Limited, Octasic, Jean-Marc Valin, Timothy B. Terriberry, CSIRO, Gregory Maxwell, Mark Borgerding, Erik de Castro Lopo, Mozilla, Amazon",
  },
};

/**
 * The packages that a bundle was made of, by name and version.
 *
 * @param inputs paths of the bundled files, relative to the root, as esbuild lists them
 * @throws Error if a package has neither the text of its licence nor a licence that SPDX lists
 */
export async function bundledPackages(root: string, inputs: readonly string[]): Promise<BundledPackage[]> {
  const folders = new Set(inputs.flatMap((path) => FOLDER.exec(path)?.[0] ?? []));
  const packages = await Promise.all([...folders].map((folder) => readPackage(join(root, folder))));
  const byName = new Map(packages.map((each) => [`${each.name} ${each.version}`, each]));
  return [...byName.keys()].sort().flatMap((key) => byName.get(key) ?? []);
}

/** All licences as one text file. */
export function licenseFile(packages: readonly BundledPackage[]): string {
  const rule = "-".repeat(80);
  const sections = packages.map(
    ({ name, version, license, texts }) =>
      `${rule}\n${name} ${version}\nLicence: ${license}\n\n${texts.join("\n\n").trim()}\n`,
  );
  return `The programs, pages and the SDK in dist contain these packages.\n\n${sections.join("\n")}`;
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const { name, version, license, author } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (typeof name !== "string" || typeof version !== "string" || typeof license !== "string") {
    throw new Error(`${folder}/package.json has no name, version or licence`);
  }
  const files = (await readdir(folder)).filter((file) => LICENSE_FILE.test(file)).sort();
  const texts = await Promise.all(files.map(async (file) => (await readFile(join(folder, file), "utf8")).trim()));
  if (texts.length === 0) texts.push(textOf(license, holdersOf(name, author)));
  const within = COMPILED_IN[name];
  if (within !== undefined) {
    texts.push(`It contains ${within.name}, under ${within.license}:\n\n${textOf(within.license, within.holders)}`);
  }
  return { name, version, license, texts };
}

/** A license's text from SPDX's list, with its holders. */
function textOf(license: string, holders: string): string {
  const text = licenses[license]?.licenseText;
  if (text === undefined) throw new Error(`SPDX lists no licence ${license}`);
  return text.replaceAll(/<year> +<(?:copyright holders?|owner)>/g, holders).trim();
}

/** package.json: `author` is an object, or a text such as `Ann <ann@example.com> (https://example.com)`. */
function holdersOf(packageName: string, author: unknown): string {
  if (typeof author === "string") return author;
  if (typeof author === "object" && author !== null && "name" in author) return String(author.name);
  return `the authors of ${packageName}`;
}
