import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DiskSpool } from "../../src/storage/spool.ts";

const openSpool = async () => DiskSpool.open(join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "job"));

describe("DiskSpool", () => {
  it("keeps the order of writes, replaces the last one, and tells size and hash of what is on disk", async () => {
    const spool = await openSpool();
    const writer = spool.create("a.bin");
    for (let index = 0; index < 500; index += 1) {
      writer.append(Buffer.from(`line ${index}\n`));
      if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (index % 7 === 0) writer.replaceLast(Buffer.from(`LINE ${index}\n`));
    }
    const file = await writer.close();
    const expected = Array.from({ length: 500 }, (_, index) => `${index % 7 === 0 ? "LINE" : "line"} ${index}\n`).join(
      "",
    );
    const onDisk = await readFile(file.path, "utf8");
    expect(onDisk).toBe(expected);
    expect(file).toMatchObject({ name: "a.bin", bytes: expected.length });
    expect(file.sha256).toBe(createHash("sha256").update(expected).digest("hex"));
    expect(await writer.close()).toBe(file);
  });

  it("refuses to replace the last write by another length", async () => {
    const spool = await openSpool();
    const writer = spool.create("a.bin");
    writer.append(Buffer.from("four"));
    expect(() => writer.replaceLast(Buffer.from("three"))).toThrow("5 bytes cannot replace the last 4");
    await writer.close();
  });

  it("never overwrites a file, and says so when the writer is closed", async () => {
    const spool = await openSpool();
    await writeFile(join(spool.directory, "a.bin"), "precious");
    const writer = spool.create("a.bin");
    writer.append(Buffer.from("other"));
    await expect(writer.close()).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(join(spool.directory, "a.bin"), "utf8")).toBe("precious");
  });

  it("refuses a folder in which an earlier run of the job left files, and touches none of them", async () => {
    const spool = await openSpool();
    await writeFile(join(spool.directory, "audio.1.ogg"), "precious");
    await expect(DiskSpool.open(spool.directory)).rejects.toThrow(
      `MEETBOT_SPOOL_DIR: ${spool.directory} holds audio.1.ogg of an earlier run of this job`,
    );
    expect(await readFile(join(spool.directory, "audio.1.ogg"), "utf8")).toBe("precious");
  });

  it("says which folder it cannot make", async () => {
    await expect(DiskSpool.open("/dev/null/job")).rejects.toThrow(
      "MEETBOT_SPOOL_DIR: cannot make the folder /dev/null/job: ",
    );
  });

  it("gives its folder back when everything was removed, and keeps it otherwise", async () => {
    const spool = await openSpool();
    const [kept, removed] = await Promise.all(["kept", "removed"].map((name) => spool.create(name).close()));
    if (kept === undefined || removed === undefined) throw new Error("two files were made");
    await spool.remove(removed);
    await spool.close();
    expect(await readdir(spool.directory)).toEqual(["kept"]);
    await spool.remove(kept);
    await spool.close();
    await expect(readdir(spool.directory)).rejects.toMatchObject({ code: "ENOENT" });
    await spool.close();
  });
});
