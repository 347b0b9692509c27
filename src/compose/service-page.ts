import { readFile } from "node:fs/promises";
import { hasCode } from "../errors.ts";
import { PACKAGE_ROOT } from "../package/root.ts";
import type { PageAssets } from "../service/page/page-document.ts";

/**
 * Reads the bundle that `npm run build` makes of `src/service/page/browser/`.
 *
 * @returns undefined in a checkout in which it was not made: the API does without
 */
export function readServicePage(): Promise<PageAssets | undefined> {
  return readBundle("dist/service/page/browser/");
}

/** The same for the page of a link to a recording. */
export function readLinkPage(): Promise<PageAssets | undefined> {
  return readBundle("dist/service/page/browser/shared/");
}

async function readBundle(folder: string): Promise<PageAssets | undefined> {
  const read = (name: string) => readFile(new URL(`${folder}${name}`, PACKAGE_ROOT), "utf8");
  try {
    const [script, style] = await Promise.all([read("main.js"), read("main.css")]);
    return { script, style };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
