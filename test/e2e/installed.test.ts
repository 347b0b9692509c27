import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { NATIVE_PACKAGES } from "../../tools/bundled.ts";

const run = promisify(execFile);

const packed = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

let work: string;
let tarball: string;
let files: readonly string[];

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", work]);
  // What the build prints comes before it.
  const [{ filename, files: listed }] = packed.parse(JSON.parse(stdout.slice(stdout.indexOf("[\n"))));
  tarball = join(work, filename);
  files = listed.map(({ path }) => path);
}, 120_000);
afterAll(() => rm(work, { recursive: true }));

test("The package holds the bundle with its maps and licences, and neither sources nor type declarations.", () => {
  const code = files.filter((path) => path.startsWith("dist/"));
  expect(code).toEqual(expect.arrayContaining(["dist/cli/main.js", "dist/cli/main.js.map", "dist/LICENSES.txt"]));
  expect(code.filter((path) => path.endsWith(".map") && !code.includes(path.slice(0, -".map".length)))).toEqual([]);
  expect(files.filter((path) => /\.[cm]?ts$|^(src|tools)\//.test(path))).toEqual([]);
  expect(files.filter((path) => path.startsWith("test/") && !path.startsWith("test/fixtures/standup/"))).toEqual([]);
});

test("Packing leaves the source's package.json as it was.", async () => {
  const source = JSON.parse(await readFile("package.json", "utf8"));
  expect(source.dependencies).toHaveProperty(["discord.js"]);
  expect(source.scripts).toHaveProperty("build");
  expect(existsSync("package.source.json")).toBe(false);
});

/** Size of all files in a folder. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

test("Installed into an empty prefix, the program plays its demo and makes the report.", async ({ skip }) => {
  const prefix = join(work, "prefix");
  const installing = run("npm", ["install", "--global", "--prefix", prefix, "--prefer-offline", tarball]);
  await installing.catch((error: { stderr: string }) => {
    if (process.env.CI === "true" || !/ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN/.test(error.stderr)) throw error;
    skip("the registry cannot be reached");
  });
  const root = join(prefix, "lib/node_modules/meetbot-discord");
  const shipped = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(Object.keys(shipped.dependencies)).toEqual(NATIVE_PACKAGES);
  expect(shipped).not.toHaveProperty("private");
  expect(await bytesIn(root)).toBeLessThan(45e6);

  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, HOME: work };
  const program = join(prefix, "bin/meetbot-discord");
  const { stdout: version } = await run(program, ["--version"], { env, cwd: work });
  expect(version.trim()).toBe(shipped.version);
  const { stdout } = await run(program, ["demo"], { env, cwd: work });
  expect(stdout).toContain("packets: 1846 written, 0 lost");
  const [job = ""] = await readdir(join(work, "recordings"));
  await rm(join(work, "recordings", job, "report.html"));
  await run(program, ["report", join("recordings", job)], { env, cwd: work });
  expect(await readFile(join(work, "recordings", job, "report.html"), "utf8")).toContain("<title>");
}, 300_000);
