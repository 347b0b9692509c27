import { mkdtempSync } from "node:fs";
import { chown, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { whyUnwritable } from "../src/unwritable.ts";

const own = mkdtempSync(join(tmpdir(), "meetbot-test-"));
const user = process.geteuid?.();
const group = process.getegid?.();
const failure = (code: string): Error => Object.assign(new Error(`${code}: what the system said`), { code });

describe("whyUnwritable", () => {
  it.skipIf(user === 0)("names root as the owner, and the command that gives the folder to this user", async () => {
    expect(await whyUnwritable("/no/such/folder", failure("EACCES"))).toBe(
      `/ belongs to user 0, and this process runs as user ${user}; run sudo chown ${user}:${group} / (with Docker: on the host's folder that is mounted there), or name another folder`,
    );
  });

  it.skipIf(user !== 0)("names the deepest existing folder, its owner, and how to run as that user", async () => {
    const theirs = mkdtempSync(join(tmpdir(), "meetbot test-"));
    await chown(theirs, 4321, 4322);
    expect(await whyUnwritable(join(theirs, "job", "chat"), failure("EACCES"))).toBe(
      `${theirs} belongs to user 4321, and this process runs as user 0; run sudo chown 0:0 '${theirs}' (with Docker: on the host's folder that is mounted there), run as that user (docker run --user 4321:4322), or name another folder`,
    );
  });

  it("keeps the system's message for this user's own folder, and adds a command", async () => {
    expect(await whyUnwritable(join(own, "job"), failure("EACCES"))).toBe(
      `EACCES: what the system said; try chmod u+rwx ${own}`,
    );
  });

  it("says that a file system is read-only", async () => {
    expect(await whyUnwritable(join(own, "job"), failure("EROFS"))).toBe(
      `${own} is mounted read-only; mount it so that it can be written to, or name another folder`,
    );
  });

  it.each([
    ["at its place", []],
    ["above it", ["job", "chat"]],
  ])("names a file that is %s", async (_, below) => {
    const file = join(mkdtempSync(join(tmpdir(), "meetbot-test-")), "spool");
    await writeFile(file, "");
    expect(await whyUnwritable(join(file, ...below), failure("EEXIST"))).toBe(
      `${file} is not a folder, expected one; remove it, or name another folder`,
    );
  });

  it("names a link to something that does not exist", async () => {
    const link = join(mkdtempSync(join(tmpdir(), "meetbot-test-")), "spool");
    await symlink("/no/such/folder", link);
    expect(await whyUnwritable(join(link, "job"), failure("EEXIST"))).toBe(
      `${link} is a link to something that does not exist; remove the link, or name another folder`,
    );
  });

  it("adds nothing for other reasons", async () => {
    expect(await whyUnwritable(join(own, "job"), failure("ENOSPC"))).toBe("ENOSPC: what the system said");
  });
});
