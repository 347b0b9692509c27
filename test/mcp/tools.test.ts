import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { FINALIZED } from "../service/support/job-rows.ts";
import { envelopeOf, GUILD, LIVE_JOB, serviceApi, statusReport, TOKEN } from "../support/service-api.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA==";

/** The tools that customers know. */
const NAMES = [
  ...["dispatch_bot", "get_bot", "list_bots", "leave_bot", "pause_recording", "resume_recording", "stop_recording"],
  ...["send_chat_message", "get_recording", "get_transcript", "list_jobs", "get_job", "delete_job"],
  ...["verify_webhook_signature", "get_consumer", "list_recordings", "delete_recording"],
];

interface Said {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  readonly content: any;
}

/** The command as a process of its own, in front of the service, with the MCP SDK's client. */
async function assistant(mode: "live" | "test", env: Readonly<Record<string, string>> = {}) {
  const api = await serviceApi();
  const transport = new StdioClientTransport({
    ...{ command: process.execPath, args: [MAIN, "mcp"], stderr: "pipe" },
    env: {
      ...{ PATH: process.env.PATH ?? "", MEETBOT_API_KEY: api[mode].key, MEETBOT_API_BASE_URL: api.address },
      ...{ DISCORD_BOT_TOKEN: TOKEN, MEETBOT_WEBHOOK_SECRET: SECRET },
      ...env,
    },
  });
  const client = new Client({ name: "a test", version: "1" });
  let errors = "";
  transport.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString("utf8");
  });
  // Such as a line on stdout that is not of the protocol.
  client.onerror = (error) => {
    errors += error.message;
  };
  await client.connect(transport);
  onTestFinished(() => client.close());
  const said: string[] = [];
  const call = async (name: string, input: object = {}): Promise<Said> => {
    const result = (await client.callTool({ name, arguments: { ...input } })) as CallToolResult;
    const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
    said.push(text);
    return { isError: result.isError === true, text, content: result.structuredContent };
  };
  return { ...api, client, call, said, key: api[mode].key, errors: () => errors };
}

const workerAnswer = (id: string, status: number) => ({
  ...{ status, contentType: "application/json" },
  body: Buffer.from(JSON.stringify({ id, jobId: id, status: "recording", paused: false, changed: true })),
});

test("Every tool does its work in front of the service, and none shows a secret.", { timeout: 120_000 }, async () => {
  const { client, call, said, launch, ask, store, state, errors, ...rest } = await assistant("live");
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual([...NAMES].sort());

  const { discord: _token, ...live } = LIVE_JOB;
  const { content: job } = await call("dispatch_bot", { ...live, externalId: "standup" });
  expect(job).toMatchObject({ externalId: "standup", status: "queued", metadata: { discord: { guildId: GUILD } } });
  expect((await call("dispatch_bot", { ...live, externalId: "standup" })).content.id).toBe(job.id);
  for (const name of ["get_bot", "get_job"]) expect((await call(name, { id: job.id })).content.id).toBe(job.id);
  for (const name of ["list_bots", "list_jobs"]) {
    expect((await call(name, { status: "queued" })).content.data).toHaveLength(1);
  }

  const key = await launch(job.id);
  const report = (body: object) => ask("POST", "/api/v1/ingest", { key, body });
  await report(statusReport(job.id, "recording", "joining"));
  state.worker = async () => workerAnswer(job.id, 200);
  for (const name of ["pause_recording", "resume_recording", "stop_recording"]) {
    expect((await call(name, { id: job.id })).content).toMatchObject({ jobId: job.id, changed: true });
  }
  await call("send_chat_message", { id: job.id, message: "recording is on" });
  expect(state.sent.map(({ path }) => path)).toEqual([
    ...["/pause-recording", "/resume-recording", "/stop-recording", "/send-chat-message"],
  ]);
  expect((await call("leave_bot", { id: job.id })).content.changed).toBe(true);

  await report(envelopeOf("dlv_00000000000000000000000008", { ...FINALIZED, jobId: job.id, metadata: job.metadata }));
  await report(statusReport(job.id, "completed", "recording"));
  await store.applyJobEvent(job.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
  });
  const files = Array.from({ length: 250 }, (_, part) => ({
    ...{ name: `audio.1-${part}.ogg`, bytes: 1, mimeType: "audio/ogg", sha256: null, uri: "file:///a", etag: "e" },
  }));
  const manifest = { jobId: job.id, tracks: files, events: [{ type: "participant.join" }] };
  state.recordings.set(job.id, { recording: { manifest, files }, bytes: new Map() });
  expect((await call("list_recordings")).content.data).toMatchObject([{ id: job.id }]);
  const { content: recording } = await call("get_recording", { id: job.id });
  expect([recording.files.length, recording.filesOmitted, recording.tracksOmitted]).toEqual([200, 50, 50]);
  expect(recording.manifest).not.toHaveProperty("events");
  expect(await call("get_transcript", { id: job.id })).toMatchObject({
    isError: true,
    text: expect.stringContaining("get_recording"),
  });
  expect((await call("delete_recording", { id: job.id })).content).toMatchObject({ id: job.id });
  expect((await call("get_recording", { id: job.id })).text).toMatch(/^recording_deleted \(HTTP 410\): /);

  const { content: later } = await call("dispatch_bot", { ...live, joinAt: new Date(Date.now() + 9e6).toISOString() });
  expect((await call("delete_job", { id: later.id })).content.status).toBe("cancelled");
  expect((await call("get_consumer")).content.name).toBe("Ada's school");
  const body = '{"event":"job.finalized"}';
  const header = `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
  expect((await call("verify_webhook_signature", { body, header })).content).toEqual({ valid: true });
  expect((await call("verify_webhook_signature", { body: "{}", header })).content).toEqual({ valid: false });

  const everything = [...said, JSON.stringify(tools), errors()].join("\n");
  for (const secret of [rest.key, TOKEN, SECRET]) expect(everything).not.toContain(secret);
  expect(everything).not.toMatch(/"(?:botToken|apiKey|secret)"/);
  expect(errors()).toBe("");
});

describe("wrong arguments", () => {
  test("are explained by the field's name, what is accepted, and what to do next", async () => {
    const { call } = await assistant("test");
    const wrong: readonly (readonly [string, object, RegExp])[] = [
      ["get_bot", {}, /^id: expected a job's id/m],
      ["get_bot", { id: ".." }, /^id: expected a job's id/m],
      ["get_bot", { jobId: "job_1" }, /^jobId: there is no such field/m],
      ["leave_bot", { id: 7 }, /^id: expected a job's id/m],
      ["list_bots", { status: "in_meeting" }, /^status: expected one of scheduled, queued/m],
      ["list_bots", { limit: 1_000 }, /^limit: expected a whole number from 1 to 100/m],
      ["list_recordings", { createdAfter: "yesterday" }, /^createdAfter: expected a time such as/m],
      ["dispatch_bot", { meetingURL: "discord://1/2" }, /^meetingURL: .*did you mean meetingUrl\?/m],
      ["dispatch_bot", { meetingUrl: "https://meet.google.com/a" }, /^meetingUrl: expected discord:\/\//m],
      ["dispatch_bot", { autoLeave: { afterSoloSeconds: -1 } }, /^autoLeave.afterSoloSeconds: expected a whole/m],
      ["dispatch_bot", { recording: { consent: "maybe" } }, /^recording.consent: expected/m],
      ["send_chat_message", { id: "job_1" }, /^message: expected a text of 1 to/m],
      ["send_chat_message", { id: "job_1", message: "hi", text: "hi" }, /^text: there is no such field/m],
      ["dispatch_bot", { metadata: [] }, /^metadata: /m],
      ["verify_webhook_signature", { body: "{}" }, /^header: expected the text of the header/m],
    ];
    for (const [name, input, message] of wrong) {
      const { isError, text } = await call(name, input);
      expect([isError, text], `${name} ${JSON.stringify(input)}`).toEqual([true, expect.stringMatching(message)]);
      expect(text).toMatch(/call the tool again/);
    }
    for (const name of NAMES) {
      const { isError, text } = await call(name, { somethingElse: 1 });
      expect([isError, text], name).toEqual([true, expect.stringMatching(/^somethingElse: there is no such field/m)]);
    }
    expect((await call("get_bots")).text).toBe("There is no tool get_bots. Did you mean get_bot?");
  });
});

test("A request that is not of the protocol is refused with a sentence that names the field.", async () => {
  const { client } = await assistant("test");
  const wrong = [{}, { name: 7 }, { name: "get_bot", arguments: "job_1" }, { name: "get_bot", arguments: [] }];
  for (const params of wrong) {
    const failure = client.request({ method: "tools/call", params } as never, z.unknown());
    await expect(failure).rejects.toThrow(
      /^MCP error -32602: The request is not as described: params\.(?:name|arguments): expected a (?:text|JSON object)\.$/,
    );
  }
});

test("What the service refuses, and what is not set, is explained with what to do next.", async () => {
  const { call } = await assistant("live", { DISCORD_BOT_TOKEN: "", MEETBOT_WEBHOOK_SECRET: "" });
  expect((await call("get_bot", { id: "job_1" })).text).toBe(
    "not_found (HTTP 404): this key has no job job_1.\nUse list_bots or list_recordings to find the right id.",
  );
  expect((await call("dispatch_bot", { meetingUrl: LIVE_JOB.meetingUrl })).text).toMatch(
    /^No bot token is set\. Ask the person to set DISCORD_BOT_TOKEN/,
  );
  const { text } = await call("dispatch_bot", { ...LIVE_JOB });
  expect(text).toMatch(/^discord.botToken: there is no such field/m);
  expect(text).toContain("DISCORD_BOT_TOKEN in the environment of this MCP server");
  expect(text).not.toContain(TOKEN);
  const webhook = { body: "{}", header: "sha256=" };
  expect((await call("verify_webhook_signature", webhook)).text).toMatch(
    /Ask the person to set MEETBOT_WEBHOOK_SECRET/,
  );
});

test("A service that cannot be reached is explained too.", async () => {
  const { call } = await assistant("test", {
    MEETBOT_API_BASE_URL: "http://127.0.0.1:9",
    MEETBOT_API_TIMEOUT_MS: "500",
  });
  expect((await call("get_consumer")).text).toMatch(/^127\.0\.0\.1:9 could not be reached.*MEETBOT_API_BASE_URL/);
});
