import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileStorage } from "../../src/storage/file.ts";
import { storageContract } from "./storage-contract.ts";

describe("FileStorage", () => {
  storageContract(async () => {
    const root = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    return {
      storage: new FileStorage(root, "job"),
      stored: (name) => readFile(join(root, "job", name)).catch(() => undefined),
    };
  });

  it("leaves nothing behind after a check", async () => {
    const root = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await new FileStorage(root, "job").check();
    expect(await readdir(root)).toEqual([]);
  });

  it("does not take a folder that is gone, as a disk that is not mounted, for deleted files", async () => {
    const root = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await expect(new FileStorage(root, "job").has("audio.1.ogg")).rejects.toThrow(
      `MEETBOT_STORAGE_URI: the folder ${join(root, "job")} is gone, and with it files that were stored in it; mount its disk`,
    );
  });

  it("never overwrites a finished recording", async () => {
    const root = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const storage = new FileStorage(root, "job");
    await mkdir(join(root, "job"));
    await writeFile(join(root, "job", "manifest.json"), "{}");
    await expect(storage.check()).rejects.toThrow(
      `MEETBOT_JOB_ID: the folder ${join(root, "job")} holds a finished recording already`,
    );
  });

  it("says which folder is not writable, and why", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "file");
    await writeFile(file, "");
    await expect(new FileStorage(file, "job").check()).rejects.toThrow(
      `MEETBOT_STORAGE_URI: cannot write to the folder ${join(file, "job")}: ${file} is not a folder, expected one`,
    );
  });
});
