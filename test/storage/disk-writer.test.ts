import { type FileHandle, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DiskWriter } from "../../src/storage/disk-writer.ts";
import { OpenFiles } from "../../src/storage/open-files.ts";
import { WriteBacklog } from "../../src/storage/write-backlog.ts";

/** A disk that takes nothing until it is released. */
class StuckFiles extends OpenFiles {
  readonly #answer = Promise.withResolvers<void>();

  answer(): void {
    this.#answer.resolve();
  }

  override async use<Result>(...args: Parameters<OpenFiles["use"]>): Promise<Result> {
    await this.#answer.promise;
    return (await super.use(...args)) as Result;
  }
}

const nothing = async (): Promise<void> => undefined;

async function writerOn(files: OpenFiles, backlog: WriteBacklog) {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  return writerIn(folder, nothing, files, backlog);
}

function writerIn(
  folder: string,
  onDeleted: () => Promise<void>,
  files = new OpenFiles(),
  backlog = new WriteBacklog(1_000_000),
) {
  const name = "audio.1.ogg";
  return new DiskWriter({
    ...{ name, path: join(folder, name), files, backlog, onDeleted, pinned: false },
    onFull: nothing,
    onClosed: () => undefined,
    onSize: () => undefined,
  });
}

/** Says what is asked of the files, in order. */
class WatchedFiles extends OpenFiles {
  readonly asked: string[] = [];

  override async use<Result>(...[file, act]: Parameters<OpenFiles["use"]>): Promise<Result> {
    const watched = (handle: FileHandle): FileHandle =>
      new Proxy(handle, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return (...args: unknown[]): unknown => {
            this.asked.push(String(name));
            return Reflect.apply(member, target, args);
          };
        },
      });
    return (await super.use(file, (handle) => act(watched(handle)))) as Result;
  }
}

it("DiskWriter syncs appended data to the disk if asked to, not only to the system's cache.", async () => {
  const files = new WatchedFiles();
  const writer = await writerOn(files, new WriteBacklog(1_000_000));
  writer.append(CHUNK);
  await writer.synced();
  expect(files.asked).toEqual(["write", "datasync"]);
  await writer.close();
});

const CHUNK = Buffer.alloc(10_000, 1);
const TOO_SLOW = "the disk is too slow: too many bytes wait for audio.1.ogg";

describe("DiskWriter on a disk that does not respond", () => {
  it("buffers no more than its limit, and then refuses the file", async () => {
    const files = new StuckFiles();
    const backlog = new WriteBacklog(1_000_000);
    const writer = await writerOn(files, backlog);
    let taken = 0;
    for (; writer.failure === undefined && taken < 1_000; taken += 1) {
      writer.append(CHUNK);
      expect(backlog.bytes).toBeLessThanOrEqual(1_000_000);
    }
    expect(writer.failure).toMatchObject({ message: TOO_SLOW });
    expect(taken).toBeLessThanOrEqual(100);
    for (let more = 0; more < 1_000; more += 1) writer.append(CHUNK);
    expect(backlog.bytes).toBeLessThan(20_000);
    files.answer();
    await expect(writer.close()).rejects.toThrow(TOO_SLOW);
    expect(backlog.bytes).toBe(0);
  });

  it("loses nothing and buffers nothing if the disk responds before that", async () => {
    const files = new StuckFiles();
    const backlog = new WriteBacklog(1_000_000);
    const writer = await writerOn(files, backlog);
    for (let count = 0; count < 50; count += 1) writer.append(CHUNK);
    expect(backlog.bytes).toBeGreaterThanOrEqual(500_000);
    files.answer();
    for (let count = 0; count < 40; count += 1) writer.append(CHUNK);
    const { path, bytes } = await writer.close();
    expect(bytes).toBe(900_000);
    expect((await readFile(path)).equals(Buffer.alloc(900_000, 1))).toBe(true);
    expect(backlog.bytes).toBe(0);
  });

  it("refuses the file with the most unwritten data first", async () => {
    const files = new StuckFiles();
    const shared = new WriteBacklog(1_000_000);
    const busy = await writerOn(files, new WriteBacklog(300_000, shared));
    const quiet = await writerOn(files, new WriteBacklog(300_000, shared));
    for (let count = 0; count < 100; count += 1) busy.append(CHUNK);
    quiet.append(CHUNK);
    expect(busy.failure).toBeInstanceOf(Error);
    expect(quiet.failure).toBeUndefined();
    files.answer();
    await expect(busy.close()).rejects.toThrow(TOO_SLOW);
    expect(await quiet.close()).toMatchObject({ bytes: CHUNK.length });
    expect(shared.bytes).toBe(0);
  });

  it("refuses files that cannot be created, however little data they have", async () => {
    const files = new StuckFiles();
    const shared = new WriteBacklog(1_000_000);
    const writers = await Promise.all(
      Array.from({ length: 500 }, () => writerOn(files, new WriteBacklog(300_000, shared))),
    );
    const held = writers.filter(({ failure }) => failure === undefined);
    expect(held.length).toBeGreaterThan(50);
    expect(held.length).toBeLessThan(200);
    files.answer();
    await Promise.allSettled(writers.map((writer) => writer.close()));
    expect(shared.bytes).toBe(0);
  });
});

describe("DiskWriter whose folder is deleted", () => {
  it("creates the file again at the next check if the folder is deleted during the first attempt", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    let asked = 0;
    const writer = writerIn(folder, async () => {
      asked += 1;
      if (asked > 1) await mkdir(folder);
    });
    writer.append(CHUNK);
    await writer.synced();
    await rm(folder, { recursive: true });
    expect(await writer.restore()).toBe(false);
    writer.append(CHUNK);
    expect(await writer.restore()).toBe(true);
    const { path, bytes } = await writer.close();
    expect(bytes).toBe(2 * CHUNK.length);
    expect((await readFile(path)).equals(Buffer.alloc(bytes, 1))).toBe(true);
  });

  it("keeps all its data if the folder is deleted right after it was created again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const writer = writerIn(folder, async () => void (await mkdir(folder)));
    writer.append(CHUNK);
    await writer.synced();
    for (let times = 0; times < 3; times += 1) {
      await rm(folder, { recursive: true });
      expect(await writer.restore()).toBe(true);
    }
    await rm(folder, { recursive: true });
    writer.append(CHUNK);
    const { path, bytes } = await writer.close();
    expect((await readFile(path)).equals(Buffer.alloc(bytes, 1))).toBe(true);
  });

  it("creates the folder again for a new file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await rm(folder, { recursive: true });
    const writer = writerIn(folder, async () => void (await mkdir(folder)));
    writer.append(CHUNK);
    expect(await writer.close()).toMatchObject({ bytes: CHUNK.length });
  });
});
