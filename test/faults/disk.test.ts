import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { expectOpusinfoAccepts, expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, runCommand } from "../support/worker.ts";

const KILOBYTE = 1_024;
const TALKERS = [1, 2, 3].map((index) => ({ user: person(index), speaksFromMs: 0, packetCount: 400 }));

/** A file system of its own takes the rights of root; a person's machine rarely gives them to a test. */
function cannotMount(): string | false {
  if (process.getuid?.() === 0) return missing("mount");
  if (process.env.CI === "true") throw new Error("mounting a small file system takes root, and CI must have it");
  return "mounting a small file system takes root";
}

let folder: string;

async function mountSmallDisk(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]);
}

function unmountSmallDisk(): void {
  execFileSync("umount", [folder]);
}

describe.skipIf(cannotMount())("a spool on a disk that is full", () => {
  beforeAll(mountSmallDisk);
  afterAll(unmountSmallDisk);

  it("ends the recording with all data intact, and says why", async () => {
    await mkdir(join(folder, "spool"));
    const recorded = await recordFixture(toneCall(TALKERS), {
      environment: { MEETBOT_SPOOL_DIR: join(folder, "spool"), MEETBOT_SPOOL_LOW_MB: "0", MEETBOT_SPOOL_STOP_MB: "0" },
      during: async (worker) => {
        await worker.until("participant speaks");
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await fill(folder);
      },
    });
    expect(recorded.exitCode).toBe(0);
    expect(recorded.manifest).toMatchObject({ exitReason: "internal_error", failureCode: "internal_error" });
    expect(recorded.manifest.exitDetail).toBe("the spool's disk is full");
    expect(recorded.manifest.tracks.length).toBeGreaterThan(0);
    // The recording ends long before the call would, and nothing that had come until then is missing.
    const { received, written } = recorded.manifest.datagrams;
    expect(received).toBeLessThan(1_000);
    expect(written).toBe(received);
    await expectVerified(recorded);
    await expectOpusinfoAccepts(recorded);
    expect(await readdir(join(folder, "spool"))).toEqual([]);
  });

  it("is refused before the bot joins if it is full at the start", async () => {
    await expect(
      recordFixture(toneCall(TALKERS), { environment: { MEETBOT_SPOOL_DIR: join(folder, "other") } }),
    ).rejects.toThrow(/MEETBOT_SPOOL_DIR: (its disk|cannot use)/);
  });
});

describe.skipIf(cannotMount())("a storage that becomes read-only during the call", () => {
  beforeAll(mountSmallDisk);
  afterAll(unmountSmallDisk);

  it("loses nothing: SIGTERM ends with exit code 5, and recover stores every packet once it is writable", async () => {
    const storage = { MEETBOT_STORAGE_URI: `file:${folder}` };
    let exitCode: number | null = null;
    let spool = "";
    const recorded = await recordFixture(toneCall(TALKERS.map((talker) => ({ ...talker, packetCount: 200 }))), {
      environment: { ...storage, MEETBOT_SHUTDOWN_GRACE_SECONDS: "3", MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "60" },
      during: async (worker) => {
        await worker.until("participant speaks");
        execFileSync("mount", ["-o", "remount,ro", folder]);
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        worker.kill("SIGTERM");
        ({ exitCode } = await worker.result);
        execFileSync("mount", ["-o", "remount,rw", folder]);
        expect(await readdir(folder)).toEqual([]);
      },
      fetch: async (directory) => {
        spool = join(directory, "..", "..", "spool");
        const recovered = await runCommand(["recover", join(spool, "test")], storage);
        expect(recovered.exitCode).toBe(0);
        await cp(join(folder, "test"), directory, { recursive: true });
      },
    });
    expect(exitCode).toBe(5);
    expect(recorded.manifest.datagrams).toMatchObject({ received: 600, written: 600 });
    await expectVerified(recorded);
    expect(await readdir(spool)).toEqual([]);
  }, 60_000);
});

/** Takes what is free, down to the last block. */
async function fill(folder: string): Promise<void> {
  for (let size = 512 * KILOBYTE; size >= KILOBYTE; size /= 2) {
    for (let index = 0; ; index += 1) {
      try {
        await writeFile(join(folder, `fill-${size}-${index}`), Buffer.alloc(size, 1));
      } catch {
        // Full for this size; smaller ones may still fit.
        break;
      }
    }
  }
}
