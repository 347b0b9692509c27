import { readFile } from "node:fs/promises";
import type { PageAssets } from "./html.ts";

/** Reads the browser's code as `npm run build` bundled it, which lies next to this file. */
export async function readPageAssets(): Promise<PageAssets> {
  const read = (name: string) => readFile(new URL(`browser/${name}`, import.meta.url), "utf8");
  const [script, style] = await Promise.all([read("main.js"), read("main.css")]);
  return { script, style };
}
