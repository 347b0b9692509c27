import { mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { FileStorage } from "../../src/storage/file.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { DiskSpool } from "../../src/storage/spool.ts";

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

let folder: string;
/** Somebody's file, which links lead to. */
let victim: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  victim = join(folder, "victim");
  await writeFile(victim, "mine");
});

const expectUntouched = async () => expect(await readFile(victim, "utf8")).toBe("mine");

describe("a spool with links in it", () => {
  it.each(["reserve", "events.jsonl.partial", "attachments/1-a.txt.partial"])(
    "is not written through %s",
    async (name) => {
      const directory = join(folder, "job");
      await mkdir(join(directory, "attachments"), { recursive: true });
      await symlink(victim, join(directory, name));
      const spool = await DiskSpool.open(directory);
      await spool.write("events.jsonl", Buffer.from("x"));
      await spool.write("attachments/1-a.txt", Buffer.from("x"));
      await expectUntouched();
      await spool.close();
    },
  );

  it.each<[string, (spool: DiskSpool) => Promise<unknown>]>([
    ["read", (spool) => spool.read("events.jsonl")],
    ["found", (spool) => spool.find("events.jsonl")],
    ["cut", (spool) => spool.cut("events.jsonl", 0)],
    ["extended", async (spool) => (await spool.extend("events.jsonl")).close()],
    ["created", (spool) => spool.create("events.jsonl").close()],
  ])("has none of them %s", async (_, use) => {
    const spool = await DiskSpool.open(join(folder, "job"));
    await symlink(victim, join(spool.directory, "events.jsonl"));
    await expect(use(spool)).rejects.toThrow();
    await expectUntouched();
    await spool.remove("events.jsonl");
    await spool.close();
    await expectUntouched();
  });

  it("cannot be led elsewhere by a folder", async () => {
    await mkdir(join(folder, "elsewhere"));
    await writeFile(join(folder, "elsewhere", "1-a.txt"), "mine");
    const spool = await DiskSpool.open(join(folder, "job"));
    await symlink(join(folder, "elsewhere"), join(spool.directory, "attachments"));
    const name = "attachments/1-a.txt";
    const refusal = "attachments is a link, expected a folder";
    await expect(spool.write(name, Buffer.from("x"))).rejects.toThrow(refusal);
    await expect(spool.read(name)).rejects.toThrow(refusal);
    await expect(spool.remove(name)).rejects.toThrow(refusal);
    expect(await readFile(join(folder, "elsewhere", "1-a.txt"), "utf8")).toBe("mine");
    await mkdir(join(folder, "other"));
    await symlink(join(folder, "other"), join(folder, "linked"));
    await expect(DiskSpool.open(join(folder, "linked"))).rejects.toThrow(/linked is a link, expected a folder/);
    expect(await readdir(join(folder, "other"))).toEqual([]);
  });

  it.each(["../victim", "/victim", "attachments/../../victim", "a/b", "..", "a\u0000b"])(
    "has no file named %j",
    async (name) => {
      const spool = await DiskSpool.open(join(folder, "job"));
      await expect(spool.read(name)).rejects.toThrow("leads out of the job's folder");
      await expect(spool.remove(name)).rejects.toThrow("leads out of the job's folder");
      await expect(spool.write(name, Buffer.from("x"))).rejects.toThrow("leads out of the job's folder");
      await expectUntouched();
    },
  );
});

describe("a folder as storage, with links in it", () => {
  const stored = async (name: string) => {
    const spool = await DiskSpool.open(join(folder, "spool"));
    return { storage: new FileStorage(folder, "job"), file: await spool.write(name, Buffer.from("sound")) };
  };

  it("is not written through a link in place of a file, or of the temporary name used while copying", async () => {
    const { storage, file } = await stored("events.jsonl");
    await mkdir(join(folder, "job"));
    await symlink(victim, join(folder, "job", "events.jsonl"));
    await symlink(victim, join(folder, "job", "events.jsonl.partial"));
    await storage.put(file, "text/plain");
    await expectUntouched();
    expect(await readFile(join(folder, "job", "events.jsonl"), "utf8")).toBe("sound");
  });

  it.each([
    ["the job's folder", "job", "events.jsonl"],
    ["attachments", "job/attachments", "attachments/1-a.txt"],
  ])("refuses a link in place of %s", async (_, linked, name) => {
    const { storage, file } = await stored(name);
    await mkdir(join(folder, "elsewhere"));
    if (linked.includes("/")) await mkdir(join(folder, "job"));
    await symlink(join(folder, "elsewhere"), join(folder, linked));
    await expect(storage.put(file, "text/plain")).rejects.toThrow(`${join(folder, linked)} is a link`);
    await expect(storage.remove(name)).rejects.toThrow("is a link");
    if (linked === "job") await expect(storage.check()).rejects.toThrow("is a link");
    expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
  });
});

it("Only the user can read spool and recordings, whatever the umask.", async () => {
  const before = process.umask(0);
  try {
    const spool = await DiskSpool.open(join(folder, "spool", "job"));
    const writer = spool.create("audio.1.ogg");
    writer.append(Buffer.from("sound"));
    const file = await writer.close();
    const attachment = await spool.write("attachments/1-a.txt", Buffer.from("x"));
    const storage = new FileStorage(join(folder, "recordings"), "job");
    await storage.put(file, "audio/ogg");
    await storage.put(attachment, "text/plain");
    const folders = [
      "spool",
      "spool/job",
      "spool/job/attachments",
      "recordings",
      "recordings/job",
      "recordings/job/attachments",
    ];
    const files = ["spool/job/reserve", "spool/job/lock", "spool/job/audio.1.ogg", "recordings/job/audio.1.ogg"];
    for (const path of folders) expect([path, await modeOf(join(folder, path))]).toEqual([path, 0o700]);
    for (const path of [...files, "recordings/job/attachments/1-a.txt"]) {
      expect([path, await modeOf(join(folder, path))]).toEqual([path, 0o600]);
    }
    await spool.close();
  } finally {
    process.umask(before);
  }
});

it("A recording's folder returns no more of a file than requested, and nothing outside the folder.", async () => {
  const files = await RecordingFolder.open(folder);
  await expect(files.read("victim", 3)).rejects.toThrow("longer than 3 bytes");
  expect((await files.read("victim", 4))?.toString()).toBe("mine");
  await expect(files.read("../victim", 4)).rejects.toThrow("leads out of the job's folder");
  await symlink("/dev/zero", join(folder, "events.jsonl"));
  await expect(files.read("events.jsonl", 4)).rejects.toThrow("is not a file, expected one");
});
