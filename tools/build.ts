import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { NATIVE_PACKAGES, OPTIONAL_PACKAGES } from "./bundled.ts";
import { llmsFullText, llmsText } from "./documents/llms.ts";
import { lazyLibraries } from "./lazy-libraries.ts";
import { bundledPackages, licenseFile } from "./licenses.ts";
import { declarations } from "./sdk/declarations.ts";
import { shortMapsOfPackages } from "./short-maps.ts";

/**
 * Makes `dist/`, which `npm start`, the package, the image and the tests run. esbuild bundles the worker with its
 * packages, in chunks that are loaded when they are needed, the browser's code of three pages (the report, the page of the
 * service, and the page of a link), and the SDK as one file. The texts for language models are made from `docs/`.
 *
 * docs/decisions/0013-bundle.md says why.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  metafile: true,
  logLevel: "warning",
  legalComments: "none",
};

/** Names are kept, because stacks and classes that are looked up by name need them. */
const WORKER: BuildOptions = {
  ...SHARED,
  entryPoints: { main: "src/cli/main.ts", "end-with-parent": "src/cli/process/end-with-parent.ts" },
  outdir: "dist/cli",
  platform: "node",
  target: "node24",
  format: "esm",
  splitting: true,
  chunkNames: "[name]-[hash]",
  minifySyntax: true,
  minifyWhitespace: true,
  external: [...NATIVE_PACKAGES, ...OPTIONAL_PACKAGES],
  // CommonJS packages call `require` for Node's own modules. Few chunks need one, and making it takes time.
  banner: {
    js: 'import{createRequire as requireOf}from"node:module";let madeRequire;const require=new Proxy(()=>{},{apply:(_,self,[id])=>(madeRequire??=requireOf(import.meta.url))(id),get:(_,key)=>(madeRequire??=requireOf(import.meta.url))[key]});',
  },
  sourcemap: "linked",
  sourcesContent: false,
};

const PAGE: BuildOptions = {
  ...SHARED,
  platform: "browser",
  target: "es2022",
  format: "iife",
  minify: true,
};

const REPORT: BuildOptions = {
  ...PAGE,
  entryPoints: ["src/report/browser/main.ts", "src/report/browser/main.css"],
  outdir: "dist/report/browser",
};

const SERVICE_PAGE: BuildOptions = {
  ...PAGE,
  entryPoints: ["src/service/page/browser/main.tsx", "src/service/page/browser/main.css"],
  outdir: "dist/service/page/browser",
  jsx: "automatic",
  jsxImportSource: "preact",
};

/** The page of a link to one recording. */
const LINK_PAGE: BuildOptions = {
  ...SERVICE_PAGE,
  entryPoints: ["src/service/page/browser/shared/main.tsx", "src/service/page/browser/shared/main.css"],
  outdir: "dist/service/page/browser/shared",
};

/** One file that runs wherever there is `fetch`. */
const SDK: BuildOptions = {
  ...SHARED,
  entryPoints: ["src/sdk/index.ts"],
  outdir: "dist/sdk",
  platform: "neutral",
  target: "es2022",
  format: "esm",
  sourcemap: "linked",
};

/**
 * The CommonJS files of packages that come in both forms. An import of Node's `http` by an ES module reads all its names,
 * and some of them load Node's own HTTP client.
 */
const commonJsOfDiscord: Plugin = {
  name: "commonjs-of-discord",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^@discordjs\/(rest|ws)$/ }, async ({ path, kind, resolveDir }) => {
      return kind === "require-call" ? undefined : await resolve(path, { kind: "require-call", resolveDir });
    });
  },
};

/** undici loads Node's HTTP/2 at its start, and uses it only if it is asked to. Without it undici does without. */
const noHttp2: Plugin = {
  name: "no-http2",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http2$/ }, ({ importer }) =>
      /[\\/]undici[\\/]/.test(importer) ? { path: "none", namespace: "http2" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "http2" }, () => ({ contents: "module.exports = { constants: {} };" }));
  },
};

await rm(new URL("../dist", import.meta.url), { recursive: true, force: true });
const builds = Promise.all([
  build({ ...WORKER, plugins: [commonJsOfDiscord, noHttp2, lazyLibraries, shortMapsOfPackages] }),
  build(SDK),
  build(REPORT),
  build(SERVICE_PAGE),
  build(LINK_PAGE),
]);
await declarations(new URL("../src/sdk/", import.meta.url), new URL("../dist/sdk/", import.meta.url));
const inputs = (await builds).flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
const { description } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
const folder = new URL("../", import.meta.url);
await writeFile(new URL("dist/llms.txt", folder), llmsText(folder, description));
await writeFile(new URL("dist/llms-full.txt", folder), llmsFullText(folder, description));
await writeFile(new URL("../dist/LICENSES.txt", import.meta.url), licenseFile(await bundledPackages(ROOT, inputs)));
