import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import { PACKAGE_ROOT } from "./root.ts";

/** The folder of the bundle: its files and the maps next to them. */
const BUNDLE = new URL("dist/cli/", PACKAGE_ROOT).href;
/** A place in a stack: a file's URL, line and column, both from 1. */
const PLACE = /(file:\/\/[^\s()]+?\.js):(\d+):(\d+)/g;

/** A map is some megabytes in memory, and is needed for one error. Garbage collection may take it. */
const maps = new Map<string, WeakRef<SourceMap>>();

/**
 * A stack with places in the source instead of in the bundle: `src/recording/recorder.ts:120:9`. Locations outside the
 * bundle do not change.
 *
 * Node's own `--enable-source-maps` reads every map when the worker starts, which costs time and memory in every job.
 * This reads the maps of the files that one error names.
 *
 * @param bundle URL of the folder of the bundle, which ends with a slash
 */
export function readableStack(stack: string, bundle = BUNDLE): string {
  return stack.replaceAll(PLACE, (place: string, file: string, line: string, column: string) => {
    if (!file.startsWith(bundle)) return place;
    // Maps count lines and columns from 0, stacks from 1.
    const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !("originalSource" in entry)) return place;
    const source = new URL(entry.originalSource, file).href.replace(PACKAGE_ROOT.href, "");
    // For a package's file the map has only the name (tools/build.ts).
    if (source.startsWith("node_modules/")) return `${source} in ${place}`;
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

/** @param file URL of a file of the bundle */
function mapOf(file: string): SourceMap | undefined {
  const known = maps.get(file)?.deref();
  if (known !== undefined) return known;
  try {
    const map = new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${file}.map`), "utf8")));
    maps.set(file, new WeakRef(map));
    return map;
  } catch {
    // Without its map only the location in the bundle can be shown.
    return undefined;
  }
}
