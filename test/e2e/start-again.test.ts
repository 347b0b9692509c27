import { mkdtemp, readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, runCommand, startCommand } from "../support/worker.ts";

const CALL = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 50, leavesAtMs: 1_500 }]);
const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GLoop1.a-token-that-nobody-has-to-accept-here";

/** A first run that does not come to join, then the same job for real. */
async function firstRun(first: (environment: Record<string, string>) => Promise<unknown>) {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const spool = join(folder, "spool");
  // A server that accepts a connection and says nothing: Discord on a bad day, and somebody who has the port.
  const silent = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const address = silent.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  await first({
    DISCORD_BOT_TOKEN: TOKEN,
    MEETBOT_MEETING_URL: "discord://100000000000000001/100000000000000002",
    MEETBOT_DISCORD_API: `http://127.0.0.1:${address.port}/api`,
    MEETBOT_STORAGE_URI: `file:${join(folder, "recordings")}`,
    MEETBOT_SPOOL_DIR: spool,
    MEETBOT_CAPTURE_DIR: join(folder, "captures"),
    MEETBOT_JOB_ID: "test",
    TAKEN_PORT: String(address.port),
  });
  silent.close();
  const left = await readdir(folder, { recursive: true });
  const recorded = await recordFixture(CALL, { environment: { MEETBOT_SPOOL_DIR: spool } });
  expect(recorded.exitCode).toBe(0);
  expect(recorded.manifest.tracks.map(({ packets }) => packets.received)).toEqual([50]);
  await expectVerified(recorded);
  expect(await readdir(spool)).toEqual([]);
  return left;
}

describe.concurrent("a job that never joined can be started again and recorded", () => {
  it("after the HTTP port was taken: nothing is left", async () => {
    const left = await firstRun(async ({ TAKEN_PORT = "", ...environment }) => {
      const { exitCode, stderr } = await runCommand(["record"], { ...environment, MEETBOT_HTTP_PORT: TAKEN_PORT });
      expect(stderr).toContain("MEETBOT_HTTP_HOST and MEETBOT_HTTP_PORT: cannot listen on 127.0.0.1");
      expect(exitCode).toBe(1);
    });
    expect(left.sort()).toEqual(["captures", "spool"]);
  });

  it("after its process was killed while it joined", async () => {
    const left = await firstRun(async (environment) => {
      const worker = startCommand(["record"], environment);
      await worker.until("state: joining");
      worker.kill("SIGKILL");
      await worker.result;
    });
    expect(left).toContain(join("spool", "test", "journal.jsonl"));
  });

  it("after a stop signal while it joined: nothing is left", async () => {
    const left = await firstRun(async (environment) => {
      const worker = startCommand(["record"], environment);
      await worker.until("state: joining");
      worker.kill("SIGTERM");
      const { exitCode } = await worker.result;
      expect(exitCode).toBe(0);
    });
    expect(left.sort()).toEqual(["captures", "recordings", "spool"]);
  });
});
