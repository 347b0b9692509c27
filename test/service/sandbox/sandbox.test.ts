import { readFileSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { JobRow } from "../../../src/service/domain/job-row.ts";
import { Sandbox } from "../../../src/service/sandbox/sandbox.ts";
import { WORKER_ARGUMENTS } from "../../support/shipped-worker.ts";

const STANDUP = new URL("../../fixtures/standup", import.meta.url).pathname;
const jobOf = (more: Partial<JobRow>): JobRow =>
  ({ id: "job_1", mode: "test", requestJson: JSON.stringify({ sandbox: "standup" }), ...more }) as JobRow;

async function sandbox(command: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const pidFile = join(folder, "pid");
  const noting = ["/bin/sh", "-c", `echo $$ >${pidFile}; exec "$0" "$@"`, ...command];
  const fixtureFolder = (name: string) => (name === "standup" ? STANDUP : undefined);
  return { folder, pidFile, sandbox: new Sandbox({ folder, command: noting, fixtureFolder }) };
}

it("starts a loopback for a test job, and leaves no bot token on the disk", async () => {
  const { sandbox: source, folder, pidFile } = await sandbox([process.execPath, ...WORKER_ARGUMENTS]);
  const { environment, botToken } = await source.environmentFor(jobOf({}));
  onTestFinished(() => {
    process.kill(Number(readFileSync(pidFile, "utf8")));
  });
  expect(botToken).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(JSON.stringify(environment)).not.toContain(botToken);
  expect(environment.MEETBOT_MEETING_URL).toMatch(/^discord:/);
  const answer = await fetch(`${environment.MEETBOT_DISCORD_API}/v10/users/@me`, {
    headers: { authorization: `Bot ${botToken}` },
  });
  expect(answer.status).toBe(200);
  expect(await readdir(folder)).toEqual(["pid"]);
});

it("says why a loopback could not be started", async () => {
  const { sandbox: source, folder } = await sandbox(["/bin/ls"]);
  const failing = source.environmentFor(jobOf({}));
  await expect(failing).rejects.toThrow("it ended with exit code 2");
  // For the log; the customer reads only the message.
  await expect(failing).rejects.toMatchObject({ cause: expect.stringContaining("--environment-file") });
  expect(await readdir(folder)).toEqual(["pid"]);
  const unknown = jobOf({ requestJson: JSON.stringify({ sandbox: "nobody" }) });
  await expect(source.environmentFor(unknown)).rejects.toThrow("the fixture nobody no longer exists");
});

it("starts nothing for a live job", async () => {
  const { sandbox: source } = await sandbox(["/bin/false"]);
  expect(await source.environmentFor(jobOf({ mode: "live" }))).toEqual({ environment: {} });
});
