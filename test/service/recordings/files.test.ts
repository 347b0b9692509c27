import { createHash } from "node:crypto";
import { readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeReport } from "../../../src/report/report.ts";
import { StoredRecordings } from "../../../src/service/recordings/recordings.ts";
import { ReportMaker } from "../../../src/service/recordings/report-maker.ts";
import { FolderRecordingStorage } from "../../../src/storage/folder-recording-storage.ts";
import { missing } from "../../support/audio-programs.ts";
import { serviceApi } from "../../support/service-api.ts";
import { ATTACHMENT, composed, curl, finishedJob, TRACK } from "./support.ts";

const skip = missing("curl");

async function recorded() {
  const storage = await composed();
  const api = await serviceApi({ recordings: storage.recordings });
  const id = await finishedJob(api);
  const folder = await storage.store(id);
  const address = (name: string) => `${api.address}/api/v1/recordings/${id}/files/${name}`;
  return { storage, api, id, folder, address, key: api.live.key, track: await readFile(join(folder, TRACK)) };
}

describe("the files of a recording in a folder", () => {
  it.skipIf(skip)("are listed with the manifest, and each address gives exactly the bytes", async () => {
    const { api, id, folder, key } = await recorded();
    const { json } = await api.ask("GET", `/api/v1/recordings/${id}`);
    expect(json.manifest).toEqual(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
    expect(json.files.map(({ name }: { name: string }) => name)).toEqual([
      "manifest.json",
      "events.jsonl",
      TRACK,
      ATTACHMENT,
    ]);
    for (const { name, url, bytes, sha256, mimeType, urlExpiresAt } of json.files) {
      const { status, headers, body } = await curl(url.replace("http://127.0.0.1/", `${api.address}/`), key);
      expect(status).toBe(200);
      expect(body).toEqual(await readFile(join(folder, name)));
      expect(headers.get("content-type")?.replace(/; charset=utf-8$/, "")).toBe(mimeType);
      expect([headers.get("content-length"), urlExpiresAt]).toEqual([String(bytes), null]);
      if (sha256 !== null) expect(createHash("sha256").update(body).digest("hex")).toBe(sha256);
    }
    const list = await api.ask("GET", "/api/v1/recordings");
    expect(list.json.data.map((one: { id: string }) => one.id)).toEqual([id]);
  });

  it.skipIf(skip)("support single ranges, HEAD, If-Range and If-None-Match as in RFC 9110", async () => {
    const { address, key, track } = await recorded();
    const url = address(TRACK);
    const last = track.length - 1;
    for (const [range, first, end] of [
      ["0-9", 0, 9],
      ["10-", 10, last],
      ["-7", track.length - 7, last],
      [`0-${last + 100}`, 0, last],
      [`-${last + 100}`, 0, last],
    ] as const) {
      const { status, headers, body } = await curl(url, key, "-r", range);
      expect([status, headers.get("content-range")]).toEqual([206, `bytes ${first}-${end}/${track.length}`]);
      expect(body).toEqual(track.subarray(first, end + 1));
    }
    const beyond = await curl(url, key, "-r", `${track.length}-`);
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${track.length}`]);
    for (const range of ["bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=x-"]) {
      expect((await curl(url, key, "-H", `Range: ${range}`)).body).toEqual(track);
    }
    const head = await curl(url, key, "-I");
    expect([head.status, head.headers.get("content-length"), head.body.length]).toEqual([200, `${track.length}`, 0]);
    expect(head.headers.get("accept-ranges")).toBe("bytes");
    const etag = String(head.headers.get("etag"));
    expect(etag).toBe(`"${createHash("sha256").update(track).digest("hex")}"`);
    expect((await curl(url, key, "-r", "0-9", "-H", `If-Range: ${etag}`)).status).toBe(206);
    expect((await curl(url, key, "-r", "0-9", "-H", 'If-Range: "other"')).body).toEqual(track);
    expect((await curl(url, key, "-H", `If-None-Match: "other", ${etag}`)).status).toBe(304);
    const partHead = await curl(url, key, "-I", "-r", "0-9");
    expect([partHead.status, partHead.headers.get("content-length")]).toEqual([206, "10"]);
  });

  it.skipIf(skip)(
    "are those of the manifest and no others: no path, no link, and no other file in the folder",
    async () => {
      const { address, key, folder, storage } = await recorded();
      const secret = join(storage.folder, "secret.txt");
      await writeFile(secret, "a secret");
      await writeFile(join(folder, "journal.jsonl"), "a secret");
      for (const name of [
        "..%2Fsecret.txt",
        "../secret.txt",
        "attachments%2F..%2F..%2Fsecret.txt",
        encodeURIComponent(secret),
        "journal.jsonl",
        "%00",
        "attachments",
        ".",
      ]) {
        const { status, body } = await curl(address(name), key);
        expect([400, 404]).toContain(status);
        expect(body.toString()).not.toContain("a secret");
      }
      await rm(join(folder, TRACK));
      await symlink(secret, join(folder, TRACK));
      const { status, body } = await curl(address(TRACK), key);
      expect([status, body.toString().includes("a secret")]).toEqual([503, false]);
    },
  );

  it("are not given out if the stored manifest is another job's, or damaged", async () => {
    const { api, id, folder } = await recorded();
    const manifest = await readFile(join(folder, "manifest.json"), "utf8");
    for (const changed of [manifest.replaceAll(id, "job_another"), "{}", "no JSON"]) {
      await writeFile(join(folder, "manifest.json"), changed);
      const { status, json } = await api.ask("GET", `/api/v1/recordings/${id}`);
      expect([status, json.code]).toEqual([503, "storage_unavailable"]);
    }
  });

  it("are seen only by keys of the same consumer and mode", async () => {
    const { api, id } = await recorded();
    for (const path of ["", `/files/${TRACK}`, "/report"]) {
      const asked = { key: api.test.key };
      expect((await api.ask("GET", `/api/v1/recordings/${id}${path}`, asked)).status).toBe(404);
    }
    expect((await api.ask("DELETE", `/api/v1/recordings/${id}`, { key: api.test.key })).status).toBe(404);
    expect((await api.ask("GET", "/api/v1/recordings", { key: api.test.key })).json.data).toEqual([]);
  });
});

describe("a report", () => {
  it("is made when it is asked for, one at a time", async () => {
    const storage = await composed();
    const { launcher, log, folder } = storage;
    const reports = new ReportMaker({
      folder: join(folder, "..", "reports"),
      pageOf: async (files) =>
        makeReport(files, {
          ...{ assets: { script: "", style: "" }, embed: undefined, showDeleted: false, folderPath: undefined },
          ...{ onProgress: () => undefined, onWarning: () => undefined },
        }),
    });
    const storageOf = async (job: { readonly id: string }) => new FolderRecordingStorage(folder, job.id);
    const [clock, downloads] = [{ now: () => Date.now() }, { remove: async () => undefined }];
    const recordings = new StoredRecordings({ launcher, log, reports, storageOf, clock, downloads });
    const api = await serviceApi({ recordings });
    const id = await finishedJob(api);
    await storage.store(id);
    const ask = () => api.ask("GET", `/api/v1/recordings/${id}/report`);
    const answers = await Promise.all([ask(), ask(), ask()]);
    const made = answers.filter(({ status }) => status === 200);
    expect(made).toHaveLength(1);
    expect(made[0]?.text).toContain('<meta name="generator" content="meetbot-discord report">');
    expect(made[0]?.headers.get("content-security-policy")).toBe("sandbox");
    const busy = answers.filter(({ status }) => status === 429);
    expect(busy.map(({ json, headers }) => [json.code, headers.get("retry-after")])).toEqual([
      ["report_busy", "5"],
      ["report_busy", "5"],
    ]);
    expect((await ask()).status).toBe(200);
    expect(log.text).toBe("");
    expect(await readdir(join(folder, "..", "reports"))).toEqual([]);
  });
});
