import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { DiskSpool } from "../../src/storage/spool.ts";

const openSpool = async () => DiskSpool.open(join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "job"));

describe("DiskSpool", () => {
  it("keeps the order of writes, replaces the last one, and returns size and hash of what is on disk", async () => {
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

  it("refuses to replace the last write with a different length", async () => {
    const spool = await openSpool();
    const writer = spool.create("a.bin");
    writer.append(Buffer.from("four"));
    expect(() => writer.replaceLast(Buffer.from("three"))).toThrow("5 bytes cannot replace the last 4");
    await writer.close();
  });

  it("never overwrites a file, and reports it when the writer is closed", async () => {
    const spool = await openSpool();
    await writeFile(join(spool.directory, "a.bin"), "precious");
    const writer = spool.create("a.bin");
    writer.append(Buffer.from("other"));
    await expect(writer.close()).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(join(spool.directory, "a.bin"), "utf8")).toBe("precious");
  });

  it("creates several files at once in a folder that was deleted", async () => {
    for (let round = 0; round < 20; round += 1) {
      const spool = await openSpool();
      const journal = spool.create("journal.jsonl");
      journal.append(Buffer.from("first\n"));
      await journal.synced();
      await rm(spool.directory, { recursive: true });
      // The queue of files to open runs one at a time, so only a restored file can meet a new one.
      const restored = spool.restore();
      const parts = ["a.ogg", "b.ogg"].map((name) => spool.create(name));
      for (const part of parts) part.append(Buffer.from("sound"));
      await Promise.all([restored, spool.restore()]);
      const files = await Promise.all([journal, ...parts].map((file) => file.close()));
      expect(files.map(({ bytes }) => bytes)).toEqual([6, 5, 5]);
      await spool.close();
    }
  });

  it("opens a folder from an earlier run with all its contents", async () => {
    const spool = await openSpool();
    await spool.create("audio.1.ogg").close();
    await spool.close();
    const again = await DiskSpool.open(spool.directory);
    expect(await again.names()).toEqual(["audio.1.ogg"]);
  });

  it("belongs to one process at a time, and says which", async () => {
    const spool = await openSpool();
    await expect(DiskSpool.open(spool.directory)).rejects.toThrow(
      `MEETBOT_SPOOL_DIR: ${spool.directory} is in use by process ${process.pid}`,
    );
    await spool.close();
    await expect(DiskSpool.open(spool.directory)).resolves.toBeInstanceOf(DiskSpool);
  });

  it("appends to the end of a file, and returns size and hash of the whole", async () => {
    const spool = await openSpool();
    await spool.write("lines", Buffer.from("one\n"));
    const writer = await spool.extend("lines");
    writer.append(Buffer.from("two\n"));
    const sha256 = createHash("sha256").update("one\ntwo\n").digest("hex");
    expect(await writer.close()).toMatchObject({ bytes: 8, sha256 });
    expect(await spool.find("lines")).toMatchObject({ bytes: 8, sha256 });
  });

  it("cuts a file and writes its new end", async () => {
    const spool = await openSpool();
    await spool.write("a.bin", Buffer.from("whole, torn"));
    await spool.cut("a.bin", 5, { atByte: 2, page: Buffer.from("OLE") });
    expect(await spool.read("a.bin")).toEqual(Buffer.from("whOLE"));
  });

  it("has everything in the file once it has settled", async () => {
    const spool = await openSpool();
    const writer = spool.create("a.bin");
    writer.append(Buffer.from("here"));
    await writer.synced();
    expect(await spool.read("a.bin")).toEqual(Buffer.from("here"));
    await writer.close();
  });

  it("says which folder it cannot create", async () => {
    await expect(DiskSpool.open("/dev/null/job")).rejects.toThrow(
      "MEETBOT_SPOOL_DIR: cannot use the folder /dev/null/job: ",
    );
  });

  it("counts its bytes, including files that grow", async () => {
    const spool = await openSpool();
    const growing = spool.create("a");
    growing.append(Buffer.alloc(10));
    growing.append(Buffer.alloc(5));
    growing.replaceLast(Buffer.alloc(5, 1));
    await spool.write("b", Buffer.alloc(100));
    await spool.write("b", Buffer.alloc(50));
    expect(spool.bytes).toBe(65);
    await growing.close();
    await spool.cut("b", 20);
    expect(spool.bytes).toBe(35);
    await spool.remove("a");
    expect(spool.bytes).toBe(20);
  });

  it("supports files in subfolders, and frees those too", async () => {
    const spool = await openSpool();
    await spool.write("attachments/1-a.txt", Buffer.from("content"));
    expect(await spool.names()).toEqual(["attachments/1-a.txt"]);
    await spool.remove("attachments/1-a.txt");
    await spool.close();
    await expect(readdir(spool.directory)).rejects.toThrow("ENOENT");
  });

  it("removes its folder when it is empty, and keeps it otherwise", async () => {
    const spool = await openSpool();
    const [kept, removed] = await Promise.all(["kept", "removed"].map((name) => spool.create(name).close()));
    if (kept === undefined || removed === undefined) throw new Error("two files were made");
    await spool.remove(removed.name);
    await spool.close();
    expect(await readdir(spool.directory)).toEqual(["kept"]);
    const again = await DiskSpool.open(spool.directory);
    await again.remove(kept.name);
    await again.close();
    await expect(readdir(spool.directory)).rejects.toMatchObject({ code: "ENOENT" });
    await again.close();
  });

  it("leaves nothing of a file that the disk refuses", async () => {
    const spool = await openSpool();
    await mkdir(join(spool.directory, "manifest.json"));
    await expect(spool.write("manifest.json", Buffer.from("{}"))).rejects.toMatchObject({ code: "EISDIR" });
    expect(await spool.names()).toEqual([]);
  });

  it("takes 16 MB of a log at once, and no more than 4 MB of a part", async () => {
    const spool = await openSpool();
    const [log, part] = [spool.create("events.jsonl"), spool.create("audio.1.ogg")];
    for (const writer of [log, part]) writer.append(Buffer.alloc(15_000_000));
    expect(await log.close()).toMatchObject({ bytes: 15_000_000 });
    await expect(part.close()).rejects.toThrow("too many bytes wait for audio.1.ogg");
  });

  it("does not list files that cannot be the job's, and does not touch them", async () => {
    const spool = await openSpool();
    await mkdir(join(spool.directory, "mine", "more"), { recursive: true });
    for (const name of ["mine/more/x", "a\nb", "attachments\\x"]) await writeFile(join(spool.directory, name), "x");
    await spool.write("attachments/1-a.txt", Buffer.from("x"));
    expect(await spool.names()).toEqual(["attachments/1-a.txt"]);
    await spool.remove("attachments/1-a.txt");
    await spool.close();
    expect(await readFile(join(spool.directory, "mine/more/x"), "utf8")).toBe("x");
  });

  it("removes what a kill has left of a lock and of files that were being written", async () => {
    const directory = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "job");
    await mkdir(join(directory, "attachments"), { recursive: true });
    const id = "260968ff-e96b-4a8b-9819-d13d193b12b3";
    for (const name of [`lock.${id}`, `manifest.json.partial-${id}`, `attachments/1-a.txt.partial-${id}`]) {
      await writeFile(join(directory, name), "x");
    }
    const spool = await DiskSpool.open(directory);
    expect(await spool.names()).toEqual([]);
    await spool.close();
    expect(await readdir(dirname(directory))).toEqual([]);
  });

  it("leaves nothing of a folder that cannot be used", async () => {
    const directory = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "job");
    await mkdir(join(directory, "reserve"), { recursive: true });
    await expect(DiskSpool.open(directory)).rejects.toThrow("MEETBOT_SPOOL_DIR: cannot use the folder");
    expect(await readdir(directory)).toEqual(["reserve"]);
  });
});
