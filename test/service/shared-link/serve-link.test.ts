import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MadeDownloads } from "../../../src/service/shared-link/made-downloads.ts";
import { SharedLinks } from "../../../src/service/shared-link/shared-links.ts";
import { linkKeys } from "../../../src/service/shared-link/token.ts";
import { serviceApi } from "../../support/service-api.ts";
import { silentLog } from "../../support/silent-log.ts";
import { composed, finishedJob } from "../recordings/support.ts";

const KEY = randomBytes(32);
const OWN_PAGE = { "sec-fetch-site": "same-origin" };
const HEADERS = { "referrer-policy": "no-referrer", "cache-control": "no-store", "x-robots-tag": "noindex, nofollow" };

/** A service with a stored recording, and links to it. */
async function shared() {
  const storage = await composed();
  const folder = await mkdtemp(join(tmpdir(), "meetbot-downloads-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const made = new MadeDownloads({
    ...{ folder, clock: { now: () => Date.now() }, log: silentLog },
    maker: {
      make: async ({ kind, target }) => {
        await mkdir(target);
        await writeFile(join(target, kind === "report" ? "call.html" : "Zoë's mix.mp3"), "0123456789");
      },
    },
  });
  const api = await serviceApi({ recordings: storage.recordings, downloads: made, linkKeys: linkKeys([KEY]) });
  const jobId = await finishedJob(api);
  await storage.store(jobId);
  const make = (more: object = {}) =>
    api.links.make({ jobId, guildId: null, madeFor: "user:1", mayDelete: true, ...more });
  const pathOf = async (more: object = {}) => new URL((await make(more)).url).pathname;
  const ask = (method: string, path: string, headers: Record<string, string> = OWN_PAGE) =>
    api.ask(method, path, { key: undefined, headers });
  return { ...api, storage, jobId, make, pathOf, ask, made };
}

describe("a link to a recording", () => {
  it("opens a page that is cached, indexed and referred to by nobody", async () => {
    const { pathOf, ask } = await shared();
    const path = await pathOf();
    expect(path).toMatch(/^\/s\/[A-Za-z0-9_-]{64}$/);
    const page = await ask("GET", path);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(Object.fromEntries(page.headers)).toMatchObject(HEADERS);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.headers.has("etag")).toBe(false);
    expect((await ask("HEAD", path)).status).toBe(200);
  });

  it("names the call, who spoke and how long it is valid", async () => {
    const { make, ask } = await shared();
    const link = await make({ mayDelete: false });
    const { json, headers } = await ask("GET", `${new URL(link.url).pathname}/recording`);
    expect(json).toMatchObject({
      recording: { durationSeconds: expect.any(Number), speakers: [expect.any(String)], guild: expect.any(String) },
      ...{ whyNone: null, mayDelete: false, expiresAt: new Date(link.expiresAt).toISOString() },
    });
    expect(Object.fromEntries(headers)).toMatchObject(HEADERS);
  });

  it("is 404 if somebody guesses it, with one page for whatever is wrong", async () => {
    const { pathOf, ask } = await shared();
    const path = await pathOf();
    const last = path.endsWith("A") ? "B" : "A";
    const guesses = [
      `${path.slice(0, -1)}${last}`,
      `/s/${"A".repeat(64)}`,
      "/s/x",
      `${path}x`,
      `/s/${"A".repeat(3_000)}`,
    ];
    const pages = new Set<string>();
    for (const guess of guesses) {
      for (const rest of ["", "/recording", "/downloads", "/report", "/files/manifest.json", "/downloads/mix/a.mp3"]) {
        const answer = await ask("GET", `${guess}${rest}`);
        expect(answer.status, guess).toBe(404);
        pages.add(answer.text);
      }
      expect((await ask("DELETE", `${guess}/recording`)).status).toBe(404);
      expect((await ask("POST", `${guess}/downloads/mix`)).status).toBe(404);
    }
    expect(pages.size).toBe(1);
    expect([...pages][0]).toContain("There is no such link");
  });

  it("is 410 with a page that says why: expired, revoked, deleted", async () => {
    const { pathOf, make, links, ask, storage, jobId, store } = await shared();
    const expired = await pathOf({ lifetimeMs: -1, madeFor: "user:2" });
    const revoked = await make({ madeFor: "user:3" });
    await links.revoke(revoked.id);
    const deleted = await pathOf();
    const seen = async (path: string) => {
      const { status, text, headers } = await ask("GET", path);
      expect(Object.fromEntries(headers)).toMatchObject(HEADERS);
      return [status, /<h1>(.*)<\/h1>/.exec(text)?.[1]];
    };
    expect(await seen(expired)).toEqual([410, "This link has expired"]);
    expect(await seen(new URL(revoked.url).pathname)).toEqual([410, "This link was revoked"]);
    expect(await seen(`${expired}/files/manifest.json`)).toEqual([410, "This link has expired"]);
    expect((await ask("DELETE", `${deleted}/recording`)).status).toBe(204);
    expect(await seen(deleted)).toEqual([410, "This recording was deleted"]);
    expect(await seen(expired)).toEqual([410, "This recording was deleted"]);
    expect(existsSync(join(storage.folder, jobId))).toBe(false);
    expect((await store.job(jobId))?.deletedAt).not.toBeNull();
    expect(
      await storage.recordings.open({ ...(await store.job(jobId)) } as never).catch(() => undefined),
    ).toBeUndefined();
  });

  it("is deleted with only by the link's own page, and only if it may", async () => {
    const { pathOf, ask, store, jobId } = await shared();
    const [reading, deleting] = [await pathOf({ mayDelete: false }), await pathOf()];
    expect((await ask("DELETE", `${reading}/recording`)).status).toBe(401);
    expect((await ask("DELETE", `${deleting}/recording`, { "sec-fetch-site": "cross-site" })).status).toBe(401);
    expect((await store.job(jobId))?.deletedAt).toBeNull();
  });

  it("gives the original files and what was made, whole and in part, with a name for the disk", async () => {
    const { pathOf, ask, made, store, jobId } = await shared();
    const path = await pathOf();
    const manifest = await ask("GET", `${path}/files/manifest.json`);
    expect([manifest.status, manifest.json.jobId]).toEqual([200, jobId]);
    expect(manifest.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''manifest.json");
    expect((await ask("GET", `${path}/files/${encodeURIComponent("../service.db")}`)).status).toBe(404);
    expect((await ask("GET", `${path}/downloads`)).json.mix).toEqual({ state: "none" });
    expect((await ask("POST", `${path}/downloads/mix`, { "sec-fetch-site": "cross-site" })).status).toBe(401);
    expect((await ask("POST", `${path}/downloads/everything`)).status).toBe(400);
    expect((await ask("POST", `${path}/downloads/mix`)).status).toBe(202);
    const job = await store.job(jobId);
    if (job === undefined) throw new Error("the job is gone");
    await vi.waitFor(async () => expect((await made.states(job)).mix.state).toBe("ready"));
    const file = `${path}/downloads/mix/${encodeURIComponent("Zoë's mix.mp3")}`;
    const part = await ask("GET", file, { range: "bytes=2-4" });
    expect([part.status, part.text, part.headers.get("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    expect(Object.fromEntries(part.headers)).toMatchObject({
      ...{ ...HEADERS, "content-type": "audio/mpeg", "content-security-policy": "sandbox", "accept-ranges": "bytes" },
      "content-disposition": "attachment; filename*=UTF-8''Zo%C3%AB%27s%20mix.mp3",
    });
    expect((await ask("GET", file, { range: "bytes=10-" })).status).toBe(416);
    const head = await ask("HEAD", file);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "10"]);
  });

  it("shows the report in an origin of its own", async () => {
    const { pathOf, ask, made, store, jobId } = await shared();
    const path = await pathOf();
    expect((await ask("GET", `${path}/report`)).status).toBe(404);
    await ask("POST", `${path}/downloads/report`);
    const job = await store.job(jobId);
    if (job === undefined) throw new Error("the job is gone");
    await vi.waitFor(async () => expect((await made.states(job)).report.state).toBe("ready"));
    const report = await ask("GET", `${path}/report`);
    expect([report.status, report.text]).toEqual([200, "0123456789"]);
    expect(report.headers.get("content-security-policy")).toMatch(/^sandbox allow-scripts .*frame-ancestors 'none'$/);
    expect(report.headers.has("content-disposition")).toBe(false);
  });

  it("says that there is no recording yet, and why there is none", async () => {
    const { create, launch, links, ask, store } = await shared();
    const { json: job } = await create({ meetingUrl: "discord://923456789012345678/923456789012345678" });
    const { url } = await links.make({ jobId: job.id, guildId: null, madeFor: "user:1", mayDelete: true });
    const path = new URL(url).pathname;
    await launch(job.id);
    expect((await ask("GET", `${path}/recording`)).json).toMatchObject({
      ...{ recording: null, whyNone: "The call is still recorded. Open this page again when it is over." },
    });
    expect((await ask("POST", `${path}/downloads/mix`)).status).toBe(409);
    expect((await ask("DELETE", `${path}/recording`)).status).toBe(409);
    await store.applyJobEvent(job.id, {
      type: "worker_gone",
      at: Date.now(),
      attempt: 1,
      how: "exit code 2",
      remains: "nothing",
    });
    expect((await ask("GET", `${path}/recording`)).json).toMatchObject({ recording: null });
  });

  it("is in no log and no answer, whatever fails", async () => {
    const { pathOf, ask, store, logged } = await shared();
    const path = await pathOf();
    const token = path.slice(3);
    Object.assign(store, {
      job: async () => {
        throw new Error("broken");
      },
    });
    const answer = await ask("GET", path);
    expect(answer.status).toBe(500);
    expect(logged()).toContain("GET /s/… failed");
    expect(logged()).not.toContain(token);
    expect(answer.text).not.toContain(token);
  });

  it("still opens after a restart with a newer sealing key, and not without its own", async () => {
    const { make, store, jobId } = await shared();
    const link = await make();
    const token = new URL(link.url).pathname.slice(3);
    const parts = {
      store,
      clock: { now: () => Date.now() },
      random: randomBytes,
      publicUrl: () => "https://b.example",
    };
    const rotated = new SharedLinks({ ...parts, keys: linkKeys([randomBytes(32), KEY]) });
    expect(await rotated.open(token)).toMatchObject({ kind: "valid", job: { id: jobId } });
    const [listed] = await rotated.list({ jobId });
    expect(listed).toMatchObject({ id: link.id, url: expect.stringMatching(/^https:\/\/b\.example\/s\//) });
    expect(await rotated.open(listed?.url.split("/").at(-1) ?? "")).toMatchObject({ kind: "valid" });
    expect(await rotated.make({ jobId, guildId: null, madeFor: "user:1", mayDelete: true })).toMatchObject({
      id: link.id,
    });
    const foreign = new SharedLinks({ ...parts, keys: linkKeys([randomBytes(32)]) });
    expect(await foreign.open(token)).toEqual({ kind: "unknown" });
    expect(await rotated.revokeAll(jobId)).toBe(1);
    expect(await rotated.list({ jobId })).toEqual([]);
  });
});
