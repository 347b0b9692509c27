import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** `{"version":3,"sources":[""],"mappings":"AAAA"}`: everything of the file comes from its first line. */
export const FIRST_LINE_MAP =
  "\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIiJdLCJtYXBwaW5ncyI6IkFBQUEifQ==";

/** For files of packages the maps name only the file. Nobody has their sources, and all places take nine times the space. */
export const shortMapsOfPackages: Plugin = {
  name: "short-maps-of-packages",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")) + FIRST_LINE_MAP,
      loader: "default",
    }));
  },
};
