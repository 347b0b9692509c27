import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { PACKAGE_ROOT } from "../package/root.ts";
import type { PageData } from "./page-data.ts";

/** The browser's code, bundled: one classic script and one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Reads the bundle that `npm run build` makes of `src/report/browser/`. */
export async function readPageAssets(): Promise<PageAssets> {
  const read = (name: string) => readFile(new URL(`dist/report/browser/${name}`, PACKAGE_ROOT), "utf8");
  const [script, style] = await Promise.all([read("main.js"), read("main.css")]);
  return { script, style };
}

/**
 * Larger sound is left out unless requested, because a browser keeps the whole page in memory, and a phone has little.
 */
export const MAX_EMBEDDED_BYTES = 500_000_000;

/** Identifies a file as a report; it is in the first bytes. */
export const GENERATOR_MARK = '<meta name="generator" content="meetbot-discord report">';

/** The page up to its audio. The script runs as soon as it is parsed, and does not wait for the rest. */
export function pageHead(data: PageData, { script, style }: PageAssets): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${GENERATOR_MARK}
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeText(`${data.channel}, ${data.guild}`)}</title>
<style>${style}</style>
</head>
<body>
<div id="report"><noscript>This report needs JavaScript. It fetches nothing from anywhere.</noscript></div>
<script type="application/json" id="recording">${embeddableJson(data)}</script>
<script>${script}</script>
`;
}

/** One line for each clip: see PageData.clips. Base64 cannot end the element. */
export function audioBlock(index: number, clips: readonly Buffer[]): string {
  const lines = clips.map((ogg) => ogg.toString("base64"));
  return `<script type="text/plain" id="audio-${index}">${lines.join("\n")}</script>\n`;
}

export const PAGE_END = "</body>\n</html>\n";

/**
 * JSON for a script element: nothing in it can end the element or begin a comment (HTML, "Restrictions
 * for contents of script elements"), and U+2028 and U+2029 end no line.
 */
export function embeddableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escapeText(text: string): string {
  return text.replaceAll(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** CSP 3: the hash of exactly the text between the tags. */
function hashSource(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}
