import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { DiskSpool } from "../../src/storage/spool.ts";
import { expectVerified } from "../support/judge.ts";
import type { S3Server } from "../support/radosgw.ts";
import { missingS3, TestBucket } from "../support/s3-bucket.ts";
import { S3Proxy } from "../support/s3-proxy.ts";
import { s3Server } from "../support/s3-shared.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type RunningWorker, recordFixture, runCommand } from "../support/worker.ts";

const TALKERS = [1, 2, 3].map((index) => ({ user: person(index), speaksFromMs: 0, packetCount: 250 }));
const CALL = toneCall(TALKERS.map((talker) => ({ ...talker, leavesAtMs: 5_500 })));

/** Some seconds into the recording. */
async function midCall(worker: RunningWorker): Promise<void> {
  await worker.until("participant speaks");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
}

describe.concurrent("a job whose process ends too early", () => {
  it("is finished by the worker when it is started again, and not joined a second time", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const recorded = await recordFixture(CALL, {
      environment: { MEETBOT_SPOOL_DIR: folder },
      during: async (worker, loopback) => {
        await midCall(worker);
        worker.kill("SIGKILL");
        await worker.result;
        const logins = loopback.identifies.length;
        const [job = ""] = (await readFile(join(folder, "test", "journal.jsonl"), "utf8")).split("\n");
        const environment = {
          MEETBOT_SPOOL_DIR: folder,
          MEETBOT_JOB_ID: "test",
          MEETBOT_STORAGE_URI: `file:${JSON.parse(job).storage.directory}`,
          ...loopback.environment,
        };
        const again = await runCommand(["record"], environment);
        expect(again.stderr).toContain("an earlier process left this job unfinished");
        expect(again.exitCode).toBe(0);
        expect(loopback.identifies).toHaveLength(logins);
      },
    });
    expect(recorded.manifest).toMatchObject({ exitReason: "internal_error", failureCode: "internal_error" });
    expect(recorded.manifest.warnings.map(({ code }) => code)).toContain("recovered");
    await expectVerified(recorded);
    expect(await readdir(folder)).toEqual([]);
  });

  it("is not touched by a second worker while the first one records", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const recorded = await recordFixture(toneCall(TALKERS), {
      environment: { MEETBOT_SPOOL_DIR: folder },
      during: async (worker, loopback) => {
        await worker.until("participant speaks");
        const environment = { MEETBOT_SPOOL_DIR: folder, MEETBOT_JOB_ID: "test", ...loopback.environment };
        const second = await runCommand(["record"], environment);
        expect(second.exitCode).toBe(1);
        expect(second.stderr).toMatch(/MEETBOT_SPOOL_DIR: .* is in use by process \d+/);
        const recovery = await runCommand(["recover", join(folder, "test")], {});
        expect(recovery.exitCode).toBe(1);
        expect(recovery.stderr).toMatch(/is in use by process \d+/);
        const all = await runCommand(["recover", "--all", folder], {});
        expect(all.stderr).toContain("1 job skipped: another process is working on it");
        expect(all.exitCode).toBe(0);
        await loopback.played;
        worker.kill("SIGTERM");
      },
    });
    expect(recorded.exitCode).toBe(0);
    expect(recorded.manifest.datagrams.written).toBe(750);
    await expectVerified(recorded);
  });
});

describe("recover", () => {
  it("says what a folder must contain, and treats an empty spool as nothing to do", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const begun = join(folder, "begun");
    await (await DiskSpool.open(begun)).write("reserve", Buffer.alloc(10));
    const killed = await readFile(join(begun, "lock"), "utf8");
    await writeFile(join(begun, "lock"), killed.replace(/"pid":\d+/, '"pid":4194305'));
    const excepted = await runCommand(["recover", "--all", "--except", "begun", folder], {});
    expect(excepted.stderr).toContain("0 unfinished jobs");
    expect(await readdir(folder)).toEqual(["begun"]);
    const [early, empty, all, nothing, finished, nowhere, alone] = await Promise.all([
      runCommand(["recover", begun], {}),
      runCommand(["recover", folder], {}),
      runCommand(["recover", "--all", join(folder, "never-used")], {}),
      runCommand(["recover"], {}),
      runCommand(["recover", join(folder, "finished")], {}),
      runCommand(["recover", join(folder, "no", "such")], {}),
      runCommand(["recover", "--except", "test", folder], {}),
    ]);
    expect(alone.stderr).toContain("recover: --except can only be used with --all");
    expect(empty.stderr).toContain(`${folder}: holds no job; give a job's folder in the spool`);
    expect(nothing.stderr).toContain("recover: name a job's folder in the spool, or give --all");
    expect(nowhere.stderr).toContain("no such folder");
    expect([empty, all, nothing, finished, nowhere].map(({ exitCode }) => exitCode)).toEqual([1, 0, 1, 0, 1]);
    expect(early.stderr).toContain("its worker was killed before it recorded anything");
    expect(early.exitCode).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("recover, for a job whose journal is", () => {
  it.each([
    ["missing", undefined],
    ["zeros", Buffer.alloc(600)],
    ["zeros in its first line", Buffer.from(`${"\0".repeat(300)}\n{"type":"spoke","userId":"200000000000000001"}\n`)],
  ])("%s, keeps its audio and says what to do, each time", async (_, journal) => {
    const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const job = join(spool, "test");
    await mkdir(job);
    const parts = ["audio.200000000000000001.ogg", "audio.200000000000000001-2.ogg"];
    for (const name of parts) await writeFile(join(job, name), "OggS");
    if (journal !== undefined) await writeFile(join(job, "journal.jsonl"), journal);
    for (const args of [
      ["recover", job],
      ["recover", "--all", spool],
      ["recover", "--all", spool],
    ]) {
      const { exitCode, stderr } = await runCommand(args, {});
      expect(stderr).toContain("its journal is missing or damaged, so the job cannot be finished");
      expect(stderr).toContain("its 2 audio files can be played; move what you need elsewhere");
      expect(exitCode).toBe(1);
      expect(await readdir(job)).toEqual(expect.arrayContaining(parts));
    }
  });

  it("missing, treats a folder with a manifest as a finished recording", async () => {
    const recordings = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await mkdir(join(recordings, "test"));
    for (const name of ["audio.200000000000000001.ogg", "manifest.json"]) {
      await writeFile(join(recordings, "test", name), "");
    }
    const { exitCode, stderr } = await runCommand(["recover", "--all", recordings], {});
    expect(stderr).toContain("0 unfinished jobs");
    expect(exitCode).toBe(0);
  });
});

describe.skipIf(missingS3())("a worker that gets a stop signal while its bucket hangs", () => {
  let server: S3Server;

  beforeAll(async () => {
    server = await s3Server();
  });

  it("closes its files at the second signal and keeps the spool, exit 5; recover --all finishes it", async () => {
    const bucket = await TestBucket.create(server);
    const proxy = await S3Proxy.start(server.endpoint);
    const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const environment = { ...bucket.environment("calls", proxy.endpoint), MEETBOT_SPOOL_DIR: spool };
    const recorded = await recordFixture(CALL, {
      environment,
      during: async (worker) => {
        await midCall(worker);
        const release = proxy.fault({ kind: "hang" });
        worker.kill("SIGTERM");
        await worker.until("state: finalizing");
        worker.kill("SIGTERM");
        const { exitCode, stderr } = await worker.result;
        expect(exitCode).toBe(5);
        expect(stderr).toContain("SIGTERM again: closing the files now");
        expect(await bucket.keys()).toEqual([]);
        release();
        expect((await runCommand(["recover", "--all", spool], environment)).exitCode).toBe(0);
        expect(await readdir(spool)).toEqual([]);
      },
      fetch: (directory) => bucket.fetchInto(directory),
    });
    await proxy.close();
    expect(recorded.manifest).toMatchObject({ exitReason: "shutdown", failureCode: null });
    expect(recorded.manifest.datagrams.written).toBe(recorded.manifest.datagrams.received);
    await expectVerified(recorded);
  });
});
