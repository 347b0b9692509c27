import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { readdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, readBounded } from "../src/files.ts";
import { missing } from "./support/audio-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "meetbot-test-"));

describe("readBounded", () => {
  it("reads a file up to its limit, and refuses a longer one", () => {
    const path = join(folder, "file");
    writeFileSync(path, "12345");
    expect(readBounded(path, 5).toString()).toBe("12345");
    expect(() => readBounded(path, 4)).toThrow("it has more than 4 bytes");
  });

  it.each([
    ["/dev/zero", "it is a device"],
    [folder, "it is a folder"],
  ])("refuses %s, which is endless or has no content", (path, reason) => {
    expect(() => readBounded(path, 10)).toThrow(reason);
  });

  it.skipIf(missing("mkfifo"))("reads what a pipe sends, however late, and gives up on one that sends nothing", () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    expect(() => readBounded(path, 10)).toThrow("it is a pipe that sent nothing, or did not end, in 5 s");
    spawn("sh", ["-c", `sleep 0.2; printf secret > ${path}`]);
    expect(readBounded(path, 10).toString()).toBe("secret");
  });
});

describe("makeFolder", () => {
  it("makes missing parents, and says whether the folder is new", async () => {
    const path = join(folder, "a", "b", "c");
    expect(await makeFolder(path)).toBe(true);
    expect(await makeFolder(path)).toBe(false);
    expect(await readdir(path)).toEqual([]);
  });

  it("follows links to folders, and refuses a dangling link", async () => {
    await symlink(join(folder, "a"), join(folder, "link"));
    expect(await makeFolder(join(folder, "link", "new"))).toBe(true);
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    await expect(makeFolder(join(folder, "dangling"))).rejects.toMatchObject({ code: "EEXIST" });
  });

  it.each([
    ["/proc/nowhere/job", "ENOENT"],
    ["/dev/null/job", "ENOTDIR"],
    ["/dev/null", "EEXIST"],
  ])("fails with the system's message if no folder can be made: %s", async (path, code) => {
    await expect(makeFolder(path)).rejects.toMatchObject({ code });
  });
});
