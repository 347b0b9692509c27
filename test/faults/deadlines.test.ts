import { execFileSync } from "node:child_process";
import { link, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startLoopback } from "../../src/loopback/loopback.ts";
import { missing } from "../support/audio-programs.ts";
import { expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type RunningWorker, recordFixture, runCommand, startCommand } from "../support/worker.ts";

const BLOCKED = { retryAfterSeconds: 600, times: 1_000 };
const CALL = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 100, leavesAtMs: 2_500 }]);
const LONG_CALL = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 500 }]);

describe.concurrent("a bot that Discord blocks for ten minutes", () => {
  it("in mid-call still stores its files, says what it could not do, and exits", async () => {
    const recorded = await recordFixture(CALL, {
      environment: { MEETBOT_NOTICE: "this call is recorded" },
      during: async (worker, loopback) => {
        await worker.until("participant speaks");
        loopback.faults.rateLimitRest(BLOCKED);
        // Events of that time must then be read over REST.
        loopback.faults.invalidateGatewaySession({ resumable: false, keepsVoice: true });
      },
    });
    expect(recorded.exitCode).toBe(0);
    expect(recorded.manifest).toMatchObject({ exitReason: "alone_in_room", failureCode: null });
    expect(recorded.manifest.tracks).toMatchObject([{ packets: { received: 100, lost: 0 } }]);
    const codes = recorded.manifest.warnings.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(["notice_not_posted", "chat_backfill_incomplete"]));
    await expectVerified(recorded);
  });

  it("at its login says so, and exits with 2", async () => {
    const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const loopback = await startLoopback({ fixture: CALL, workDir });
    try {
      loopback.faults.rateLimitRest({ ...BLOCKED, path: "/gateway/bot" });
      const { exitCode, stderr } = await runCommand(["record"], {
        MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
        MEETBOT_SPOOL_DIR: join(workDir, "spool"),
        ...loopback.environment,
      });
      expect(stderr).toMatch(
        /network_loss \(platform\): .*Discord limits how often this may be asked, for another \d+ s/,
      );
      expect(exitCode).toBe(2);
    } finally {
      await loopback.close();
    }
  });
});

const withoutFifos = missing("mkfifo");

/** Reading the part's file never returns from now on. @returns gives it back */
async function hangPart(spool: string): Promise<() => Promise<void>> {
  const folder = join(spool, "test");
  const part = (await readdir(folder)).find((name) => name.endsWith(".ogg"));
  if (part === undefined) throw new Error("no part is being recorded");
  const [path, kept] = [join(folder, part), join(spool, "kept")];
  await link(path, kept);
  await rm(path);
  execFileSync("mkfifo", [path]);
  return async () => {
    await rm(path);
    await rename(kept, path);
  };
}

describe.skipIf(withoutFifos).concurrent("a worker whose storage hangs in a system call", () => {
  const cases: [string, (worker: RunningWorker) => void, string][] = [
    ["at the end of the grace", () => undefined, "the grace is over"],
    ["at the second signal", (worker) => worker.kill("SIGTERM"), "SIGTERM again"],
  ];
  it.each(cases)("ends %s with exit 5, and leaves a spool that recover finishes", async (_, further, said) => {
    const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const patient = said === "the grace is over" ? "2" : "600";
    const environment = { MEETBOT_SPOOL_DIR: spool, MEETBOT_SHUTDOWN_GRACE_SECONDS: patient };
    const recorded = await recordFixture(LONG_CALL, {
      environment,
      during: async (worker, loopback) => {
        await worker.until("participant speaks");
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        const giveBack = await hangPart(spool);
        worker.kill("SIGTERM");
        await worker.until("state: finalizing");
        // By then the storage has been asked to read the part.
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        further(worker);
        const { exitCode, stderr } = await worker.result;
        expect(stderr).toContain(said);
        expect(exitCode).toBe(5);
        await giveBack();
        const recovered = await runCommand(["recover", "--journal-storage", join(spool, "test")], loopback.environment);
        expect(recovered.stderr).not.toContain("upload failed");
        expect(recovered.exitCode).toBe(0);
      },
    });
    expect(recorded.manifest).toMatchObject({ exitReason: "shutdown", failureCode: null });
    const { received, written } = recorded.manifest.datagrams;
    expect(received).toBeGreaterThan(0);
    expect(written).toBe(received);
    await expectVerified(recorded);
  });
});

describe("a worker that gets two stop signals while it joins", () => {
  it("exits within seconds even if the gateway hangs", async () => {
    const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const loopback = await startLoopback({ fixture: CALL, workDir });
    try {
      loopback.faults.rateLimitRest({ retryAfterSeconds: 15, times: 10, path: "/gateway/bot" });
      const worker = startCommand(["record"], {
        MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
        MEETBOT_SPOOL_DIR: join(workDir, "spool"),
        ...loopback.environment,
      });
      await worker.until("state: joining");
      worker.kill("SIGTERM");
      worker.kill("SIGINT");
      const { exitCode } = await worker.result;
      expect([0, 5]).toContain(exitCode);
    } finally {
      await loopback.close();
    }
  });
});
