import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testLoopback } from "../support/test-loopback.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, runCommand } from "../support/worker.ts";

const JOB = { MEETBOT_JOB_ID: "test" };

interface Line {
  readonly jobId?: string;
  readonly msg: string;
  readonly failureCode?: string;
  readonly exitCode?: number;
}

/** Every line of a log; throws if one is not JSON. */
function linesOf(stderr: string): Line[] {
  return stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

async function failing(environment: Readonly<Record<string, string>>, args: readonly string[] = ["record"]) {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const loopback = await testLoopback({});
  const run = await runCommand(args, {
    MEETBOT_STORAGE_URI: `file:${join(folder, "recordings")}`,
    MEETBOT_SPOOL_DIR: join(folder, "spool"),
    ...JOB,
    ...loopback.environment,
    ...environment,
  });
  return { ...run, last: linesOf(run.stderr).at(-1) };
}

describe("a log that does not go to a terminal", () => {
  it("has the job's id on every line", async () => {
    const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 20, leavesAtMs: 500 }]);
    const { stderr } = await recordFixture(fixture, { environment: { MEETBOT_HTTP_PORT: "0" } });
    const lines = linesOf(stderr);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter(({ jobId }) => jobId !== "test")).toEqual([]);
  });

  it("distinguishes a pause from a resume", async () => {
    const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 100, leavesAtMs: 3_000 }]);
    const token = "a-control-token";
    const environment = { MEETBOT_HTTP_PORT: "0", MEETBOT_CONTROL_TOKEN: token };
    const { stderr } = await recordFixture(fixture, {
      environment,
      during: async (worker) => {
        const log = await worker.until("state: recording");
        const [, address = ""] = /"address":"([^"]+)"/.exec(log) ?? [];
        for (const verb of ["pause-recording", "resume-recording"]) {
          const url = new URL(`/api/v1/jobs/test/${verb}`, address.startsWith("http") ? address : `http://${address}`);
          const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` } });
          expect(answer.status).toBe(200);
        }
      },
    });
    const states = linesOf(stderr).flatMap(({ msg }) => (msg.startsWith("state: recording") ? [msg] : []));
    expect(states).toEqual(["state: recording", "state: recording, paused", "state: recording, resumed"]);
  });

  it("ends with a line that says why a job failed", async () => {
    const { exitCode, last } = await failing({
      DISCORD_BOT_TOKEN: "MTIzNDU2Nzg5MDEyMzQ1Njc4.GWrong.not-the-loopbacks-token",
    });
    expect(last).toMatchObject({
      jobId: "test",
      failureCode: "auth_failure",
      exitCode: 3,
      msg: "auth_failure (customer): Discord refused the bot token",
    });
    expect(exitCode).toBe(3);
  });

  it.each([["record"], ["recover"]])("ends with such a line if %s rejects the settings", async (command) => {
    const { exitCode, last } = await failing({ MEETBOT_ROTATE: "often" }, [command]);
    expect(last).toMatchObject({
      exitCode: 1,
      msg: expect.stringMatching(/^MEETBOT_ROTATE is "often", expected one of/),
    });
    expect(exitCode).toBe(1);
  });
});

describe("a voice server with a certificate that this machine rejects", () => {
  it("ends the start at once, and names the certificate in the log and in the failure", async () => {
    const { exitCode, last, stderr } = await failing({ NODE_EXTRA_CA_CERTS: "" });
    expect(last).toMatchObject({
      failureCode: "network_loss",
      msg: expect.stringMatching(/refuses the certificate of Discord's voice server \(.+\); .* NODE_EXTRA_CA_CERTS/),
    });
    expect(stderr).not.toContain("lobby_timeout");
    expect(exitCode).toBe(2);
  });
});
