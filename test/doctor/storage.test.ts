import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkSpace, checkSpool, checkStorage } from "../../src/doctor/storage.ts";
import { InputError, JobError } from "../../src/errors.ts";
import type { Storage } from "../../src/recording/ports/storage.ts";
import { DiskSpool } from "../../src/storage/spool.ts";

const NO_LIMITS = { lowBytes: 0, stopBytes: 0 };

describe("the free space of the spool", () => {
  const limits = { lowBytes: 1_000_000_000, stopBytes: 100_000_000 };

  it.each([
    [1_000_000_000, "ok"],
    [999_999_999, "warn"],
    [100_000_000, "warn"],
    [99_999_999, "fail"],
  ])("%d bytes: %s", (freeBytes, status) => {
    expect(checkSpace(freeBytes, limits)).toMatchObject({ name: "spool space", status });
  });

  it("names MEETBOT_SPOOL_STOP_MB, and exits 1 as the job would", () => {
    expect(checkSpace(50_000_000, limits)).toMatchObject({
      detail: "50 MB are free, and MEETBOT_SPOOL_STOP_MB asks for 100 at least",
      exitCode: 1,
    });
  });
});

describe("the spool's folder", () => {
  it("warns about an unfinished job, which a start would finish instead", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await writeFile(join(folder, "journal.jsonl"), "");
    const [check] = await checkSpool(folder, () => DiskSpool.open(folder), NO_LIMITS);
    expect(check).toMatchObject({
      name: "spool",
      status: "warn",
      fix: expect.stringMatching(new RegExp(` recover ${folder}$`)),
    });
  });

  it("fails while another process holds it, and is free again after a check", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const open = () => DiskSpool.open(folder);
    await checkSpool(folder, open, NO_LIMITS);
    const holder = await open();
    const checks = await checkSpool(folder, open, NO_LIMITS);
    expect(checks).toMatchObject([
      { name: "spool", status: "fail", detail: expect.stringContaining("in use by process"), exitCode: 1 },
    ]);
    await holder.close();
  });
});

describe("a storage that refuses the test file", () => {
  it.each([
    [new InputError("MEETBOT_STORAGE_URI: there is no such bucket"), 1, "MEETBOT_STORAGE_URI"],
    [new JobError("auth_failure", "the store refuses the credentials"), 3, "AWS_ACCESS_KEY_ID"],
    [new JobError("network_loss", "nobody answers"), 2, "MEETBOT_S3_ENDPOINT"],
  ])("%s: exit code %d, and the message mentions %s", async (error, exitCode, named) => {
    const storage: Storage = {
      read: async () => undefined,
      has: async () => false,
      check: () => Promise.reject(error),
      uriOf: (name) => `s3://bucket/${name}`,
      put: async () => undefined,
      remove: async () => undefined,
    };
    const check = await checkStorage(storage);
    expect(check).toMatchObject({ status: "fail", detail: error.message, exitCode });
    expect(check.fix).toContain(named);
  });
});
