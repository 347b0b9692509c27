import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { ProcessLauncher } from "../../../src/service/launcher/process-launcher.ts";
import { WarmPool } from "../../../src/service/launcher/warm-pool.ts";
import type { WorkerSpec } from "../../../src/service/ports/workers.ts";
import { silentLog } from "../../support/silent-log.ts";

const FAKE = new URL("../support/fake-worker.ts", import.meta.url).pathname;
const JOB = "job_01HX9N8K0000000000000000AB";
const SPEC: WorkerSpec = {
  jobId: JOB,
  attempt: 1,
  task: "record",
  environment: { MEETBOT_NOTICE: "run" },
  secrets: { DISCORD_BOT_TOKEN: "recognisable-token" },
};

async function newLauncher() {
  const data = await mkdtemp(join(tmpdir(), "meetbot-warm-"));
  const [jobsFolder, folder] = [join(data, "jobs"), join(data, "warm")];
  const warm = { workers: 2, folder, arguments: ["await-job"], log: silentLog };
  const launcher = new ProcessLauncher({ jobsFolder, command: [process.execPath, FAKE], warm });
  onTestFinished(async () => {
    await launcher.close();
    await rm(data, { recursive: true, maxRetries: 10 });
  });
  return {
    launcher,
    folder,
    job: join(jobsFolder, JOB),
    cold: new ProcessLauncher({ jobsFolder, command: ["false"] }),
  };
}

/** What each worker that waits has seen of its environment, once as many as asked for wait. */
async function waiting(folder: string, count: number): Promise<{ readonly pid: number; readonly env: object }[]> {
  for (let looks = 0; looks < 400; looks += 1) {
    const names = await readdir(folder).catch(() => []);
    const seen = await Promise.all(
      names.map((name) => readFile(join(folder, name, "waits.json"), "utf8").catch(() => "")),
    );
    const there = seen.filter((text) => text.endsWith("}")).map((text) => JSON.parse(text));
    if (there.length === count) {
      // It says that it is ready right after.
      await sleep(50);
      return there;
    }
    await sleep(25);
  }
  throw new Error(`${count} workers never waited`);
}

async function untilGone(pid: number): Promise<void> {
  for (let looks = 0; looks < 400; looks += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(25);
  }
  throw new Error(`${pid} is still there`);
}

async function seenBy(job: string): Promise<{ readonly env: Readonly<Record<string, string>>; readonly cwd: string }> {
  for (let looks = 0; looks < 400; looks += 1) {
    const text = await readFile(join(job, "seen.json"), "utf8").catch(() => "");
    if (text.endsWith("}")) return JSON.parse(text);
    await sleep(25);
  }
  throw new Error("the worker saw nothing");
}

describe("workers that wait for a job", () => {
  it("have no job and no secret, and then get theirs as any worker does", async () => {
    const { launcher, folder, job, cold } = await newLauncher();
    launcher.prepare(1);
    const [first] = await waiting(folder, 1);
    expect(launcher.waiting).toBe(1);
    expect(Object.keys(first?.env ?? {}).filter((name) => /MEETBOT|DISCORD|_FILE/.test(name))).toEqual([]);
    const handle = await launcher.start(SPEC);
    onTestFinished(() => launcher.stop(JOB, handle, "SIGKILL"));
    const { pid } = JSON.parse(handle);
    expect(pid).toBe(first?.pid);
    const { env, cwd } = await seenBy(job);
    expect(cwd).toBe(job);
    expect(env).toMatchObject({ MEETBOT_NOTICE: "run", MEETBOT_SPOOL_DIR: join(job, "spool") });
    expect(await readFile(env.DISCORD_BOT_TOKEN_FILE ?? "", "utf8")).toBe("recognisable-token");
    expect((await stat(env.DISCORD_BOT_TOKEN_FILE ?? "")).mode & 0o777).toBe(0o600);
    expect(await readFile(join(job, "worker.log"), "utf8")).toBe("a line of the log\n");
    expect(await readdir(folder)).toEqual([]);
    // The next service knows it, as it knows every worker, and learns how it ended.
    expect(await cold.inspect(JOB, handle)).toEqual({ kind: "alive" });
    expect(await cold.find(JOB, 1)).toEqual({ kind: "found", worker: handle });
    await launcher.close();
    expect(await cold.inspect(JOB, handle)).toEqual({ kind: "alive" });
    await cold.stop(JOB, handle, "SIGTERM");
    await untilGone(pid);
    expect(await cold.inspect(JOB, handle)).toEqual({ kind: "gone", how: "exit code 7", exitCode: 7 });
  });

  it("are never more than the slots without a worker, and end with the launcher", async () => {
    const { launcher, folder } = await newLauncher();
    launcher.prepare(5);
    const both = await waiting(folder, 2);
    launcher.prepare(1);
    await waiting(folder, 1);
    expect(launcher.waiting).toBe(1);
    launcher.prepare(0);
    expect(launcher.waiting).toBe(0);
    for (const { pid } of both) await untilGone(pid);
    launcher.prepare(1);
    const [last] = await waiting(folder, 1);
    await launcher.close();
    await untilGone(last?.pid ?? 0);
    expect(await readdir(folder)).toEqual([]);
  });

  it("that are frozen do not get the job: it starts as usual, once", async () => {
    const { launcher, folder, job } = await newLauncher();
    launcher.prepare(1);
    const [frozen] = await waiting(folder, 1);
    process.kill(frozen?.pid ?? 0, "SIGSTOP");
    const handle = await launcher.start(SPEC);
    onTestFinished(() => launcher.stop(JOB, handle, "SIGKILL"));
    expect(JSON.parse(handle).pid).not.toBe(frozen?.pid);
    await untilGone(frozen?.pid ?? 0);
    await seenBy(job);
    expect(await launcher.inspect(JOB, handle)).toEqual({ kind: "alive" });
  });

  it("never take a job that was given up before they took it", async () => {
    const { job, cold } = await newLauncher();
    // The service was killed after it had given the worker's folder to the job, and before it handed the job over.
    await mkdir(join(job, "attempt-1"), { recursive: true });
    await writeFile(join(job, "attempt-1", "pid"), "1 (sh) S");
    expect(await cold.find(JOB, 1)).toEqual({ kind: "never" });
    expect(await readdir(job)).toEqual([]);
  });

  it("are not used for a job that has a log: a worker writes to the log that it has opened", async () => {
    const { launcher, folder, job } = await newLauncher();
    launcher.prepare(1);
    const [first] = await waiting(folder, 1);
    await mkdir(job, { recursive: true });
    await writeFile(join(job, "worker.log"), "of an earlier attempt\n", { mode: 0o600 });
    const handle = await launcher.start({ ...SPEC, attempt: 2 });
    onTestFinished(() => launcher.stop(JOB, handle, "SIGKILL"));
    expect(JSON.parse(handle).pid).not.toBe(first?.pid);
    await seenBy(job);
    expect(await readFile(join(job, "worker.log"), "utf8")).toBe("of an earlier attempt\na line of the log\n");
  });
});

describe("a pool that is closed", () => {
  it.each([0, 1])(
    "while a worker loads (%i processes by then) ends it, and does not wait until it has loaded",
    async (size) => {
      const folder = await mkdtemp(join(tmpdir(), "meetbot-warm-"));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const pool = new WarmPool({ folder, command: ["/bin/sleep", "60"], environment: {} }, silentLog);
      pool.keep(1);
      while (pool.size < size) await sleep(5);
      await pool.close();
      expect(pool.size).toBe(0);
      expect(await readdir(folder)).toEqual([]);
    },
  );
});
