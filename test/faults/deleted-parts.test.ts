import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { partFileName } from "../../src/session/job-files.ts";
import { expectVerified } from "../support/judge.ts";
import { missingS3, TestBucket } from "../support/s3-bucket.ts";
import { s3Server } from "../support/s3-shared.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, runCommand, type WorkerRun } from "../support/worker.ts";

const ADA = person(1);
/** The pause ends the first part, so that it is stored while the call continues. */
const CALL = toneCall([
  { user: ADA, speaksFromMs: 0, packetCount: 200, pause: { afterPackets: 50, durationMs: 2_500 }, leavesAtMs: 7_000 },
]);
const PART = partFileName(ADA.id, 1);

interface StorageOfTest {
  readonly environment: Readonly<Record<string, string>>;
  stored(): Promise<readonly string[]>;
  fetch?: (directory: string) => Promise<void>;
}

/** Kills the worker once it has stored the first part, does something to the storage, and recovers. */
async function recoverAfter(
  { environment, stored, fetch }: StorageOfTest,
  change: () => Promise<void>,
  recover: (command: () => Promise<WorkerRun>) => Promise<void>,
): Promise<Recorded> {
  const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  return await recordFixture(CALL, {
    environment: { ...environment, MEETBOT_SPOOL_DIR: spool, MEETBOT_ROTATE: "utterance" },
    ...(fetch === undefined ? {} : { fetch }),
    during: async (worker) => {
      await worker.until("participant speaks");
      const isInSpool = async () => (await readdir(join(spool, "test"))).includes(PART);
      // A part leaves the spool once the journal says that it is stored.
      while (!(await stored()).includes(PART) || (await isInSpool())) await new Promise((go) => setTimeout(go, 100));
      worker.kill("SIGKILL");
      await worker.result;
      await change();
      await recover(() => runCommand(["recover", join(spool, "test")], environment));
      expect(await readdir(spool)).toEqual([]);
    },
  });
}

async function folderStorage() {
  const root = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const job = join(root, "test");
  const storage: StorageOfTest = {
    environment: { MEETBOT_STORAGE_URI: `file:${root}` },
    stored: () => readdir(job).catch(() => []),
    fetch: async (directory) => {
      await rm(directory, { recursive: true, force: true });
      await rename(root, dirname(directory));
    },
  };
  return { job, storage };
}

async function expectNamed(command: () => Promise<WorkerRun>): Promise<void> {
  const { exitCode, stderr } = await command();
  expect(stderr).toMatch(new RegExp(`${PART} \\(\\d+ bytes\\) was stored, but was deleted from the storage`));
  expect(exitCode).toBe(0);
}

async function expectFinishedWithout(recorded: Recorded): Promise<void> {
  const lost = recorded.manifest.warnings.filter(({ code }) => code === "file_lost");
  expect(lost).toMatchObject([{ text: expect.stringMatching(new RegExp(`^${PART} \\(\\d+ bytes\\) was stored`)) }]);
  expect(recorded.manifest.tracks.map(({ part }) => part)).not.toContain(1);
  expect(recorded.manifest.datagrams.dropped.disk_refused).toBe(50);
  await expectVerified(recorded);
}

describe("a stored part that is deleted before its job is recovered", () => {
  it("from a folder, is named by output and manifest", async () => {
    const { job, storage } = await folderStorage();
    await expectFinishedWithout(await recoverAfter(storage, () => rm(join(job, PART)), expectNamed));
  }, 60_000);

  it.skipIf(missingS3())(
    "from a bucket, is named by output and manifest",
    async () => {
      const bucket = await TestBucket.create(await s3Server());
      const key = `calls/test/${PART}`;
      const storage: StorageOfTest = {
        environment: bucket.environment("calls"),
        stored: async () => (await bucket.keys()).map((stored) => stored.replace("calls/test/", "")),
        fetch: (directory) => bucket.fetchInto(directory),
      };
      await expectFinishedWithout(await recoverAfter(storage, () => bucket.remove(key), expectNamed));
    },
    120_000,
  );
});

it("a stored part that is deleted during the call is named by output and manifest at its end", async () => {
  const { job, storage } = await folderStorage();
  const { environment, stored, fetch } = storage;
  const recorded = await recordFixture(CALL, {
    environment: { ...environment, MEETBOT_ROTATE: "utterance" },
    ...(fetch === undefined ? {} : { fetch }),
    during: async () => {
      while (!(await stored()).includes(PART)) await new Promise((go) => setTimeout(go, 100));
      await rm(join(job, PART));
    },
  });
  await expectNamed(async () => recorded);
  await expectFinishedWithout(recorded);
}, 60_000);

it("a job's folder that is gone, as with its disk, is asked for in one sentence, and the rest waits for it", async () => {
  const { job, storage } = await folderStorage();
  const away = `${job}-away`;
  const recorded = await recoverAfter(
    storage,
    () => rename(job, away),
    async (command) => {
      const refused = await command();
      expect(refused.stderr).toContain(`MEETBOT_STORAGE_URI: the folder ${job} is gone`);
      expect(refused.exitCode).toBe(1);
      await rename(away, job);
      expect((await command()).exitCode).toBe(0);
    },
  );
  expect(recorded.manifest.warnings.map(({ code }) => code)).toEqual(["recovered"]);
  await expectVerified(recorded);
}, 60_000);
