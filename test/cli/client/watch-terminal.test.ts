import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { missing } from "../../support/audio-programs.ts";
import { serviceApi, statusReport } from "../../support/service-api.ts";
import { ENDED, TmuxTerminal } from "../../support/tmux.ts";
import { liveJob, participant } from "../../support/watched-job.ts";

const MAIN = resolve("dist/cli/main.js");
const noTerminal = missing("tmux");

/** A job that is recorded, and what its worker says, which the test changes. */
async function recordedJob() {
  const api = await serviceApi();
  const home = await mkdtemp(join(tmpdir(), "meetbot-watch-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const { json: job } = await api.create({ externalId: "standup" });
  const key = await api.launch(job.id);
  await api.ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "recording", "joining") });
  const says = { live: liveJob({ id: job.id }) };
  api.state.worker = async () => ({
    ...{ status: 200, contentType: "application/json", body: Buffer.from(JSON.stringify(says.live)) },
  });
  const environment = { HOME: home, MEETBOT_API_BASE_URL: api.address, MEETBOT_API_KEY: api.live.key };
  return { ...api, id: job.id as string, says, environment };
}

describe.skipIf(noTerminal)(`bot watch at a terminal${noTerminal ? ` (${noTerminal})` : ""}`, () => {
  test("shows the call as it changes, fits 40 columns, and leaves the call when it is interrupted", async () => {
    const { id, says, environment, ask, state } = await recordedJob();
    const command = `'${process.execPath}' '${MAIN}' bot watch ${id}`;
    const terminal = await TmuxTerminal.open({ columns: 80, rows: 24, command, environment });
    onTestFinished(() => terminal.close());
    await terminal.until((text) => text.includes("● Ada") && text.includes("Stand-up in Acme"));
    says.live = liveJob({ id, participants: [participant("Ada"), participant("Grace", { id: "1", speaking: true })] });
    await terminal.until((text) => text.includes("· Ada") && text.includes("● Grace"));
    await terminal.resize(40, 12);
    const narrow = await terminal.until((text) => /^Ctrl-C stops watching$/m.test(text));
    expect(narrow).toContain("2 here");
    await terminal.type("C-c");
    const end = await terminal.until((text) => text.includes(`${ENDED} 130`));
    expect(end.replaceAll("\n", "")).toContain("stopped watching; the job continues");
    expect(end).not.toContain("2 here");
    // Nothing was asked of the worker but what it says.
    expect(state.sent.filter(({ path }) => path !== "")).toEqual([]);
    expect((await ask("GET", `/api/v1/jobs/${id}`)).json.status).toBe("recording");
  });
});

test("bot watch ends when nobody reads its output any more.", async () => {
  const { id, says, environment } = await recordedJob();
  const child = spawn(process.execPath, [MAIN, "bot", "watch", id, "--json"], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  await once(child.stdout, "data");
  child.stdout.destroy();
  const changing = setInterval(() => {
    says.live = liveJob({ id, elapsedSeconds: 1 }, [String(performance.now())]);
  }, 500);
  onTestFinished(() => clearInterval(changing));
  expect(await closed).toEqual([0, null]);
});
