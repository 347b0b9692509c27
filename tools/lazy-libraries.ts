import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";
import { FIRST_LINE_MAP } from "./short-maps.ts";

/** A property that loads its module when it is read for the first time. */
const lazily = (name: string, value: string): string =>
  `Object.defineProperty(module.exports,"${name}",{get:()=>${value},enumerable:true,configurable:true});`;

/**
 * Of undici a job uses `request`, `Agent`, `Headers` and `FormData`. The index loads fetch, WebSocket, cookies, caches and
 * mocks too.
 */
function lazyUndici(source: string): string {
  const expressions = new Map<string, string>();
  return source
    .replaceAll(
      /^const (?:\{ ([\w, ]+) \}|(\w+)) = (require\('\.\/lib\/(?:web|mock)\/[\w/-]+'\)(?:\.\w+)?)$/gm,
      (_line, names: string | undefined, name: string, value: string) => {
        for (const one of names?.split(", ") ?? []) expressions.set(one, `${value}.${one}`);
        if (names === undefined) expressions.set(name, value);
        return "";
      },
    )
    .replaceAll(/^module\.exports\.(\w+) = (\w+)$/gm, (line, name: string, variable: string) => {
      const value = expressions.get(variable);
      return value === undefined ? line : lazily(name, value);
    })
    .replaceAll(
      /^module\.exports\.(\w+) = (require\('\.\/lib\/web\/[\w/-]+'\)\.\w+)$/gm,
      (_line, name: string, value: string) => lazily(name, value),
    )
    .replaceAll(/await fetchImpl\(/g, `await ${expressions.get("fetchImpl")}(`)
    .replaceAll(
      /^module\.exports\.(caches) = new CacheStorage\(kConstruct\)$/gm,
      lazily("$1", `new (${expressions.get("CacheStorage")})(${expressions.get("kConstruct")})`),
    );
}

/** @discordjs/ws brings a copy of Node's own `inspect`, for places without Node. */
function inspectOfNode(source: string): string {
  return source
    .replace(/^var require_inspect = (?=__commonJS\()/m, "$&/* @__PURE__ */ ")
    .replace(
      /^var import_inspect = __toESM\(require_inspect\(\), 1\);$/m,
      'var import_inspect = { default: require("node:util") };',
    );
}

/** Only a spoken notice needs a part of prism-media. */
function lazyPrism(source: string): string {
  return source
    .replaceAll(/^ {2}(\w+): (require\('[./\w]+'\)),$/gm, "  get $1() { return $2; },")
    .replace(
      "  ...require('./core'),\n",
      ["FFmpeg", "VolumeTransformer"]
        .map((name) => `  get ${name}() { return require('./core').${name}; },\n`)
        .join(""),
    );
}

/**
 * @discordjs/rest looks whether `FormData` is there. Node would answer by loading the HTTP client that is built into it, next
 * to the same client that @discordjs/rest brings: 2 MB that nothing uses. The name has to be deleted first: Node loads
 * its own also if the name is only assigned.
 */
function ownFormData(source: string): string {
  return source.replace(/^globalThis\.FormData \?\?= /m, "delete globalThis.FormData;\nglobalThis.FormData = ");
}

const CHANGES: Readonly<Record<string, (source: string) => string>> = {
  "undici/index.js": lazyUndici,
  "@discordjs/rest/dist/index.js": ownFormData,
  "@vladfrangu/async_event_emitter/dist/index.cjs": inspectOfNode,
  "prism-media/src/index.js": lazyPrism,
};

/**
 * Packages of which every worker would load parts that few or none of them use. docs/develop/performance.md says what
 * each saves.
 */
export const lazyLibraries: Plugin = {
  name: "lazy-libraries",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](?:undici|prism-media|async_event_emitter|rest)[\\/].*index\.c?js$/ }, async ({ path }) => {
      const [, ...ofPackages] = path.replaceAll("\\", "/").split("node_modules/");
      const change = CHANGES[ofPackages.join("")];
      if (change === undefined) return undefined;
      const source = await readFile(path, "utf8");
      const contents = change(source);
      if (contents === source) throw new Error(`${path} has changed: look at tools/lazy-libraries.ts`);
      return { contents: contents + FIRST_LINE_MAP, loader: "default" };
    });
  },
};
