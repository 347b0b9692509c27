import { describe, expect, it } from "vitest";
import { StorageError } from "../../../src/errors.ts";
import { Uploader } from "../../../src/recording/job/uploader.ts";
import type { SpooledFile } from "../../../src/recording/ports/spool.ts";
import type { PutOptions, Storage } from "../../../src/recording/ports/storage.ts";
import { silentLog } from "../../support/silent-log.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

const file = (name: string, bytes = 10): SpooledFile => ({ name, path: name, bytes, sha256: "0".repeat(64) });

function upload(put: (file: SpooledFile, options: PutOptions) => Promise<void>) {
  const stored: string[] = [];
  const clock = new VirtualClock();
  const storage: Storage = {
    read: async () => undefined,
    has: async () => false,
    check: async () => undefined,
    uriOf: (name) => name,
    remove: async () => undefined,
    put: async (spooled, _contentType, options = {}) => {
      await put(spooled, options);
      stored.push(spooled.name);
    },
  };
  const uploader = new Uploader({
    storage,
    clock,
    log: silentLog,
    onStored: async () => undefined,
    onGone: async () => false,
  });
  return { uploader, clock, stored };
}

/** Lets time pass until it is done. */
async function passUntil<Value>(clock: VirtualClock, done: Promise<Value>): Promise<Value> {
  let over = false;
  void done.finally(() => {
    over = true;
  });
  while (!over) await clock.advance(1_000);
  return await done;
}

describe("Uploader", () => {
  it("retries during the whole recording if the storage is unreachable", async () => {
    let unreachable = true;
    let attempts = 0;
    const { uploader, clock, stored } = upload(async () => {
      attempts += 1;
      if (unreachable) throw new TypeError("unreachable");
    });
    for (let index = 0; index < 50; index += 1) uploader.add(file(`${index}`), "audio/ogg");
    for (let minute = 0; minute < 60; minute += 1) await clock.advance(60_000);
    expect(stored).toEqual([]);
    // Two at a time, at least half a minute and at most a minute apart: no tight loop.
    expect(attempts).toBeGreaterThan(100);
    expect(attempts).toBeLessThan(300);
    unreachable = false;
    await passUntil(clock, uploader.drain());
    expect(stored).toHaveLength(50);
    expect(uploader.failures).toEqual([]);
  });

  it("gives a file up after five more attempts once the recording is over", async () => {
    let attempts = 0;
    const { uploader, clock } = upload(async () => {
      attempts += 1;
      throw new TypeError("unreachable");
    });
    uploader.add(file("a"), "audio/ogg");
    await passUntil(clock, uploader.drain());
    expect(uploader.failures.map(({ name }) => name)).toEqual(["a"]);
    expect(attempts).toBeGreaterThanOrEqual(6);
    expect(attempts).toBeLessThanOrEqual(7);
  });

  it("tries again after the recording is over, even if the storage said it never will", async () => {
    let attempts = 0;
    const { uploader, clock } = upload(async () => {
      attempts += 1;
      throw new StorageError("access denied", false);
    });
    uploader.add(file("a"), "audio/ogg");
    await settle();
    expect(uploader.failures).toEqual([]);
    await passUntil(clock, uploader.drain());
    expect(uploader.failures).toHaveLength(1);
    expect(attempts).toBe(2);
  });

  it("cuts a long pause short when the recording ends", async () => {
    let unreachable = true;
    const { uploader, clock, stored } = upload(async () => {
      if (unreachable) throw new TypeError("unreachable");
    });
    uploader.add(file("a"), "audio/ogg");
    await clock.advance(3_600_000);
    unreachable = false;
    await uploader.drain();
    expect(stored).toEqual(["a"]);
  });

  it("stops at once when cancelled, and cancels the upload under way", async () => {
    const { uploader, stored } = upload(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    );
    for (const name of ["a", "b", "c"]) uploader.add(file(name), "audio/ogg");
    await settle();
    uploader.abort();
    await uploader.drain();
    expect(stored).toEqual([]);
    expect(uploader.failures.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  it("reports what waits and what is stored, down to the bytes of the current file", async () => {
    const [halfway, whole] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { uploader } = upload(async ({ name }, { onProgress }) => {
      if (name !== "b") return;
      onProgress?.(40);
      halfway.resolve();
      await whole.promise;
    });
    uploader.add(file("a", 10), "audio/ogg");
    uploader.add(file("b", 100), "audio/ogg");
    await halfway.promise;
    await settle();
    expect(uploader.progress).toEqual({
      waitingFiles: 1,
      waitingBytes: 60,
      storedFiles: 1,
      storedBytes: 50,
      failedFiles: 0,
    });
    whole.resolve();
    await uploader.drain();
    expect(uploader.progress).toEqual({
      waitingFiles: 0,
      waitingBytes: 0,
      storedFiles: 2,
      storedBytes: 110,
      failedFiles: 0,
    });
  });
});
