import { mkdtemp, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LOCK_FILE } from "../../src/session/job-files.ts";
import { SpoolLock } from "../../src/storage/spool-lock.ts";

const newFolder = () => mkdtemp(join(tmpdir(), "meetbot-test-"));

/** The lock of this process with something changed, as another process would have left it. */
async function leftBy(change: object): Promise<string> {
  const folder = await newFolder();
  const lock = await SpoolLock.acquire(folder);
  const holder = JSON.parse(await readFile(join(folder, LOCK_FILE), "utf8"));
  await lock.release();
  await writeFile(join(folder, LOCK_FILE), JSON.stringify({ ...holder, id: "another", ...change }));
  return folder;
}

describe("SpoolLock", () => {
  it("belongs to one process at a time, and leaves nothing behind", async () => {
    const folder = await newFolder();
    const lock = await SpoolLock.acquire(folder);
    await expect(SpoolLock.acquire(folder)).rejects.toThrow(`is in use by process ${process.pid}`);
    await lock.release();
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("can be inspected without being taken", async () => {
    const folder = await newFolder();
    expect(await SpoolLock.isHeld(folder)).toBe(false);
    const lock = await SpoolLock.acquire(folder);
    expect(await SpoolLock.isHeld(folder)).toBe(true);
    await lock.release();
    expect(await SpoolLock.isHeld(await leftBy({ pid: 4_194_305 }))).toBe(false);
  });

  it("is given to one of many concurrent requests", async () => {
    const folder = await newFolder();
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => SpoolLock.acquire(folder)));
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readdir(folder)).toEqual([LOCK_FILE]);
  });

  it.each([
    ["of a process that is gone", { pid: 4_194_305 }],
    ["of a process whose pid another one has by now", { startTicks: "1" }],
  ])("is taken over at once if it is that %s", async (_, change) => {
    const folder = await leftBy(change);
    const lock = await SpoolLock.acquire(folder);
    expect(await readdir(folder)).toEqual([LOCK_FILE]);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("of another container is respected as long as it is refreshed", async () => {
    const folder = await leftBy({ realm: "another container" });
    const path = join(folder, LOCK_FILE);
    const touching = setInterval(() => void utimes(path, new Date(), new Date()), 200);
    await expect(SpoolLock.acquire(folder)).rejects.toThrow("is in use by process");
    clearInterval(touching);
  });

  it("of another container is taken over when it is no longer refreshed", async () => {
    const folder = await leftBy({ realm: "another container" });
    const lock = await SpoolLock.acquire(folder);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ["zeros", Buffer.alloc(147)],
    ["nothing", Buffer.alloc(0)],
  ])("that contains %s after a loss of power is taken over when it is not refreshed", async (_, content) => {
    const folder = await newFolder();
    await writeFile(join(folder, LOCK_FILE), content);
    const lock = await SpoolLock.acquire(folder);
    await expect(SpoolLock.acquire(folder)).rejects.toThrow(`is in use by process ${process.pid}`);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("says what is wrong if the file is not a lock", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, LOCK_FILE), "something else");
    await expect(SpoolLock.acquire(folder)).rejects.toThrow(`${join(folder, LOCK_FILE)}: not a lock of this program`);
  });
});
