import { access, mkdir, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ExpiredRecordings } from "../../../src/service/recordings/delete-recording.ts";
import { serviceApi } from "../../support/service-api.ts";
import { composed, finishedJob } from "./support.ts";

const webhooks = { onStatus: "https://example.org/hook" };

async function recorded() {
  const storage = await composed();
  const api = await serviceApi({ recordings: storage.recordings });
  return { storage, api };
}

it("deletes every file of a recording and its spool, whatever is there, and informs the webhook", async () => {
  const { storage, api } = await recorded();
  const id = await finishedJob(api, { webhooks });
  const folder = await storage.store(id);
  const neighbour = await storage.store(`${id}0`);
  await writeFile(join(folder, ".audio.partial-1"), "half");
  await mkdir(join(folder, "deep", "deeper"), { recursive: true });
  await writeFile(join(folder, "deep", "deeper", "file"), "bytes");
  await symlink(neighbour, join(folder, "link"));
  storage.spool.add(id);
  const { status, json } = await api.ask("DELETE", `/api/v1/recordings/${id}`);
  expect([status, json.files]).toEqual([200, 7]);
  await expect(access(folder)).rejects.toThrow("ENOENT");
  expect(storage.spool.size).toBe(0);
  expect((await readdir(neighbour)).length).toBeGreaterThan(3);
  for (const path of ["", "/files/manifest.json", "/report"]) {
    expect((await api.ask("GET", `/api/v1/recordings/${id}${path}`)).json.code).toBe("recording_deleted");
  }
  expect((await api.ask("DELETE", `/api/v1/recordings/${id}`)).status).toBe(410);
  expect((await api.ask("GET", "/api/v1/recordings")).json.data).toEqual([]);
  const { data } = (await api.ask("GET", `/api/v1/jobs/${id}/deliveries`)).json;
  expect(data[0]).toMatchObject({ event: "recording.deleted", webhook: "onStatus", data: { jobId: id, files: 7 } });
});

it("does not count as deleted if something is left", async () => {
  const { storage, api } = await recorded();
  const id = await finishedJob(api, { webhooks });
  const folder = await storage.store(id);
  const { remains } = storage.launcher;
  storage.launcher.remains = async () => "recorded";
  expect((await api.ask("DELETE", `/api/v1/recordings/${id}`)).json.code).toBe("storage_unavailable");
  // A link to another folder is not followed.
  await storage.store(`${id}0`);
  await symlink(`${folder}0`, folder);
  expect((await api.ask("DELETE", `/api/v1/recordings/${id}`)).json.code).toBe("storage_unavailable");
  expect((await api.store.job(id))?.deletedAt).toBeNull();
  expect((await readdir(`${folder}0`)).length).toBeGreaterThan(3);
  await rename(folder, `${folder}1`);
  storage.launcher.remains = remains;
  expect((await api.ask("DELETE", `/api/v1/recordings/${id}`)).status).toBe(200);
});

it("refuses to delete while the job is live, and deletes the files of a job without a manifest", async () => {
  const { storage, api } = await recorded();
  const { id } = (await api.create()).json;
  await api.launch(id);
  const folder = await storage.store(id);
  const live = await api.ask("DELETE", `/api/v1/recordings/${id}`);
  expect([live.status, live.json.code]).toEqual([409, "wrong_state"]);
  expect((await readdir(folder)).length).toBeGreaterThan(3);
  const at = Date.now();
  for (let attempt = 1; attempt < 4; attempt += 1) {
    await api.store.applyJobEvent(id, { type: "worker_gone", at, attempt, how: "it died", remains: "nothing" });
    if ((await api.store.job(id))?.status === "queued") await api.launch(id);
  }
  expect((await api.store.job(id))?.status).toBe("failed");
  expect((await api.ask("DELETE", `/api/v1/recordings/${id}`)).json.files).toBe(4);
  await expect(access(folder)).rejects.toThrow("ENOENT");
  const never = (await api.create()).json.id;
  await api.ask("DELETE", `/api/v1/jobs/${never}`);
  expect((await api.ask("DELETE", `/api/v1/recordings/${never}`)).status).toBe(404);
});

it("deletes recordings whose retention is over, never those of live jobs, and tries again what failed", async () => {
  const { storage, api } = await recorded();
  const done = await finishedJob(api);
  const { id: live } = (await api.create()).json;
  await api.launch(live);
  const folders = await Promise.all([done, live].map((id) => storage.store(id)));
  const remove = storage.recordings.remove.bind(storage.recordings);
  let away = true;
  const recordings = {
    remove: async (...args: Parameters<typeof remove>) => {
      if (away) throw new Error("the storage does not answer");
      return await remove(...args);
    },
  };
  const { store } = api;
  const expired = new ExpiredRecordings({ store, recordings, clock: { now: () => Date.now() }, log: storage.log });
  const expire = async () => {
    for (const id of [done, done, live, "job_none"]) expired.expire(id);
    await expired.stop();
  };
  await expire();
  expect((await store.job(done))?.deletedAt).toBeNull();
  away = false;
  // Waiting deletions are dropped when the service stops, so each is requested again.
  for (const id of [done, live]) {
    expired.expire(id);
    await expired.stop();
  }
  expect((await store.job(done))?.deletedAt).not.toBeNull();
  expect((await store.job(live))?.deletedAt).toBeNull();
  const exists = await Promise.all(
    folders.map((folder) =>
      access(folder).then(
        () => true,
        () => false,
      ),
    ),
  );
  expect(exists).toEqual([false, true]);
});
