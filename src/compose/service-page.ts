import { readFile } from "node:fs/promises";
import { hasCode } from "../errors.ts";
import { PACKAGE_ROOT } from "../package/root.ts";
import type { PageAssets } from "../service/page/page-document.ts";

/**
 * Reads the bundle that `npm run build` makes of `src/service/page/browser/`.
 *
 * @returns undefined in a checkout in which it was not made: the API does without
 */
export async function readServicePage(): Promise<PageAssets | undefined> {
  const read = (name: string) => readFile(new URL(`dist/service/page/browser/${name}`, PACKAGE_ROOT), "utf8");
  try {
    const [script, style] = await Promise.all([read("main.js"), read("main.css")]);
    return { script, style };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
