import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startOf } from "../../../src/process-identity.ts";
import type { Verdict } from "../../../src/service/domain/verdict.ts";
import { boundLog } from "../../../src/service/launcher/bounded-log.ts";
import { readMark } from "../../../src/service/launcher/marks.ts";
import { ProcessLauncher } from "../../../src/service/launcher/process-launcher.ts";
import { WRAPPER } from "../../../src/service/launcher/wrapper.ts";
import type { WorkerSpec } from "../../../src/service/ports/workers.ts";

const FAKE = new URL("../support/fake-worker.ts", import.meta.url).pathname;
const JOB = "job_01HX9N8K0000000000000000AB";
const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.recognisable-token";

async function newLauncher() {
  const jobsFolder = await mkdtemp(join(tmpdir(), "meetbot-jobs-"));
  onTestFinished(() => rm(jobsFolder, { recursive: true, maxRetries: 10 }));
  const launcher = () => new ProcessLauncher({ jobsFolder, command: [process.execPath, FAKE] });
  return { jobsFolder, folder: join(jobsFolder, JOB), launcher: launcher(), another: launcher };
}

function spec(does: string, changes: Partial<WorkerSpec> = {}): WorkerSpec {
  return {
    jobId: JOB,
    attempt: 1,
    task: "record",
    environment: { MEETBOT_NOTICE: does },
    secrets: { DISCORD_BOT_TOKEN: TOKEN },
    ...changes,
  };
}

/** Polls until a worker is in the state. */
async function until(look: () => Promise<Verdict>, kind: Verdict["kind"]): Promise<Verdict> {
  for (let looks = 0; looks < 400; looks += 1) {
    const verdict = await look();
    if (verdict.kind === kind) return verdict;
    await sleep(25);
  }
  throw new Error(`never ${kind}`);
}

async function untilThere(read: () => Promise<unknown>): Promise<void> {
  for (let looks = 0; looks < 400; looks += 1) {
    if ((await read().catch(() => undefined)) !== undefined) return;
    await sleep(25);
  }
  throw new Error("it never came");
}

describe("a worker process", () => {
  it("gets its secrets as files of 0600, and nothing of the service's own environment", async () => {
    const { launcher, folder } = await newLauncher();
    vi.stubEnv("MEETBOT_SERVICE_TEST_SECRET", "recognisable-service-secret");
    vi.stubEnv("NODE_COMPILE_CACHE", join(folder, "compiled"));
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const handle = await launcher.start(spec("run"));
    onTestFinished(() => launcher.stop(JOB, handle, "SIGKILL"));
    await untilThere(() => launcher.controlAddress(JOB));
    const { argv, env } = JSON.parse(await readFile(join(folder, "seen.json"), "utf8"));
    expect(argv.slice(2)).toEqual(["record"]);
    const path = join(folder, "secrets", "DISCORD_BOT_TOKEN");
    expect(env.DISCORD_BOT_TOKEN_FILE).toBe(path);
    expect(await readFile(path, "utf8")).toBe(TOKEN);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "secrets"))).mode & 0o777).toBe(0o700);
    const seen = JSON.stringify({ argv, env, handle });
    expect(seen).not.toContain("recognisable");
    expect(env.NODE_COMPILE_CACHE).toBe(join(folder, "compiled"));
    const own = [
      ...["PATH", "HOME", "TZ", "NODE_EXTRA_CA_CERTS", "PWD", "OLDPWD", "SHLVL", "_", "__CF_USER_TEXT_ENCODING"],
      ...["XDG_CACHE_HOME", "LOCALAPPDATA", "NODE_COMPILE_CACHE", "NODE_DISABLE_COMPILE_CACHE"],
    ];
    const others = Object.keys(env).filter((name) => !/^(MEETBOT|MALLOC)_|_FILE$/.test(name) && !own.includes(name));
    expect(others).toEqual([]);
    // Once it listens it has read them.
    await launcher.maintain(JOB);
    await expect(stat(join(folder, "secrets"))).rejects.toThrow("ENOENT");
  });

  it("is alive, then gone with how it ended, for the launcher and for the next one", async () => {
    const { launcher, another } = await newLauncher();
    const handle = await launcher.start(spec("run"));
    await untilThere(() => launcher.controlAddress(JOB));
    expect(await launcher.inspect(JOB, handle)).toEqual({ kind: "alive" });
    expect(await another().inspect(JOB, handle)).toEqual({ kind: "alive" });
    await another().stop(JOB, handle, "SIGTERM");
    const gone = await until(() => another().inspect(JOB, handle), "gone");
    expect(gone).toEqual({ kind: "gone", how: "exit code 7", exitCode: 7 });
    expect(await launcher.inspect(JOB, handle)).toEqual(gone);
  });

  it.each([
    ["exit 3", "exit code 3", 3],
    ["exit 0", "exit code 0", 0],
  ])("that does %s at once is gone, with that result", async (does, how, exitCode) => {
    const { launcher } = await newLauncher();
    const handle = await launcher.start(spec(does));
    expect(await until(() => launcher.inspect(JOB, handle), "gone")).toEqual({ kind: "gone", how, exitCode });
  });

  it("that is killed says so", async () => {
    const { launcher } = await newLauncher();
    const handle = await launcher.start(spec("run"));
    await launcher.stop(JOB, handle, "SIGKILL");
    const gone = await until(() => launcher.inspect(JOB, handle), "gone");
    expect(gone).toMatchObject({ how: expect.stringContaining("killed by signal 9"), exitCode: 137 });
  });

  it("is recognised by its start time, because process ids are used again", async () => {
    const { launcher } = await newLauncher();
    const handle = await launcher.start(spec("run"));
    onTestFinished(() => launcher.stop(JOB, handle, "SIGKILL"));
    // Linux counts start times in steps of 10 ms, and an id is not used again within one.
    await sleep(50);
    // Its id belongs to another process now, and the wrapper did not note how it ended.
    const other = spawn("sleep", ["60"]);
    onTestFinished(() => void other.kill("SIGKILL"));
    const reused = JSON.stringify({ ...JSON.parse(handle), pid: other.pid, attempt: 9 });
    expect(await launcher.inspect(JOB, reused)).toMatchObject({ kind: "gone" });
    await launcher.stop(JOB, reused, "SIGKILL");
    expect(startOf(other.pid ?? 0)).toBeDefined();
    expect(await launcher.inspect(JOB, handle)).toEqual({ kind: "alive" });
  });

  it("is untracked, never gone, for a service in another PID namespace or on another host", async () => {
    const { launcher } = await newLauncher();
    const handle = await launcher.start(spec("run"));
    onTestFinished(() => launcher.stop(JOB, handle, "SIGKILL"));
    const parsed = JSON.parse(handle);
    for (const realm of [
      { ...parsed.realm, namespace: "pid:[1]" },
      { ...parsed.realm, host: "elsewhere", boot: "its own" },
    ]) {
      const foreign = JSON.stringify({ ...parsed, realm });
      expect(await launcher.inspect(JOB, foreign)).toMatchObject({ kind: "untracked" });
      await launcher.stop(JOB, foreign, "SIGKILL");
    }
    expect(await launcher.inspect(JOB, handle)).toEqual({ kind: "alive" });
    const rebooted = JSON.stringify({ ...parsed, realm: { ...parsed.realm, boot: "earlier" } });
    expect(await launcher.inspect(JOB, rebooted)).toMatchObject({
      kind: "gone",
      how: "the machine has been restarted",
    });
    expect(await launcher.inspect(JOB, "not a handle")).toMatchObject({ kind: "unknown" });
  });

  it("whose service ended during the start is found again, or can never start", async () => {
    const { launcher, another, folder } = await newLauncher();
    const handle = await launcher.start(spec("run"));
    onTestFinished(() => launcher.stop(JOB, handle, "SIGKILL"));
    expect(await another().find(JOB, 1)).toEqual({ kind: "found", worker: handle });
    await mkdir(join(folder, "attempt-2"));
    expect(await another().find(JOB, 2)).toEqual({ kind: "never" });
    expect((await readdir(folder)).filter((name) => name.startsWith("attempt"))).toEqual(["attempt-1"]);
  });

  it("that cannot be noted, as on a full disk, is not left running where nobody finds it", async () => {
    const { folder } = await newLauncher();
    const marks = join(folder, "attempt-1");
    await mkdir(marks, { recursive: true });
    // No file may grow: writing fails as on a full disk.
    const full = `trap '' XFSZ; ulimit -f 0; exec /bin/sh -c "$0" worker "$1" sleep 60`;
    const shell = spawn("/bin/sh", ["-c", full, WRAPPER, marks], { detached: true, stdio: "ignore" });
    onTestFinished(() => {
      if (shell.exitCode === null) process.kill(-(shell.pid ?? 0), "SIGKILL");
    });
    await new Promise((resolve) => shell.once("exit", resolve));
    expect(readMark(join(marks, "pid"))).toBeUndefined();
    // The group has no process any more.
    expect(() => process.kill(-(shell.pid ?? 0), 0)).toThrow("ESRCH");
  });

  it("whose secrets cannot all be written leaves none of them", async () => {
    const { launcher, folder } = await newLauncher();
    const secrets = { DISCORD_BOT_TOKEN: TOKEN, "no/such": "file" };
    await expect(launcher.start(spec("run", { secrets }))).rejects.toThrow("ENOENT");
    await expect(stat(join(folder, "secrets"))).rejects.toThrow("ENOENT");
  });

  it("recovers with the command for it", async () => {
    const { launcher, folder } = await newLauncher();
    const handle = await launcher.start(spec("exit 0", { task: "recover", secrets: {} }));
    await until(() => launcher.inspect(JOB, handle), "gone");
    const { argv } = JSON.parse(await readFile(join(folder, "seen.json"), "utf8"));
    expect(argv.slice(2)).toEqual(["recover", join(folder, "spool", JOB)]);
  });

  it("that cannot be started is an error, with nothing left running", async () => {
    const { launcher, folder } = await newLauncher();
    await mkdir(folder);
    await writeFile(join(folder, "attempt-1"), "");
    await expect(launcher.start(spec("run"))).rejects.toThrow("EEXIST");
  });
});

describe("the pulse of a worker", () => {
  it("is the lock of its spool, which it touches; without one there is none", async () => {
    const { launcher, folder } = await newLauncher();
    expect(await launcher.pulse(JOB)).toBeUndefined();
    const lock = join(folder, "spool", JOB, "lock");
    await mkdir(join(folder, "spool", JOB), { recursive: true });
    await writeFile(lock, "");
    const first = await launcher.pulse(JOB);
    expect(first).toBeDefined();
    expect(await launcher.pulse(JOB)).toBe(first);
    await utimes(lock, 1, 1);
    expect(await launcher.pulse(JOB)).not.toBe(first);
  });
});

describe("what is left of a worker", () => {
  async function remainsOf(files: Readonly<Record<string, string>>) {
    const { launcher, folder } = await newLauncher();
    const spool = join(folder, "spool", JOB);
    await mkdir(spool, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(spool, name), text, { mode: 0o600 });
    const remains = await launcher.remains(JOB);
    await launcher.cleanUp(JOB, true);
    expect(await launcher.remains(JOB)).toBe("nothing");
    return remains;
  }
  const event = (deliveryId: string, data: object) =>
    `${JSON.stringify({ type: "event", deliveryId, emittedAt: "2026-05-09T14:00:00.000Z", to: {}, data: { jobId: JOB, externalId: null, metadata: { discord: { guildId: "1", channelId: "2", textChannelId: null } }, ...data } })}\n`;
  const failed = event("dlv_1", {
    ...{ event: "job.status_changed", status: "failed", previousStatus: "joining", paused: false },
    ...{ failure_code: "lobby_timeout", failure_detail: "x", failure_reason: "x", error: "x" },
  });
  const joining = event("dlv_0", {
    event: "job.status_changed",
    status: "joining",
    previousStatus: "queued",
    paused: false,
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["an empty folder", {}, "unjoined"],
    ["a journal without a recording", { "journal.jsonl": '{"type":"job"}\n' }, "unjoined"],
    ["the reserve of a worker that has not joined", { "journal.jsonl": '{"type":"job"}\n', reserve: "0" }, "unjoined"],
    ["an event on the way", { "outbox.jsonl": joining }, "unjoined"],
    ["an end that was not delivered", { "outbox.jsonl": joining + failed }, "recorded"],
    ["a recording that began", { "journal.jsonl": '{"type":"job"}\n{"type":"recording"}\n' }, "recorded"],
    ["an audio file", { "audio.287541432954880001.ogg": "" }, "recorded"],
  ])("in %s", async (_, files, expected) => {
    expect(await remainsOf(files)).toBe(expected);
  });

  it("is nothing to recover if the outbox's last event is delivered", async () => {
    const accepted = `${JSON.stringify({ type: "accepted", deliveryId: "dlv_1", by: "ingest", at: "2026-05-09T14:00:00.000Z" })}\n`;
    expect(await remainsOf({ "outbox.jsonl": failed + accepted })).toBe("unjoined");
  });
});

describe("a worker's log", () => {
  it("is bounded while the worker appends to it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-log-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "worker.log");
    await boundLog(path);
    await writeFile(path, "x".repeat(101));
    await boundLog(path, 101);
    expect((await stat(path)).size).toBe(101);
    await boundLog(path, 100);
    expect((await stat(path)).size).toBe(0);
    expect(await readFile(`${path}.1`, "utf8")).toHaveLength(101);
  });
});
