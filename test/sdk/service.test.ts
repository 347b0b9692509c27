import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMeetbot, MeetBot, MeetbotConflictError, MeetbotNotFoundError } from "../../src/sdk/index.ts";
import { FINALIZED } from "../service/support/job-rows.ts";
import { envelopeOf, serviceApi, statusReport } from "../support/service-api.ts";
import { droppingProxy } from "./support/dropping-proxy.ts";
import { scriptedServer } from "./support/scripted-server.ts";

/** The SDK in front of the service's real API and store. */
async function service() {
  const api = await serviceApi();
  const meetbot = createMeetbot({ apiKey: api.test.key, baseUrl: api.address, firstPauseMs: 1 });
  const owner = { consumerId: "con_1", mode: "test" } as const;
  const jobsInStore = async () => (await api.store.jobs(owner, {}, { limit: 100 })).items;
  return { ...api, meetbot, jobsInStore };
}

const controlAnswer = (more: object = {}) => ({
  ...{ status: 200, contentType: "application/json" },
  body: Buffer.from(JSON.stringify({ id: "j", jobId: "j", status: "recording", paused: true, changed: true, ...more })),
});

describe("jobs", () => {
  test("are dispatched under both names, read, listed, changed and cancelled", async () => {
    const { meetbot } = await service();
    const joinAt = new Date(Date.now() + 3_600_000);
    const job = await meetbot.dispatchBot({ externalId: "one", joinAt, metadata: { customer_id: "cust_4711" } });
    expect(job).toMatchObject({ externalId: "one", status: "scheduled", joinAt: joinAt.toISOString(), mode: "test" });
    expect((await meetbot.dispatch({ externalId: "one", joinAt })).id).toBe(job.id);
    expect(await meetbot.getJob(job.id)).toMatchObject({ id: job.id, live: null });
    expect(await meetbot.getBot(job.id)).toMatchObject({ metadata: { customer_id: "cust_4711" } });
    const later = new Date(Date.now() + 7_200_000);
    expect(await meetbot.updateJob(job.id, { joinAt: later })).toMatchObject({ joinAt: later.toISOString() });
    expect((await meetbot.listBots({ status: "scheduled", externalId: "one" })).data).toHaveLength(1);
    expect((await meetbot.listJobs({ createdAfter: later })).data).toEqual([]);
    expect(await meetbot.cancelJob(job.id)).toMatchObject({ status: "cancelled" });
    expect(await meetbot.cancelBot(job.id)).toMatchObject({ status: "cancelled" });
    await expect(meetbot.updateJob(job.id, { joinAt })).rejects.toBeInstanceOf(MeetbotConflictError);
    await expect(meetbot.getJob("job_unknown")).rejects.toBeInstanceOf(MeetbotNotFoundError);
  });

  test("of many pages are iterated over one by one, or page by page", async () => {
    const { meetbot } = await service();
    for (let n = 0; n < 5; n += 1) await meetbot.dispatchBot({ externalId: `call-${n}` });
    const names: (string | null)[] = [];
    for await (const job of await meetbot.listBots({ limit: 2 })) names.push(job.externalId);
    expect(names).toEqual(["call-4", "call-3", "call-2", "call-1", "call-0"]);
    const sizes: number[] = [];
    for await (const page of (await meetbot.listBots({ limit: 2 })).pages()) sizes.push(page.data.length);
    expect(sizes).toEqual([2, 2, 1]);
  });

  test("with a field that is wrong are refused, and the error names the field", async () => {
    const { meetbot } = await service();
    const wrong = meetbot.dispatchBot({ externalId: "bad", meetingUrl: "not-a-url" });
    await expect(wrong).rejects.toMatchObject({
      ...{ status: 400, code: "invalid_input" },
      issues: [{ path: ["meetingUrl"], message: expect.stringContaining("discord://GUILD_ID/CHANNEL_ID") }],
    });
  });
});

describe("a POST whose answers were lost", () => {
  test.each([{}, { externalId: "lost" }])("makes one job: %j", async (input) => {
    const { address, test: key, jobsInStore } = await service();
    const proxy = await droppingProxy(address, 3);
    const meetbot = new MeetBot({ apiKey: key.key, baseUrl: proxy.url, firstPauseMs: 1 });
    const job = await meetbot.dispatchBot(input);
    expect(proxy.requests).toHaveLength(4);
    expect((await jobsInStore()).map(({ id }) => id)).toEqual([job.id]);
  });

  test("and that is given up leaves one job, which the next call with its idempotency key gets", async () => {
    const { address, test: key, jobsInStore } = await service();
    const proxy = await droppingProxy(address, 4);
    const meetbot = new MeetBot({ apiKey: key.key, baseUrl: proxy.url, firstPauseMs: 1 });
    const call = () => meetbot.dispatchBot({}, { idempotencyKey: "mine-1" });
    await expect(call()).rejects.toMatchObject({ name: "MeetbotConnectionError" });
    const job = await call();
    expect((await jobsInStore()).map(({ id }) => id)).toEqual([job.id]);
  });

  test("posts one message: the worker gets one idempotency key", async () => {
    const { address, live, create, launch, state, ask } = await service();
    const { json: job } = await create();
    const key = await launch(job.id);
    await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "recording", "joining") });
    state.worker = async () => controlAnswer({ channelId: "1", messageId: "2" });
    const proxy = await droppingProxy(address, 2);
    const meetbot = new MeetBot({ apiKey: live.key, baseUrl: proxy.url, firstPauseMs: 1 });
    expect(await meetbot.sendChatMessage(job.id, "recording is on")).toMatchObject({ messageId: "2" });
    expect(state.sent.map(({ path, body }) => [path, body])).toEqual(
      Array(3).fill(["/send-chat-message", { message: "recording is on" }]),
    );
    expect(new Set(state.sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });
});

test("Every verb reaches the job's worker, and its answer comes back.", async () => {
  const { address, live, create, launch, state } = await service();
  const { json: job } = await create();
  await launch(job.id);
  const meetbot = new MeetBot({ apiKey: live.key, baseUrl: address });
  state.worker = async () => controlAnswer();
  for (const verb of ["pauseRecording", "resumeRecording", "stopRecording"] as const) {
    expect(await meetbot[verb](job.id)).toMatchObject({ changed: true });
  }
  await meetbot.addNote(job.id, "decided", "Ada");
  expect(state.sent.at(-1)?.body).toEqual({ text: "decided", author: "Ada" });
  state.worker = async () => ({ ...controlAnswer(), status: 202 });
  await meetbot.requestRecordingPermission(job.id);
  expect(state.sent.map(({ path }) => path)).toEqual([
    ...["/pause-recording", "/resume-recording", "/stop-recording", "/note", "/request-recording-permission"],
  ]);
  expect(await meetbot.leaveBot(job.id)).toMatchObject({ jobId: job.id, changed: true });
});

test("Deliveries are listed, and one is sent again.", async () => {
  const { address, live, create, launch, ask } = await service();
  const { json: job } = await create({ webhooks: { onStatus: "https://example.org/hook" } });
  const key = await launch(job.id);
  await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "joining", "queued") });
  const meetbot = new MeetBot({ apiKey: live.key, baseUrl: address });
  const [delivery] = (await meetbot.listDeliveries(job.id)).data;
  expect(delivery).toMatchObject({ event: "job.status_changed", state: "pending" });
  expect(await meetbot.resendDelivery(job.id, delivery?.id ?? "")).toMatchObject({ id: delivery?.id });
});

test("A recording is listed, read, downloaded and deleted.", async () => {
  const { ask, launch, store, state, meetbot } = await service();
  const job = await meetbot.dispatchBot({});
  const key = await launch(job.id);
  const report = (body: object) => ask("POST", "/api/v1/ingest", { key, body });
  await report(statusReport(job.id, "recording", "joining"));
  await report(envelopeOf("dlv_00000000000000000000000009", { ...FINALIZED, jobId: job.id, metadata: job.metadata }));
  await report(statusReport(job.id, "completed", "recording"));
  await store.applyJobEvent(job.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
  });
  const audio = Buffer.from("OggS and more");
  const sha256 = createHash("sha256").update(audio).digest("hex");
  const file = { name: "attachments/1-a b.ogg", bytes: audio.length, mimeType: "audio/ogg", sha256 };
  state.recordings.set(job.id, {
    recording: { manifest: { jobId: job.id }, files: [{ ...file, uri: "file:///a", etag: "e" }] },
    bytes: new Map([[file.name, audio]]),
  });
  expect((await meetbot.listRecordings()).data.map(({ id }) => id)).toEqual([job.id]);
  const { manifest, files } = await meetbot.getRecording(job.id);
  expect([manifest.jobId, files.length]).toEqual([job.id, 1]);
  for (const known of [0, 5]) {
    const chunks: Uint8Array[] = [];
    for (const each of files) {
      const have = [audio.subarray(0, known)];
      for await (const chunk of meetbot.downloadFile(job.id, each, { have })) chunks.push(chunk);
    }
    expect(Buffer.concat(chunks)).toEqual(audio.subarray(known));
  }
  expect(await meetbot.getReport(job.id)).toContain("<!doctype html>");
  expect(await meetbot.deleteRecording(job.id)).toMatchObject({ id: job.id, files: 1 });
  await expect(meetbot.getRecording(job.id)).rejects.toMatchObject({ status: 410, code: "recording_deleted" });
});

test("The files of a large recording come in pages; all are given.", async () => {
  const file = (name: string) => ({ name, bytes: 1, sha256: null });
  const answer = (name: string, nextCursor: string | null) =>
    ({ status: 200, body: { id: "job_1", manifest: {}, files: [file(name)], nextCursor } }) as const;
  const server = await scriptedServer(answer("a", "1"), answer("b", "2"), answer("c", null));
  const meetbot = createMeetbot({ apiKey: "mb_test_1", baseUrl: server.url });
  expect(await meetbot.getRecording("job_1")).toEqual({ id: "job_1", manifest: {}, files: ["a", "b", "c"].map(file) });
  expect(server.seen.map(({ url }) => url.split("?")[1])).toEqual([undefined, "cursor=1", "cursor=2"]);
});

test("The account: whose key it is, and what was used.", async () => {
  const { meetbot } = await service();
  expect(await meetbot.getConsumer()).toMatchObject({ name: "Ada's school", key: { mode: "test" } });
  const from = new Date(Date.now() - 86_400_000);
  expect(await meetbot.getUsage({ from })).toMatchObject({ from: from.toISOString(), jobs: [] });
});

test("A key's new webhook secret: asked for once, and the one before is valid for a while.", async () => {
  const { meetbot } = await service();
  const { webhookSecret, previousValidUntil } = await meetbot.rotateWebhookSecret({ overlapHours: 1 });
  expect(webhookSecret).toMatch(/^whsec_/);
  expect((await meetbot.getConsumer()).key.previousSecretValidUntil).toBe(previousValidUntil);
  await expect(meetbot.rotateWebhookSecret()).rejects.toMatchObject({ code: "secret_overlap" });
  const server = await scriptedServer({ status: 503, body: {} });
  const broken = createMeetbot({ apiKey: "mb_test_1", baseUrl: server.url });
  await expect(broken.rotateWebhookSecret()).rejects.toThrow();
  expect(server.seen).toHaveLength(1);
});

test("Every operation for customers in the OpenAPI document has a method.", () => {
  const { paths } = JSON.parse(readFileSync("config/service-openapi.json", "utf8"));
  const operations = Object.values<Record<string, { operationId: string; tags: string[] }>>(paths)
    .flatMap((path) => Object.values(path))
    .filter(({ tags }) => !["ingest", "admin", "health", "cli-auth"].includes(tags[0] ?? ""))
    .map(({ operationId }) => operationId);
  const named: Readonly<Record<string, string>> = {
    createJob: "dispatchBot",
    leaveCall: "leaveBot",
    getFile: "downloadFile",
  };
  const methods = Object.getOwnPropertyNames(MeetBot.prototype);
  expect(operations.filter((id) => !methods.includes(named[id] ?? id))).toEqual([]);
});

test("A service that answers with the same page again and again ends the list with an error.", async () => {
  const server = await scriptedServer({ status: 200, body: { data: [{ id: "job_1" }], nextCursor: "a" } });
  const meetbot = createMeetbot({ apiKey: "mb_test_1", baseUrl: server.url });
  const all = async () => {
    for await (const { id } of await meetbot.listBots()) expect(id).toBe("job_1");
  };
  await expect(all()).rejects.toThrow("the same page again");
  expect(server.seen).toHaveLength(2);
});
