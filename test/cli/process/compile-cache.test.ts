import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { compileCacheFolder } from "../../../src/cli/process/compile-cache.ts";
import { runCommand } from "../../support/worker.ts";

test.each([
  ["linux", { HOME: "/home/ann" }, "/home/ann/.cache/meetbot-discord/compiled"],
  ["linux", { HOME: "/home/ann", XDG_CACHE_HOME: "/var/cache/ann" }, "/var/cache/ann/meetbot-discord/compiled"],
  ["linux", { HOME: "/home/ann", XDG_CACHE_HOME: "relative" }, "/home/ann/.cache/meetbot-discord/compiled"],
  ["linux", {}, undefined],
  ["linux", { HOME: "" }, undefined],
  ["linux", { HOME: "/nonexistent" }, undefined],
  ["darwin", { HOME: "/Users/ann" }, "/Users/ann/Library/Caches/meetbot-discord/compiled"],
  [
    "win32",
    { LOCALAPPDATA: "C:\\Users\\ann\\AppData\\Local" },
    "C:\\Users\\ann\\AppData\\Local\\meetbot-discord\\Cache\\compiled",
  ],
  ["win32", { HOME: "/home/ann" }, undefined],
] as const)("On %s with %j the compiled code is kept in %s.", (platform, environment, folder) => {
  const exists = (path: string) => path !== "/nonexistent";
  expect(compileCacheFolder({ platform, environment, exists })).toBe(folder);
});

describe("the shipped program", () => {
  async function home(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    return folder;
  }
  const TRACE = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };

  it("keeps its compiled code in the user's cache folder, and loads it from there at the next start", async () => {
    const environment = { HOME: await home(), ...TRACE };
    const first = await runCommand(["--help"], environment);
    expect(first.stderr).not.toContain("was accepted");
    const second = await runCommand(["--help"], environment);
    expect(second.stderr).toMatch(/program-\w+\.js was accepted/);
    expect(second.stderr).not.toContain("rejected");
    expect(second.stdout).toBe(first.stdout);
  });

  it("writes nothing if NODE_DISABLE_COMPILE_CACHE is 1, or if the environment has no home folder", async () => {
    const folder = await home();
    expect((await runCommand(["--version"], { HOME: folder, NODE_DISABLE_COMPILE_CACHE: "1" })).exitCode).toBe(0);
    expect((await runCommand(["--version"], {}, folder)).exitCode).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it("prints nothing if the folder cannot be written", async () => {
    const run = await runCommand(["--version"], { HOME: "/dev/null" });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const named = await runCommand(["--version"], { NODE_COMPILE_CACHE: "/dev/null/nowhere" });
    expect(named).toMatchObject({ exitCode: 0, stderr: "" });
  });
});
