import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { expectVerified } from "../support/judge.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";
import { recordFixture, runCommand, soundOf, type WorkerRun } from "../support/worker.ts";

const talkers = (count: number, packetCount: number) =>
  toneCall(
    Array.from({ length: count }, (_, index) => ({
      user: person(index + 1),
      speaksFromMs: 0,
      packetCount,
      leavesAtMs: packetCount * 20 + 500,
    })),
  );

async function spoolFolder(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "spool");
}

const pause = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

describe("a process with a low limit of open files", () => {
  it("records 30 people who all speak at once", async () => {
    const fixture = talkers(30, 300);
    const recorded = await recordFixture(fixture, { openFiles: 48 });
    expect(recorded.exitCode).toBe(0);
    expect(recorded.manifest.speakers).toHaveLength(30);
    expect(recorded.manifest.datagrams).toMatchObject({ received: 9_000, written: 9_000 });
    expect(recorded.manifest.warnings).toEqual([]);
    await expectVerified(recorded);
  }, 30_000);
});

describe("a part's file that cannot be opened", () => {
  it("loses that part, with a warning that names the speaker; other parts are recorded", async () => {
    const fixture = talkers(2, 400);
    const spool = await spoolFolder();
    const blocked = join(spool, "test", `audio.${person(1).id}.ogg`);
    const recorded = await recordFixture(fixture, {
      environment: { MEETBOT_SPOOL_DIR: spool },
      // A folder in the file's place is refused to root too.
      during: async (worker) => {
        await worker.until("state: joining");
        await mkdir(blocked, { recursive: true });
      },
    });
    expect(recorded.exitCode).toBe(0);
    const { manifest } = recorded;
    expect(manifest).toMatchObject({ failureCode: null });
    expect(manifest.warnings).toMatchObject([{ code: "speaker_not_stored" }]);
    expect(manifest.warnings[0]?.text).toContain(`person1 (${person(1).id})`);
    expect((await soundOf(recorded, person(2).id)).map(({ hex }) => hex)).toEqual(saidBy(fixture, person(2).id));
    const heard = (await soundOf(recorded, person(1).id)).length;
    expect(heard).toBeGreaterThan(200);
    expect(manifest.datagrams).toMatchObject({ received: 800, written: 400 + heard });
    expect(manifest.datagrams.dropped.disk_refused).toBe(400 - heard);
    await expectVerified(recorded);
  }, 30_000);
});

describe("a spool whose disk becomes read-only during the call", () => {
  it("ends the call with exit code 5, and recovers with everything that reached the disk", async () => {
    const fixture = talkers(2, 300);
    const spool = await spoolFolder();
    const broken = `${spool}-is-broken`;
    const preload = fileURLToPath(new URL("../support/broken-disk.ts", import.meta.url));
    let ended: WorkerRun | undefined;
    const recorded = await recordFixture(fixture, {
      environment: { MEETBOT_SPOOL_DIR: spool, BROKEN_DISK: broken, NODE_OPTIONS: `--import=${preload}` },
      during: async (worker) => {
        await worker.until("participant speaks");
        await pause(2_000);
        await writeFile(broken, "");
        ended = await worker.result;
        await rm(broken);
      },
      fetch: async (directory) => {
        const storage = `file:${dirname(directory)}`;
        const { exitCode } = await runCommand(["recover", join(spool, "test")], { MEETBOT_STORAGE_URI: storage });
        expect(exitCode).toBe(0);
      },
    });
    expect(ended?.exitCode).toBe(5);
    const last = JSON.parse(ended?.stderr.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ exitCode: 5, failureCode: "internal_error" });
    expect(last.msg).toContain("EROFS: read-only file system, write; the spool is kept, and can be recovered");
    expect(recorded.manifest).toMatchObject({ failureCode: "internal_error", warnings: [{ code: "recovered" }] });
    for (const { user } of [{ user: person(1) }, { user: person(2) }]) {
      const heard = (await soundOf(recorded, user.id)).map(({ hex }) => hex);
      expect(heard.length).toBeGreaterThan(20);
      expect(heard).toEqual(saidBy(fixture, user.id).slice(0, heard.length));
    }
    await expectVerified(recorded);
    expect(await readdir(spool)).toEqual([]);
  }, 40_000);
});

describe("a spool whose disk hangs", () => {
  it("ends the job by itself with exit code 5, also if no signal ever comes, and recovers", async () => {
    const fixture = talkers(2, 200);
    const spool = await spoolFolder();
    const hung = `${spool}-hangs`;
    const preload = fileURLToPath(new URL("../support/hung-disk.ts", import.meta.url));
    let ended: WorkerRun | undefined;
    const recorded = await recordFixture(fixture, {
      environment: { MEETBOT_SPOOL_DIR: spool, HUNG_DISK: hung, NODE_OPTIONS: `--import=${preload}` },
      during: async (worker) => {
        await worker.until("participant speaks");
        await pause(2_000);
        await writeFile(hung, "");
        await worker.until("state: finalizing");
        await pause(2_500); // the disk is asked meanwhile
        await writeFile(`${hung}.long`, "");
        ended = await worker.result;
      },
      fetch: async (directory) => {
        const storage = `file:${dirname(directory)}`;
        const { exitCode } = await runCommand(["recover", join(spool, "test")], { MEETBOT_STORAGE_URI: storage });
        expect(exitCode).toBe(0);
      },
    });
    expect(ended?.exitCode).toBe(5);
    const last = JSON.parse(ended?.stderr.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ exitCode: 5, failureCode: "internal_error" });
    expect(last.msg).toContain("the spool's disk has not answered for 300 s; recover the job when");
    for (const { user } of [{ user: person(1) }, { user: person(2) }]) {
      const heard = (await soundOf(recorded, user.id)).map(({ hex }) => hex);
      expect(heard.length).toBeGreaterThan(20);
      expect(heard).toEqual(saidBy(fixture, user.id).slice(0, heard.length));
    }
    await expectVerified(recorded);
    expect(await readdir(spool)).toEqual([]);
  }, 40_000);
});

describe("a job's spool folder that is replaced by a file", () => {
  it("ends the call at once with exit code 5 and one sentence", async () => {
    const spool = await spoolFolder();
    const recording = recordFixture(talkers(2, 300), {
      environment: { MEETBOT_SPOOL_DIR: spool },
      during: async (worker) => {
        await worker.until("participant speaks");
        await rename(join(spool, "test"), join(spool, "elsewhere"));
        await writeFile(join(spool, "test"), "");
      },
    });
    await expect(recording).rejects.toThrow(
      /the worker exited 5:[\s\S]*"msg":"internal_error[^"]*its spool folder was deleted/,
    );
  }, 30_000);
});

describe("a spool folder that is deleted during the call", () => {
  it.each([
    ["the folder", ""],
    ["an open part", `audio.${person(1).id}.ogg`],
    ["the journal", "journal.jsonl"],
  ])(
    "is made again with all that it held: %s",
    async (_, name) => {
      const fixture = talkers(2, 300);
      const spool = await spoolFolder();
      const recorded = await recordFixture(fixture, {
        environment: { MEETBOT_SPOOL_DIR: spool },
        during: async (worker) => {
          await worker.until("participant speaks");
          await pause(1_500);
          await rm(join(spool, "test", name), { recursive: true, force: true });
          await worker.until("spool_deleted");
          expect(await readdir(join(spool, "test"))).toEqual(
            expect.arrayContaining(["journal.jsonl", "lock", `audio.${person(1).id}.ogg`]),
          );
        },
      });
      expect(recorded.exitCode).toBe(0);
      expect(recorded.stderr).not.toContain("cannot find out how much room");
      expect(recorded.manifest.warnings).toMatchObject([{ code: "spool_deleted" }]);
      expect(recorded.manifest.datagrams).toMatchObject({ received: 600, written: 600 });
      for (const { user } of [{ user: person(1) }, { user: person(2) }]) {
        expect((await soundOf(recorded, user.id)).map(({ hex }) => hex)).toEqual(saidBy(fixture, user.id));
      }
      await expectVerified(recorded);
      expect(await readdir(spool)).toEqual([]);
    },
    30_000,
  );

  it("keeps all its contents, even if it is deleted repeatedly within 3 s", async () => {
    const fixture = talkers(2, 400);
    const spool = await spoolFolder();
    const recorded = await recordFixture(fixture, {
      environment: { MEETBOT_SPOOL_DIR: spool },
      during: async (worker) => {
        await worker.until("participant speaks");
        await pause(1_500);
        for (let times = 0; times < 300; times += 1) {
          await rm(join(spool, "test"), { recursive: true, force: true }).catch(() => undefined);
          await pause(10);
        }
        await worker.until("spool_deleted");
      },
    });
    expect(recorded.exitCode).toBe(0);
    // Each look that finds other files deleted first has its own text.
    expect(new Set(recorded.manifest.warnings.map(({ code }) => code))).toEqual(new Set(["spool_deleted"]));
    expect(recorded.manifest.datagrams).toMatchObject({ received: 800, written: 800 });
    for (const { user } of [{ user: person(1) }, { user: person(2) }]) {
      expect((await soundOf(recorded, user.id)).map(({ hex }) => hex)).toEqual(saidBy(fixture, user.id));
    }
    await expectVerified(recorded);
  }, 40_000);
});
