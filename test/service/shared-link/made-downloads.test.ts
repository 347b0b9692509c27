import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DownloadError, type DownloadMaker, type DownloadTask } from "../../../src/service/ports/downloads.ts";
import { KEEP_MS, MadeDownloads } from "../../../src/service/shared-link/made-downloads.ts";
import { silentLog } from "../../support/silent-log.ts";
import { jobRow } from "../support/job-rows.ts";

const JOB = jobRow();
const OTHER = jobRow({ id: "job_01HX9N8K0000000000000000CD" });
const NAME = "A-Ada <b>.flac";

/** Downloads whose maker does what the test says. */
async function downloads(make: (task: DownloadTask) => Promise<void> = done) {
  const folder = join(await mkdtemp(join(tmpdir(), "meetbot-downloads-")), "downloads");
  onTestFinished(() => rm(join(folder, ".."), { recursive: true }));
  const tasks: DownloadTask[] = [];
  const maker: DownloadMaker = {
    make: async (task) => {
      tasks.push(task);
      await make(task);
    },
  };
  const made = new MadeDownloads({ folder, maker, clock: { now: () => Date.now() }, log: silentLog });
  const stateOf = async (job = JOB) => (await made.states(job)).mix;
  const until = (state: string, job = JOB) =>
    vi.waitFor(async () => expect((await stateOf(job)).state).toBe(state), { timeout: 5_000 });
  return { folder, made, tasks, stateOf, until };
}

async function done({ target }: DownloadTask): Promise<void> {
  await mkdir(target);
  await writeFile(join(target, NAME), "sound");
}

describe("downloads", () => {
  it("are made once, however many want them, and are there after a restart", async () => {
    const { made, tasks, stateOf, until, folder } = await downloads();
    expect(await stateOf()).toEqual({ state: "none" });
    const begun = await Promise.all([1, 2, 3].map(() => made.begin(JOB, "mix")));
    expect(begun).toEqual([true, true, true]);
    await until("ready");
    expect(await made.begin(JOB, "mix")).toBe(true);
    expect(tasks.map(({ kind }) => kind)).toEqual(["mix"]);
    const next = new MadeDownloads({ folder, maker: { make: done }, clock: { now: () => 0 }, log: silentLog });
    expect((await next.states(JOB)).mix).toEqual({ state: "ready", files: [{ name: NAME, bytes: 5 }] });
  });

  it("show how far they are, one at a time", async () => {
    const hold = Promise.withResolvers<void>();
    const { made, tasks, stateOf, until } = await downloads(async (task) => {
      task.onProgress(0.4);
      await hold.promise;
      await done(task);
    });
    await made.begin(JOB, "mix");
    await made.begin(OTHER, "mix");
    await vi.waitFor(async () => expect(await stateOf()).toEqual({ state: "making", progress: 0.4 }));
    expect(await stateOf(OTHER)).toEqual({ state: "waiting" });
    expect(tasks).toHaveLength(1);
    hold.resolve();
    await until("ready", OTHER);
  });

  it("fail without harm to the service if what was made cannot be removed", async () => {
    const failed = Promise.withResolvers<void>();
    const { made, folder, stateOf, until } = await downloads(async ({ target }) => {
      await rm(dirname(target), { recursive: true });
      await writeFile(dirname(target), "not a folder any more");
      failed.resolve();
      throw new Error("the disk is broken");
    });
    await made.begin(JOB, "mix");
    await failed.promise;
    await sleep(100);
    await rm(join(folder, JOB.id));
    await until("failed");
    await made.tidy();
    expect(await stateOf()).toEqual({ state: "none" });
  });

  it("refuse more when many wait", async () => {
    const { made } = await downloads((task) => once(task.signal));
    const jobs = Array.from({ length: 22 }, (_, n) => jobRow({ id: `job_${n}` }));
    const begun = [];
    for (const job of jobs) begun.push(await made.begin(job, "mix"));
    expect(begun.filter((each) => !each)).toHaveLength(1);
    await made.stop();
  });

  it("say why one could not be made, leave nothing, and try again if somebody asks", async () => {
    let failure: Error | undefined = new DownloadError("nobody was heard");
    const { made, stateOf, until, folder } = await downloads(async (task) => {
      await done(task);
      if (failure !== undefined) throw failure;
    });
    await made.begin(JOB, "mix");
    await until("failed");
    expect(await stateOf()).toEqual({ state: "failed", reason: "nobody was heard" });
    failure = new Error("ENOSPC in /var/lib/secret");
    await made.begin(JOB, "mix");
    await vi.waitFor(async () => expect(JSON.stringify(await stateOf())).toContain("its operator finds the reason"));
    expect(JSON.stringify(await stateOf())).not.toContain("secret");
    expect(await readdir(join(folder, JOB.id))).toEqual([]);
    failure = undefined;
    await made.begin(JOB, "mix");
    await until("ready");
  });

  it("are read whole and in part, only by names that are there", async () => {
    const { made, until } = await downloads();
    await made.begin(JOB, "mix");
    await until("ready");
    const file = await made.file(JOB, "mix", NAME);
    expect(file).toMatchObject({ name: NAME, bytes: 5 });
    expect(await text((await file?.read()) ?? Readable.from([]))).toBe("sound");
    expect(await text((await file?.read({ first: 1, last: 2 })) ?? Readable.from([]))).toBe("ou");
    for (const name of ["", ".", "..", `../mix/${NAME}`, "other.flac"]) {
      expect(await made.file(JOB, "mix", name)).toBeUndefined();
    }
    expect(await made.file(OTHER, "mix", NAME)).toBeUndefined();
  });

  it("are deleted with their recording: what is made, waits, is read or is there", async () => {
    const { made, stateOf, until, folder, tasks } = await downloads(async (task) => {
      if (task.kind === "mix") return await done(task);
      await mkdir(task.target);
      await once(task.signal);
    });
    await made.begin(JOB, "mix");
    await until("ready");
    const reader = await (await made.file(JOB, "mix", NAME))?.read();
    const cut = new Promise<Error>((resolve) => reader?.once("error", resolve));
    await made.begin(JOB, "speakers");
    await made.begin(JOB, "audacity");
    await vi.waitFor(() => expect(tasks.map(({ kind }) => kind)).toContain("speakers"));
    await made.remove(JOB.id);
    expect((await cut).message).toBe("the recording was deleted");
    expect(existsSync(join(folder, JOB.id))).toBe(false);
    expect(await stateOf()).toEqual({ state: "none" });
    expect(tasks.map(({ kind }) => kind)).not.toContain("audacity");
  });

  it("are tidied: what a killed service left, and what nobody has fetched for days", async () => {
    const { made, until, folder } = await downloads();
    for (const job of [JOB, OTHER]) {
      await made.begin(job, "mix");
      await until("ready", job);
    }
    await mkdir(join(folder, JOB.id, ".making-mix-1"));
    const old = new Date(Date.now() - KEEP_MS - 60_000);
    await utimes(join(folder, OTHER.id, "mix"), old, old);
    await made.tidy();
    expect(await readdir(folder)).toEqual([JOB.id]);
    expect(await readdir(join(folder, JOB.id))).toEqual(["mix"]);
  });
});

/** Never ends by itself. */
async function once(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
