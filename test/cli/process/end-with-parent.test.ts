import { globSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { startCommand } from "../../support/worker.ts";

const FIXTURE = fileURLToPath(new URL("../../fixtures/standup", import.meta.url));
/** Less than the 5 minutes after which a worker gives up a lost connection by itself. */
const WAIT = { timeout: 90_000, interval: 200 };

it("If a replay is killed, its worker finishes the recording and ends.", { timeout: 200_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const storage = join(folder, "recordings");
  const args = ["replay", FIXTURE, "--storage", storage, "--job-id", "job_1"];
  const replay = startCommand(args, { TMPDIR: folder });
  await vi.waitFor(() => expect(globSync(join(folder, "*/spool/job_1/audio.*.ogg"))).not.toEqual([]), WAIT);
  replay.kill("SIGKILL");
  const manifest = await vi.waitFor(() => readFile(join(storage, "job_1", "manifest.json"), "utf8"), WAIT);
  expect(JSON.parse(manifest)).toMatchObject({ exitReason: "shutdown" });
  // The worker holds standard error open until it has ended.
  await replay.result;
});
