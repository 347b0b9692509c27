import { spawn } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { FINALIZED } from "../service/support/job-rows.ts";
import { missing } from "../support/audio-programs.ts";
import { envelopeOf, LIVE_JOB, serviceApi, statusReport, TOKEN } from "../support/service-api.ts";

const MAIN = resolve("dist/cli/main.js");

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Each line of stdout as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  readonly records: () => any[];
}

/** A person at a terminal, in front of a service. */
async function person(options: Parameters<typeof serviceApi>[0] = {}) {
  const api = await serviceApi(options);
  const home = await mkdtemp(join(tmpdir(), "meetbot-client-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const base = { PATH: process.env.PATH, HOME: home, MEETBOT_API_BASE_URL: api.address };
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, [MAIN, ...args], { cwd: home, env: { ...base, MEETBOT_API_KEY: api.test.key, ...env } });
  const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> => {
    const child = start(args, env);
    child.stdin.end();
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString("utf8");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString("utf8");
    });
    const [code] = (await once(child, "close")) as [number | null];
    const records = () =>
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    return { code, stdout, stderr, records };
  };
  return { ...api, home, start, run };
}

/** Reports that end a job of a live key. */
async function recordedJob({ ask, create, launch, store, state }: Awaited<ReturnType<typeof person>>) {
  const { json: job } = await create({ externalId: "standup" });
  const key = await launch(job.id);
  const report = (body: object) => ask("POST", "/api/v1/ingest", { key, body });
  await report(statusReport(job.id, "recording", "joining"));
  await report(envelopeOf("dlv_00000000000000000000000007", { ...FINALIZED, jobId: job.id, metadata: job.metadata }));
  await report(statusReport(job.id, "completed", "recording"));
  await store.applyJobEvent(job.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
  });
  const bytes = new Map([
    ["manifest.json", Buffer.from("{}")],
    ["audio.1.ogg", Buffer.from("OggS and much more")],
    ["attachments/1-a b.png", Buffer.from("png")],
  ]);
  const files = [...bytes].map(([name, content]) => ({
    ...{ name, bytes: content.length, mimeType: "application/octet-stream", uri: `file:///x/${name}`, etag: "e" },
    sha256: name === "manifest.json" ? null : createHash("sha256").update(content).digest("hex"),
  }));
  state.recordings.set(job.id, { recording: { manifest: { jobId: job.id }, files }, bytes });
  return { id: job.id as string, bytes };
}

test("A bot is dispatched, shown, listed, watched and controlled; JSON is one record a line.", async () => {
  const api = await person();
  const { run, launch, ask, store, state, live } = api;
  const channel = LIVE_JOB.meetingUrl;
  const asLive = { MEETBOT_API_KEY: live.key, DISCORD_BOT_TOKEN: TOKEN };
  const request = join(api.home, "request.json");
  await writeFile(request, '{"autoLeave":{"afterSoloSeconds":1}}');
  const sent = await run(
    ["bot", "dispatch", channel, "--external-id", "standup", "--request", request, "--json"],
    asLive,
  );
  expect([sent.code, sent.stderr]).toEqual([0, ""]);
  const [job] = sent.records();
  expect(job).toMatchObject({ externalId: "standup", status: "queued", autoLeave: { afterSoloSeconds: 1 } });
  const key = await launch(job.id);
  const report = (status: string, previous: string) =>
    ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, status, previous) });
  await report("recording", "joining");
  state.worker = async (to) => ({
    ...{ status: to.path === "" ? 404 : 200, contentType: "application/json" },
    body: Buffer.from(JSON.stringify({ id: job.id, jobId: job.id, status: "recording", paused: true, changed: true })),
  });
  for (const name of ["pause", "resume", "stop"]) {
    const { code, records } = await run(["bot", name, job.id, "--json"], asLive);
    expect([code, records()]).toEqual([0, [expect.objectContaining({ jobId: job.id, changed: true })]]);
  }
  expect((await run(["bot", "chat", job.id, "recording is on"], asLive)).stdout).toBe(`${job.id}  recording, paused\n`);
  expect((await run(["bot", "get", job.id, "--json"], asLive)).records()).toMatchObject([{ id: job.id }]);
  expect((await run(["bot", "ls", "--status", "recording", "--json"], asLive)).records()).toMatchObject([
    { id: job.id },
  ]);
  const watching = run(["bot", "watch", job.id], asLive);
  expect((await run(["bot", "leave", job.id, "--json"], asLive)).records()).toMatchObject([{ changed: true }]);
  await report("completed", "recording");
  await store.applyJobEvent(job.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
  });
  const watched = await watching;
  expect(watched.code).toBe(0);
  expect(watched.stdout).toMatch(/^\d\d:\d\d:\d\d recording\n(?:.*\n)*\d\d:\d\d:\d\d completed\n$/);
  for (const said of [sent, watched]) expect(said.stdout + said.stderr).not.toContain(TOKEN);
});

test.skipIf(missing("jq"))("What each command prints with --json can be read with jq, one record a line.", async () => {
  const api = await person();
  const { home, create, address, live, launch, ask, state } = api;
  const { id } = await recordedJob(api);
  const { json: running } = await create();
  const workerKey = await launch(running.id);
  await ask("POST", "/api/v1/ingest", { key: workerKey, body: statusReport(running.id, "recording", "joining") });
  state.worker = async () => ({
    ...{ status: 200, contentType: "application/json" },
    body: Buffer.from(JSON.stringify({ id: running.id, jobId: running.id, status: "recording", changed: true })),
  });
  const { json: waiting } = await create({ joinAt: new Date(Date.now() + 9e6).toISOString() });
  await writeFile(join(home, "body"), "{}");
  // Each command, and a value of its records.
  const commands: readonly (readonly [string, string, string])[] = [
    ["bot dispatch --external-id standup", ".externalId", "standup"],
    [`bot get ${id}`, ".status", "completed"],
    ["bot ls", ".id", `${waiting.id} ${running.id} ${id}`],
    [`bot watch ${id}`, 'select(.event == "job.finalized").data.jobId', id],
    [`bot pause ${running.id}`, ".changed", "true"],
    [`bot resume ${running.id}`, ".changed", "true"],
    [`bot stop ${running.id}`, ".changed", "true"],
    [`bot chat ${running.id} hello`, ".status", "recording"],
    [`bot leave ${waiting.id}`, ".changed", "true"],
    [`bot cancel ${waiting.id}`, ".status", "cancelled"],
    ["recordings ls", ".id", id],
    [`recordings get ${id}`, ".manifest.jobId", id],
    [`recordings download ${id} --out files`, ".isOld", "false false false"],
    [`recordings rm ${id}`, ".id", id],
    ["usage", ".day | length", "10"],
    ["webhooks verify --body body --header x --secret whsec_eA==", ".valid", "false"],
    ["skill", ".name", "meetbot-discord"],
    [`login --token ${live.key}`, ".mode", "live"],
    ["logout", ".removed", "true"],
  ];
  const env = { PATH: process.env.PATH, HOME: home, MEETBOT_API_BASE_URL: address, MEETBOT_API_KEY: live.key };
  for (const [command, filter, expected] of commands) {
    const line = `"${process.execPath}" "${MAIN}" ${command} --json | jq -er '${filter}'`;
    const child = spawn("sh", ["-c", line], { cwd: home, env: { ...env, DISCORD_BOT_TOKEN: TOKEN } });
    const said = Buffer.concat(await child.stdout.toArray()).toString();
    expect(said.trim().replaceAll("\n", " "), command).toBe(expected);
  }
});

describe("exit codes", () => {
  test("are 1 for wrong input, 3 without a valid key, and 2 if the service cannot be reached", async () => {
    const { run } = await person();
    const wrong = await run(["bot", "dispatch", "not-a-channel"]);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(/invalid_input .*\n {2}meetingUrl: expected/),
    ]);
    expect((await run(["bot", "get", "job_1"])).code).toBe(1);
    expect((await run(["bot", "ls"], { MEETBOT_API_KEY: "" })).code).toBe(3);
    const other = await run(["bot", "ls"], { MEETBOT_API_KEY: `mb_test_${"0".repeat(40)}` });
    expect([other.code, other.stderr]).toEqual([3, expect.stringContaining("unauthorized (HTTP 401)")]);
    const away = await run(["usage"], { MEETBOT_API_BASE_URL: "http://127.0.0.1:9", MEETBOT_API_TIMEOUT_MS: "300" });
    expect([away.code, away.stderr]).toEqual([2, expect.stringContaining("could not be reached")]);
  });

  test("is 4 if the key may have no more jobs", async () => {
    const { run } = await person({ key: { maxConcurrent: 0 } });
    const { code, stderr } = await run(["bot", "dispatch"]);
    expect([code, stderr]).toEqual([4, expect.stringMatching(/quota_exceeded \(HTTP 429\): .*\n {2}retry after 30 s/)]);
  });
});

test("A recording is listed, downloaded, completed after an interruption, and deleted.", async () => {
  const api = await person();
  const { run, home, live } = api;
  const { id, bytes } = await recordedJob(api);
  const asLive = { MEETBOT_API_KEY: live.key };
  expect((await run(["recordings", "ls", "--json"], asLive)).records()).toMatchObject([{ id }]);
  expect((await run(["recordings", "get", id], asLive)).stdout).toMatch(/^audio\.1\.ogg +18 +[\da-f]{12}$/m);
  const folder = join(home, `meetbot-${id}`);
  const first = await run(["recordings", "download", id, "--json"], asLive);
  expect([first.code, first.stderr]).toEqual([0, ""]);
  expect(
    first
      .records()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...bytes.keys()].sort());
  for (const [name, content] of bytes) expect(await readFile(join(folder, name))).toEqual(content);

  // Half of one file, and another one with a wrong byte.
  await rm(join(folder, "audio.1.ogg"));
  await writeFile(join(folder, "audio.1.ogg.part"), "OggS and");
  await writeFile(join(folder, "attachments/1-a b.png"), "pnG");
  const again = await run(["recordings", "download", id, "--json"], asLive);
  expect(again.records().filter(({ isOld }) => isOld)).toEqual([]);
  for (const [name, content] of bytes) expect(await readFile(join(folder, name))).toEqual(content);
  const third = await run(["recordings", "download", id, "--json"], asLive);
  // Without a hash nobody can say whether a file is the right one.
  const old = third.records().filter(({ isOld }) => isOld);
  expect(old.map(({ name }) => name).sort()).toEqual(["attachments/1-a b.png", "audio.1.ogg"]);

  // The beginning of another file, and then a service that gives other bytes.
  await rm(join(folder, "audio.1.ogg"));
  await writeFile(join(folder, "audio.1.ogg.part"), "Oggs and");
  expect((await run(["recordings", "download", id], asLive)).code).toBe(0);
  expect(await readFile(join(folder, "audio.1.ogg"))).toEqual(bytes.get("audio.1.ogg"));
  await rm(join(folder, "audio.1.ogg"));
  api.state.recordings.get(id)?.bytes.set("audio.1.ogg", Buffer.from("Oggs and much more"));
  const wrong = await run(["recordings", "download", id], asLive);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("audio.1.ogg: the SHA-256")]);
  for (const name of ["audio.1.ogg", "audio.1.ogg.part"]) {
    await expect(stat(join(folder, name))).rejects.toMatchObject({ code: "ENOENT" });
  }

  expect((await run(["recordings", "rm", id], asLive)).stdout).toBe(`${id}: 3 files deleted\n`);
  expect((await run(["recordings", "get", id], asLive)).code).toBe(1);
});

describe("login", () => {
  test("keeps a key that works, for the user only; the environment wins; logout removes it", async () => {
    const { run, home, test: key, live } = await person();
    const unset = { MEETBOT_API_KEY: "" };
    const refused = await run(["login", "--token", `mb_test_${"0".repeat(40)}`], unset);
    expect(refused.code).toBe(3);
    const { code, stdout } = await run(["login", "--token", live.key], unset);
    expect([code, stdout.includes(live.key)]).toEqual([0, false]);
    const file = join(home, ".config/meetbot/token");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toBe(`${live.key}\n`);
    expect((await run(["usage", "--json"], unset)).code).toBe(0);
    expect((await run(["bot", "dispatch", "--json"], { MEETBOT_API_KEY: key.key })).records()).toMatchObject([
      { mode: "test" },
    ]);
    expect((await run(["logout"], unset)).stdout).toBe("logged out\n");
    expect((await run(["usage"], unset)).code).toBe(3);
  });

  test("gets a key of its own when somebody confirms its code", async () => {
    const { start, ask, home, live } = await person();
    const child = start(["login", "--json"], { MEETBOT_API_KEY: "" });
    const closed = once(child, "close");
    const lines: string[] = [];
    for await (const chunk of child.stdout) {
      lines.push(...String(chunk).trim().split("\n"));
      if (lines.length > 1) continue;
      const { userCode } = JSON.parse(lines[0] ?? "{}");
      expect((await ask("POST", "/api/v1/cli-auth/complete", { body: { userCode } })).status).toBe(200);
    }
    expect((await closed)[0]).toBe(0);
    expect(JSON.parse(lines[1] ?? "{}")).toMatchObject({ consumer: "Ada's school", mode: "live" });
    const kept = await readFile(join(home, ".config/meetbot/token"), "utf8");
    expect(kept).toMatch(/^mb_live_\w{40}\n$/);
    expect([kept.trim() === live.key, lines.join("").includes(kept.trim())]).toEqual([false, false]);
  });
});

describe("webhooks", () => {
  test("are verified with exit code 0 or 1", async () => {
    const { run, home } = await person();
    const secret = "whsec_c2VjcmV0";
    await writeFile(join(home, "body"), '{"event":"job.finalized"}');
    const header = `sha256=${createHmac("sha256", secret).update('{"event":"job.finalized"}').digest("hex")}`;
    const verify = (given: string) =>
      run(["webhooks", "verify", "--body", "body", "--header", given, "--json"], { MEETBOT_WEBHOOK_SECRET: secret });
    const good = await verify(header);
    expect([good.code, good.records()]).toEqual([0, [{ valid: true }]]);
    const bad = await verify(header.replace(/.$/, (last) => (last === "0" ? "1" : "0")));
    expect([bad.code, bad.records()]).toEqual([1, [{ valid: false }]]);
    expect((await run(["webhooks", "verify", "--body", "body", "--header", header])).code).toBe(1);
  });

  test("of all jobs are sent to this machine while somebody listens", async () => {
    const { start, create, launch, ask, live } = await person();
    const seen: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
    const arrived = Promise.withResolvers<void>();
    const receiver = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString("utf8");
      seen.push({ headers: request.headers, body });
      response.end();
      if (seen.length === 2) arrived.resolve();
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    onTestFinished(() => void receiver.close());
    const { json: job } = await create();
    const key = await launch(job.id);
    const port = String((receiver.address() as AddressInfo).port);
    const secret = "whsec_c2VjcmV0";
    const env = { MEETBOT_API_KEY: live.key, MEETBOT_WEBHOOK_SECRET: secret };
    const child = start(["webhooks", "listen", "--port", port, "--path", "/hook"], env);
    onTestFinished(() => void child.kill());
    await once(child.stdout, "data");
    await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "joining", "queued") });
    await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "in_call", "joining") });
    await Promise.race([arrived.promise, once(child, "close")]);
    expect(seen.map(({ body }) => JSON.parse(body))).toMatchObject([
      { event: "job.status_changed", attempt: 1, version: 2, data: { jobId: job.id, status: "joining" } },
      { event: "job.status_changed", data: { status: "in_call" } },
    ]);
    for (const { headers, body } of seen) {
      expect(headers["x-meetbot-signature"]).toBe(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
      const id = JSON.parse(body).deliveryId;
      const signed = `${id}.${headers["webhook-timestamp"]}.${body}`;
      const standard = createHmac("sha256", Buffer.from("c2VjcmV0", "base64")).update(signed).digest("base64");
      expect([headers["webhook-id"], headers["webhook-signature"]]).toEqual([id, `v1,${standard}`]);
    }
  });
});
