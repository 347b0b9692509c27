import { existsSync } from "node:fs";
import { copyFile, readFile, rename, writeFile } from "node:fs/promises";
import { NATIVE_PACKAGES } from "./bundled.ts";

/**
 * `node tools/publish.ts prepare|restore`: makes package.json what the package and the image hold, and brings the source's
 * own back. npm runs both around `npm pack` and `npm publish`; the image's build runs the first.
 *
 * In the source all packages of the worker are dependencies, so audits and updates look at them. In the package most of
 * them are in the bundle, and only the native packages are installed. docs/decisions/0013-bundle.md says why.
 */

const SHIPPED = new URL("../package.json", import.meta.url);
/** The source's, as long as the other is there. */
const KEPT = new URL("../package.source.json", import.meta.url);

/** Not needed by users of the package. */
const SOURCE_ONLY = ["scripts", "devDependencies", "overrides", "allowScripts"];

type PackageFile = Readonly<Record<string, unknown>> & { readonly dependencies: Readonly<Record<string, string>> };

export function publishedPackage(source: PackageFile): Record<string, unknown> {
  const rest = Object.fromEntries(Object.entries(source).filter(([key]) => !SOURCE_ONLY.includes(key)));
  const dependencies = Object.fromEntries(NATIVE_PACKAGES.map((name) => [name, source.dependencies[name]]));
  return { ...rest, dependencies };
}

async function prepare(): Promise<void> {
  // Left by a pack that was interrupted.
  if (existsSync(KEPT)) await restore();
  await copyFile(SHIPPED, KEPT);
  const source = JSON.parse(await readFile(KEPT, "utf8"));
  await writeFile(SHIPPED, `${JSON.stringify(publishedPackage(source), null, 2)}\n`);
}

async function restore(): Promise<void> {
  await rename(KEPT, SHIPPED);
}

const STEPS: Readonly<Record<string, () => Promise<void>>> = { prepare, restore };

if (import.meta.main) {
  const step = STEPS[process.argv[2] ?? ""];
  if (step === undefined) throw new Error(`expected ${Object.keys(STEPS).join(" or ")}`);
  await step();
}
