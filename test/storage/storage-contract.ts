import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import type { SpooledFile } from "../../src/recording/ports/spool.ts";
import type { Storage } from "../../src/recording/ports/storage.ts";

/** A storage under test, and a way to see what it holds without asking it. */
export interface StorageUnderTest {
  readonly storage: Storage;
  /** @returns undefined if nothing of that name is stored */
  stored(name: string): Promise<Buffer | undefined>;
}

/** The tests that every storage must pass. */
export function storageContract(create: () => Promise<StorageUnderTest>): void {
  it("stores a file's bytes under its name, whatever they are", async () => {
    const { storage, stored } = await create();
    await storage.check();
    for (const content of [Buffer.alloc(0), Buffer.from("text\0"), Buffer.alloc(3_000_000, 7)]) {
      await storage.put(await spooled("a.ogg", content), "audio/ogg");
      expect((await stored("a.ogg"))?.equals(content)).toBe(true);
    }
  });

  it("stores a file in a folder of the job's, with letters of any script in its name", async () => {
    const { storage, stored } = await create();
    const name = "attachments/1-протокол_встречи_2.txt";
    await storage.check();
    await storage.put(await spooled(name, Buffer.from("content")), "application/octet-stream");
    expect(await stored(name)).toEqual(Buffer.from("content"));
  });

  it("can be checked, and given a file, repeatedly", async () => {
    const { storage, stored } = await create();
    const file = await spooled("a.ogg", Buffer.from("same"));
    for (let round = 0; round < 3; round += 1) {
      await storage.check();
      await storage.put(file, "audio/ogg");
    }
    expect(await stored("a.ogg")).toEqual(Buffer.from("same"));
  });

  it("refuses a file whose content differs from what was recorded, and stores nothing", async () => {
    const { storage, stored } = await create();
    await storage.check();
    const file = await spooled("a.ogg", Buffer.from("whole"));
    await writeFile(file.path, "whol3");
    await expect(storage.put(file, "audio/ogg")).rejects.toThrow("a.ogg");
    await writeFile(file.path, "who");
    await expect(storage.put(file, "audio/ogg")).rejects.toThrow("a.ogg");
    expect(await stored("a.ogg")).toBeUndefined();
  });

  it("stores nothing after a cancellation, and removes what is already there", async () => {
    const { storage, stored } = await create();
    await storage.check();
    const file = await spooled("a.ogg", Buffer.from("content"));
    const signal = AbortSignal.abort(new Error("given up"));
    await expect(storage.put(file, "audio/ogg", { signal })).rejects.toThrow("given up");
    expect(await stored("a.ogg")).toBeUndefined();
    await storage.put(file, "audio/ogg");
    for (let round = 0; round < 2; round += 1) await storage.remove("a.ogg");
    expect(await stored("a.ogg")).toBeUndefined();
  });

  it("has a file, also an empty one, until the file is deleted", async () => {
    const { storage } = await create();
    await storage.put(await spooled("a.ogg", Buffer.alloc(1_000)), "audio/ogg");
    await storage.put(await spooled("b.ogg", Buffer.alloc(0)), "audio/ogg");
    expect([await storage.has("a.ogg"), await storage.has("b.ogg")]).toEqual([true, true]);
    await storage.remove("a.ogg");
    expect([await storage.has("a.ogg"), await storage.has("b.ogg")]).toEqual([false, true]);
  });

  it("reports how much of a file is stored, and all of it at the end", async () => {
    const { storage } = await create();
    await storage.check();
    const reported: number[] = [];
    const onProgress = (storedBytes: number): void => void reported.push(storedBytes);
    await storage.put(await spooled("a.ogg", Buffer.alloc(1_000)), "audio/ogg", { onProgress });
    expect(reported.at(-1)).toBe(1_000);
  });

  it("gives each file a unique address that ends in its name", async () => {
    const { storage } = await create();
    const uris = ["audio.1.ogg", "audio.1-2.ogg", "manifest.json"].map((name) => storage.uriOf(name));
    expect(new Set(uris).size).toBe(3);
    expect(uris[2]).toMatch(/^[a-z0-9]+:.*\/manifest\.json$/);
  });
}

/** A finished local file with this content. */
export async function spooled(name: string, content: Buffer): Promise<SpooledFile> {
  const path = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return { name, path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}
