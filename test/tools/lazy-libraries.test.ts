import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { lazyLibraries } from "../../tools/lazy-libraries.ts";

const PROGRAM = `
  const undici = require("undici");
  const prism = require("prism-media");
  const { AsyncEventEmitter } = require("@vladfrangu/async_event_emitter");
  const kindOf = (value) => typeof value + " " + (value?.name ?? value?.constructor?.name);
  const exportsOf = (library) => Object.fromEntries(Object.keys(library).sort().map((key) => [key, kindOf(library[key])]));
  let refusal;
  try { new AsyncEventEmitter().emit("error", { code: 7 }); } catch (error) { refusal = error.message; }
  const found = { undici: exportsOf(undici), prism: exportsOf(prism), refusal };
  undici.fetch("data:text/plain,read").then((answer) => answer.text()).then((text) => {
    console.log(JSON.stringify({ ...found, text }));
  });
`;

/** What the program finds in the libraries, bundled with these plugins. */
async function found(plugins: Plugin[]): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const outfile = join(folder, "program.cjs");
  await build({
    stdin: { contents: PROGRAM, resolveDir: import.meta.dirname },
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["@discordjs/opus", "node-opus", "opusscript", "ffmpeg-static"],
    outfile,
    plugins,
    logLevel: "error",
  });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile]);
  return JSON.parse(stdout);
}

test("Libraries whose parts are loaded late have all exports of the unchanged ones.", async () => {
  const unchanged = await found([]);
  expect(unchanged).toMatchObject({ text: "read", undici: { request: expect.stringMatching(/^function/) } });
  expect(await found([lazyLibraries])).toEqual(unchanged);
});
