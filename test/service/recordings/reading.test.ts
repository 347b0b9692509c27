import { once } from "node:events";
import { access, mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import type { JobRow } from "../../../src/service/domain/job-row.ts";
import type { RecordingStorage } from "../../../src/service/ports/recordings.ts";
import { exactly } from "../../../src/service/recordings/exactly.ts";
import { StoredRecordings } from "../../../src/service/recordings/recordings.ts";
import { ReportMaker } from "../../../src/service/recordings/report-maker.ts";
import { FolderRecordingStorage } from "../../../src/storage/folder-recording-storage.ts";
import { serviceApi } from "../../support/service-api.ts";
import { composed, finishedJob, TRACK } from "./support.ts";

/** Counts what a storage is asked. */
async function counted() {
  const storage = await composed();
  const asked: string[] = [];
  const storageOf = async (job: JobRow): Promise<RecordingStorage> => {
    const folder = new FolderRecordingStorage(storage.folder, job.id);
    return new Proxy(folder, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          asked.push(name === "read" ? `read ${String(args[0])}` : String(name));
          return member.apply(target, args);
        };
      },
    });
  };
  const pages = { hold: Promise.resolve() };
  const reports = new ReportMaker({
    folder: join(storage.folder, "..", "reports"),
    pageOf: async (files) => {
      const manifest = await files.read("manifest.json", 1e6);
      await pages.hold;
      await files.read("events.jsonl", 1e6);
      return (async function* () {
        yield `page of ${manifest?.length} bytes`;
      })();
    },
  });
  const clock = { now: () => Date.now() };
  const { launcher, log } = storage;
  const downloads = { remove: async () => undefined };
  const recordings = new StoredRecordings({ launcher, log, reports, storageOf, clock, downloads });
  const api = await serviceApi({ recordings });
  const id = await finishedJob(api);
  const folder = await storage.store(id);
  return { api, id, folder, asked, pages, storage, path: `/api/v1/recordings/${id}` };
}

it("reads a recording's manifest once for all its files and its report, and lists nothing for one file", async () => {
  const { api, path, asked } = await counted();
  for (let request = 0; request < 3; request += 1) {
    expect((await api.ask("GET", `${path}/files/${TRACK}`)).status).toBe(200);
  }
  expect((await api.ask("GET", `${path}/report`)).text).toMatch(/^page of \d+ bytes$/);
  expect(asked.filter((each) => each.startsWith("read manifest"))).toHaveLength(1);
  expect(asked).not.toContain("list");
  expect(asked).not.toContain("presigned");
});

it("takes names as long as attachments have them", async () => {
  const { api, path } = await counted();
  // 100 bytes of the sender's name, and the longest id.
  for (const name of ["ü".repeat(50), "\u{1f600}".repeat(25), "x".repeat(100)]) {
    const address = `${path}/files/${encodeURIComponent(`attachments/12345678901234567890-${name}`)}`;
    expect((await api.ask("GET", address)).status).toBe(404);
  }
});

it("pages the files of a recording; the pages together are all files, in order", async () => {
  const { api, path } = await counted();
  const all = (await api.ask("GET", path)).json;
  expect(all.nextCursor).toBeNull();
  const first = (await api.ask("GET", `${path}?limit=3`)).json;
  const second = (await api.ask("GET", `${path}?limit=3&cursor=${first.nextCursor}`)).json;
  expect([first.nextCursor, second.nextCursor]).toEqual(["3", null]);
  expect([...first.files, ...second.files]).toEqual(all.files);
  for (const query of ["cursor=x", "cursor=-1", "limit=0", "limit=1001", "cursor=1'or'1"]) {
    expect((await api.ask("GET", `${path}?${query}`)).status, query).toBe(400);
  }
});

it("cuts the connection of a download whose file is shorter than promised", async () => {
  const { api, path, folder } = await counted();
  const whole = await api.ask("GET", `${path}/files/${TRACK}`);
  expect(whole.status).toBe(200);
  await expect(buffer(exactly(Readable.from([Buffer.alloc(5)]), 6))).rejects.toThrow("1 bytes too early");
  await expect(buffer(exactly(Readable.from([Buffer.alloc(7)]), 6))).rejects.toThrow("longer");
  // Half of it has gone since; what is promised is what is there now.
  const half = Math.floor(Number(whole.headers.get("content-length")) / 2);
  await truncate(join(folder, TRACK), half);
  const again = await api.ask("GET", `${path}/files/${TRACK}`);
  expect([again.status, again.headers.get("content-length")]).toEqual([200, String(half)]);
});

it("cuts off who reads a recording while it is deleted, and deletes pages that a killed service left", async () => {
  const { api, id, path, folder, storage } = await counted();
  // More than sockets hold.
  await writeFile(join(folder, TRACK), Buffer.alloc(32_000_000, 1));
  const reports = join(storage.folder, "..", "reports");
  await mkdir(reports, { recursive: true });
  await writeFile(join(reports, "left.html"), "voices");
  const { hostname, port } = new URL(api.address);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${path}/files/${TRACK} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${api.live.key}\r\n\r\n`,
  );
  await once(socket, "readable");
  const { status } = await api.ask("DELETE", path);
  expect(status).toBe(200);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(socket, "close");
  expect(bytes).toBeLessThan(32_000_000);
  await expect(access(folder)).rejects.toThrow("ENOENT");
  expect(await readdir(reports)).toEqual([]);
  expect((await api.store.job(id))?.deletedAt).not.toBeNull();
});

it("stops making a page that nobody wants any more, and the next one can be made", async () => {
  const { api, path, pages, asked, storage } = await counted();
  const { promise, resolve } = Promise.withResolvers<void>();
  pages.hold = promise;
  const leaving = new AbortController();
  const left = fetch(`${api.address}${path}/report`, {
    headers: { authorization: `Bearer ${api.live.key}` },
    signal: leaving.signal,
  });
  await expect.poll(() => asked).toContain("read manifest.json");
  leaving.abort();
  await expect(left).rejects.toThrow();
  // The service sees the closed connection before its next request.
  await expect.poll(async () => (await api.ask("GET", `${path}/report`)).status).toBe(429);
  resolve();
  await expect.poll(async () => (await api.ask("GET", `${path}/report`)).status).toBe(200);
  expect(storage.log.text).toBe("");
});
