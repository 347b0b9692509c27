import { readFile } from "node:fs/promises";
import { hasCode } from "../errors.ts";
import { PACKAGE_ROOT } from "../package/root.ts";

/**
 * Reads a document that ships with the package. The texts in `dist/` are made by `npm run build`.
 *
 * @param path from the package's folder on
 * @returns undefined if it does not exist
 */
export async function readPackageDocument(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(new URL(path, PACKAGE_ROOT));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
