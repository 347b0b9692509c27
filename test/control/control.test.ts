import { describe, expect, it } from "vitest";
import { MessageError } from "../../src/errors.ts";
import type { Manifest } from "../../src/session/manifest.ts";
import { controlServer, TOKEN } from "../support/control-server.ts";
import type { MemoryCall } from "../support/memory-call.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { settle } from "../support/virtual-clock.ts";

const ALICE = somebody(1);
const VERBS = [
  ...["pause-recording", "resume-recording", "stop-recording", "leave-call"],
  ...["send-chat-message", "note", "request-recording-permission"],
];

async function recording(...options: Parameters<typeof controlServer>) {
  const server = await controlServer(...options);
  const result = server.call.recorder.run();
  await settle();
  return { ...server, result };
}

async function talk(call: MemoryCall, milliseconds: number): Promise<void> {
  for (let spokenMs = 0; spokenMs < milliseconds; spokenMs += 20) {
    call.speak(ALICE.id);
    await call.clock.advance(20);
  }
}

const manifestOf = (call: MemoryCall): Manifest =>
  JSON.parse(call.storage.files.get("manifest.json")?.toString("utf8") ?? "");

describe("the job over HTTP", () => {
  it("shows what customers and operators need", async () => {
    const { call, ask, result } = await recording();
    const get = async () => (await ask("GET", "/api/v1/jobs/job_1")).json;
    call.voice.listener?.roster({ kind: "join", person: somebody(2, true), flags: FLAGS });
    call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
    await talk(call, 1_000);
    call.voice.listener?.warning("odd", "something odd");
    expect(await get()).toMatchObject({
      ...{ id: "job_1", externalId: null, platform: "discord", status: "recording", paused: false, stopped: false },
      meetingUrl: "discord://100000000000000001/100000000000000002",
      metadata: {
        discord: {
          guildId: "100000000000000001",
          channelId: "100000000000000002",
          textChannelId: "100000000000000003",
        },
      },
      ...{ startedAt: "2026-01-01T00:00:05.000Z", elapsedSeconds: 1, connection: "live", manifestUri: null },
      participants: [
        { id: somebody(2).id, bot: true, present: true, spoke: false },
        { ...ALICE, present: true, spoke: true, speakerLabel: "A", consent: "not_asked" },
      ],
      speakers: [{ id: ALICE.id, displayName: ALICE.displayName }],
      autoLeave: [
        { exitReason: "silence_timeout", remainingSeconds: expect.any(Number), thresholdSeconds: 900, waitsFor: null },
        { exitReason: "max_duration", remainingSeconds: 14_399, thresholdSeconds: 14_400 },
      ],
      warnings: [{ code: "odd", text: "something odd" }],
      uploads: { waitingFiles: 0, storedFiles: 0, failedFiles: 0 },
      ...{ exitReason: null, exitDetail: null, failure_code: null, failure_detail: null },
    });
    expect(await get()).toMatchObject({ channel: { id: "100000000000000002", name: "Channel" } });
    call.voice.listener?.moved({ id: "100000000000000004", name: "Elsewhere" });
    expect(await get()).toMatchObject({
      channel: { id: "100000000000000004", name: "Elsewhere" },
      meetingUrl: "discord://100000000000000001/100000000000000002",
    });
    call.voice.listener?.ended({ exitReason: "removed_from_meeting", detail: "somebody disconnected the bot" });
    await result;
    expect(await get()).toMatchObject({
      ...{ status: "failed", exitReason: "removed_from_meeting", failure_code: "removed_from_meeting" },
      ...{ failure_detail: "somebody disconnected the bot", manifestUri: "memory:/job/manifest.json" },
    });
  });

  it("requires the token", async () => {
    const { ask, verb, call } = await recording();
    for (const token of [undefined, "", "wrong-token", `${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()]) {
      const answer = await ask("GET", "/api/v1/jobs/job_1", { token });
      expect(answer).toMatchObject({ status: 401, json: { error: "unauthorized", code: "unauthorized" } });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(answer.text).not.toContain(TOKEN);
      expect((await ask("DELETE", "/api/v1/jobs/job_1", { token })).status).toBe(401);
      for (const name of VERBS) expect((await verb(name, { token })).status).toBe(401);
    }
    expect(call.recorder.state).toEqual({ status: "recording", paused: false });
    const basic = { authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString("base64")}` };
    expect((await ask("GET", "/api/v1/jobs/job_1", { headers: basic })).status).toBe(401);
    expect((await ask("GET", "/api/v1/jobs/job_1", { headers: { authorization: `bearer ${TOKEN}` } })).status).toBe(
      200,
    );
  });

  it("refuses everyone if the worker has no token, and says so; health and metrics still work", async () => {
    const { ask, verb } = await recording({ token: undefined });
    for (const name of VERBS) {
      expect(await verb(name)).toMatchObject({
        status: 403,
        json: { error: "control_disabled", message: expect.stringContaining("MEETBOT_CONTROL_TOKEN") },
      });
    }
    expect((await ask("GET", "/api/v1/jobs/job_1")).status).toBe(403);
    expect((await ask("GET", "/healthz")).status).toBe(200);
    expect((await ask("GET", "/metrics")).status).toBe(200);
  });

  it("is not found under another id", async () => {
    const { ask } = await recording();
    const others = ["/api/v1/jobs/job_2", "/api/v1/jobs/JOB_1", "/api/v1/jobs/job_1%2f", "/api/v1/jobs/"];
    for (const path of others) expect((await ask("GET", path)).status).toBe(404);
    expect(await ask("DELETE", "/api/v1/jobs/job_2")).toMatchObject({
      status: 404,
      json: { error: "not_found", message: "this worker has another job, job_1" },
    });
    expect((await ask("POST", "/api/v1/jobs/job_1/dance")).status).toBe(404);
    expect((await ask("POST", "/api/v1/jobs/job_1")).status).toBe(405);
  });
});

describe("the verbs", () => {
  it("pause and resume, and change nothing when repeated", async () => {
    const { call, verb } = await recording();
    const answers: unknown[] = [];
    for (const name of ["pause-recording", "pause-recording", "resume-recording", "resume-recording"]) {
      const { status, json } = await verb(name);
      expect(status).toBe(200);
      answers.push(json);
    }
    const job = { id: "job_1", jobId: "job_1", status: "recording" };
    expect(answers).toEqual([
      { ...job, paused: true, changed: true },
      { ...job, paused: true, changed: false },
      { ...job, paused: false, changed: true },
      { ...job, paused: false, changed: false },
    ]);
    expect(call.recorder.state).toEqual({ status: "recording", paused: false });
  });

  it("need no body, and ignore any body", async () => {
    const { verb } = await recording();
    expect((await verb("pause-recording", { body: {} })).status).toBe(200);
    expect((await verb("resume-recording", { body: "" })).status).toBe(200);
    expect((await verb("pause-recording", { body: "not json" })).status).toBe(200);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await verb("resume-recording", { body: "x".repeat(100_000), headers: form })).status).toBe(200);
  });

  it("stop for good, and stay in the channel", async () => {
    const { call, verb } = await recording();
    expect(await verb("stop-recording")).toMatchObject({ status: 200, json: { status: "in_call", changed: true } });
    expect(await verb("stop-recording")).toMatchObject({ status: 200, json: { status: "in_call", changed: false } });
    for (const name of ["pause-recording", "resume-recording"]) {
      expect(await verb(name)).toMatchObject({
        status: 409,
        json: { error: "wrong_state", message: expect.stringContaining("the job is in_call") },
      });
    }
    expect(call.voice.left).toBe(0);
  });

  it("are refused before recording starts", async () => {
    const { call, ask, verb } = await controlServer();
    call.voice.joining = new Promise(() => undefined);
    const result = call.recorder.run();
    await settle();
    for (const name of ["pause-recording", "resume-recording", "stop-recording"]) {
      expect(await verb(name)).toMatchObject({ status: 409, json: { error: "wrong_state" } });
    }
    expect((await verb("send-chat-message", { body: { message: "hello" } })).status).toBe(409);
    expect((await ask("DELETE", "/api/v1/jobs/job_1")).status).toBe(204);
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "cancelled" } });
  });

  it("leave and finish, and can be repeated after the bot has left", async () => {
    const { call, ask, verb, result } = await recording();
    await talk(call, 1_000);
    expect(await verb("leave-call")).toMatchObject({ status: 202, json: { changed: true } });
    expect(await verb("leave-call")).toMatchObject({ status: 202, json: { changed: false } });
    expect((await verb("pause-recording")).status).toBe(409);
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "completed" } });
    expect(manifestOf(call)).toMatchObject({ exitReason: "leave_requested", durationSeconds: 1 });
    expect(await verb("leave-call")).toMatchObject({ status: 202, json: { status: "completed", changed: false } });
    expect(await ask("DELETE", "/api/v1/jobs/job_1")).toMatchObject({ status: 409, json: { error: "wrong_state" } });
  });

  it("cancel with DELETE, keep what is recorded, and can be repeated", async () => {
    const { call, ask, verb, result } = await recording();
    await talk(call, 1_000);
    for (const _ of [1, 2]) {
      expect(await ask("DELETE", "/api/v1/jobs/job_1")).toMatchObject({ status: 204, text: "" });
    }
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "cancelled" } });
    expect(manifestOf(call)).toMatchObject({ exitReason: "cancelled", failureCode: null });
    expect(manifestOf(call).tracks).toHaveLength(1);
    expect((await ask("DELETE", "/api/v1/jobs/job_1")).status).toBe(204);
    expect((await verb("leave-call")).status).toBe(202);
  });

  it("do not replace a reason to end that SIGTERM already set", async () => {
    const { call, ask, verb, result } = await recording();
    // The state stays `recording` until the storage has given up the manifest of the running recording.
    const held = Promise.withResolvers<void>();
    call.storage.put = ({ name }) => (name === "manifest.recording.json" ? held.promise : Promise.resolve());
    await call.clock.advance(61_000);
    expect(call.recorder.end({ exitReason: "shutdown", detail: "SIGTERM" })).toBe(true);
    expect(call.recorder.end({ exitReason: "shutdown", detail: "SIGTERM again" })).toBe(false);
    await settle();
    expect(await verb("leave-call")).toMatchObject({ status: 202, json: { status: "recording", changed: false } });
    const refused = { status: 409, text: expect.stringContaining("the job is about to leave") };
    expect(await ask("DELETE", "/api/v1/jobs/job_1")).toMatchObject(refused);
    expect(await verb("pause-recording")).toMatchObject(refused);
    held.resolve();
    expect(await result).toMatchObject({ state: { status: "completed", end: { exitReason: "shutdown" } } });
    expect(await verb("leave-call")).toMatchObject({ status: 202, json: { changed: false } });
  });

  it("do not leave or cancel if only files remain to be finished", async () => {
    const { ask, verb, call } = await recording({ job: { call: undefined, end: () => false } });
    expect(await verb("leave-call")).toMatchObject({ status: 202, json: { changed: false } });
    expect((await ask("DELETE", "/api/v1/jobs/job_1")).status).toBe(409);
    expect((await verb("stop-recording")).status).toBe(409);
    expect(call.recorder.state.status).toBe("recording");
  });

  it("answer an internal failure with a sentence that hides the details", async () => {
    const secret = "the database password is hunter2";
    const { verb } = await recording({
      job: {
        end: () => {
          throw new Error(secret);
        },
      },
    });
    const answer = await verb("leave-call");
    expect(answer).toMatchObject({ status: 500, json: { error: "internal_error" } });
    expect(answer.text).not.toContain("hunter2");
  });
});

describe("a message for the chat", () => {
  const say = (message: unknown) => ({ body: { message } });

  it("is posted, and the answer names the channel", async () => {
    const { call, verb } = await recording();
    expect(await verb("send-chat-message", say("We start *now*"))).toMatchObject({
      status: 200,
      json: { id: "job_1", changed: true, channelId: "100000000000000003", messageId: "1" },
    });
    expect(call.announcer.posted).toEqual([{ text: "We start *now*" }]);
  });

  it("has 1 to 2,000 characters, whatever their size in bytes", async () => {
    const { call, verb } = await recording();
    expect((await verb("send-chat-message", say("🎙".repeat(2_000)))).status).toBe(200);
    expect(call.announcer.posted).toHaveLength(1);
    for (const message of ["", " \n\t", "x".repeat(2_001), "🎙".repeat(2_001), 7, null, undefined]) {
      const answer = await verb("send-chat-message", say(message));
      expect(answer).toMatchObject({
        status: 400,
        json: {
          error: "invalid_input",
          message: expect.stringMatching(/^message: /),
          issues: expect.arrayContaining([expect.objectContaining({ path: ["message"] })]),
        },
      });
    }
    for (const body of ["", "not json", "[]", '"text"', "null"]) {
      expect(await verb("send-chat-message", { body })).toMatchObject({
        status: 400,
        json: { error: "invalid_input" },
      });
    }
    expect(call.announcer.posted).toHaveLength(1);
  });

  it("is refused if it is too large or is not JSON", async () => {
    const { verb } = await recording();
    expect((await verb("send-chat-message", say("x".repeat(20_000)))).status).toBe(413);
    const headers = { "content-type": "text/plain" };
    expect((await verb("send-chat-message", { body: "hello", headers })).status).toBe(415);
  });

  it("is posted once per Idempotency-Key, and again if posting failed", async () => {
    const { call, verb } = await recording();
    const keyed = { ...say("once"), headers: { "idempotency-key": "key-1" } };
    call.announcer.failure = new MessageError("unreachable", "Discord could not be reached");
    expect((await verb("send-chat-message", keyed)).status).toBe(502);
    call.announcer.failure = undefined;
    const answers = await Promise.all([verb("send-chat-message", keyed), verb("send-chat-message", keyed)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.json).toEqual(answers[1]?.json);
    expect(call.announcer.posted).toHaveLength(1);
    await verb("send-chat-message", { ...keyed, headers: { "idempotency-key": "key-2" } });
    await verb("send-chat-message", say("once"));
    expect(call.announcer.posted).toHaveLength(3);
  });

  it.each([
    ["missing_permissions", 409, "chat_unavailable"],
    ["unknown_channel", 409, "chat_unavailable"],
    ["refused", 400, "invalid_input"],
    ["unreachable", 502, "discord_unreachable"],
  ] as const)("says why Discord did not accept it: %s", async (reason, status, error) => {
    const { call, verb } = await recording();
    call.announcer.failure = new MessageError(reason, "the bot lacks the permission Send Messages");
    expect(await verb("send-chat-message", say("hello"))).toMatchObject({
      status,
      json: { error, message: expect.stringContaining("Send Messages") },
    });
  });
});

describe("an answer that was given elsewhere", () => {
  const answer = (granted: boolean) => ({ body: { userId: ALICE.id, granted, displayName: "Alice" } });

  it("counts from now on, and shows in the job", async () => {
    const { call, ask, verb } = await recording();
    call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
    expect(await verb("consent", answer(false))).toMatchObject({ status: 200, json: { changed: true } });
    expect(await verb("consent", answer(false))).toMatchObject({ status: 200, json: { changed: false } });
    expect((await ask("GET", "/api/v1/jobs/job_1")).json).toMatchObject({
      participants: [{ id: ALICE.id, displayName: ALICE.displayName, consent: "declined" }],
    });
    await verb("consent", answer(true));
    expect((await ask("GET", "/api/v1/jobs/job_1")).json).toMatchObject({ participants: [{ consent: "granted" }] });
  });

  it("is refused if nothing is being recorded", async () => {
    const { verb } = await recording();
    await verb("stop-recording");
    expect(await verb("consent", answer(false))).toMatchObject({
      status: 409,
      json: { error: "wrong_state", message: expect.stringContaining("in_call") },
    });
  });
});

describe("a note", () => {
  const note = (text: unknown, author?: unknown) => ({ body: { text, ...(author === undefined ? {} : { author }) } });
  const chatOf = (call: MemoryCall) =>
    (call.spool.files.get("chat.jsonl")?.toString("utf8") ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));

  it("is a line of the chat with its time, on the disk when it is answered", async () => {
    const { call, verb } = await recording();
    await call.clock.advance(1_500);
    expect(await verb("note", note("  decided: Friday\n", " Ada\u0007 Okafor "))).toMatchObject({
      status: 200,
      json: { id: "job_1", status: "recording", changed: true, offsetMs: 1_500 },
    });
    expect((await verb("note", note("🎙".repeat(2_000)))).status).toBe(200);
    expect(chatOf(call)).toMatchObject([
      {
        type: "note",
        offsetMs: 1_500,
        at: "2026-01-01T00:00:06.500Z",
        text: "decided: Friday",
        author: "Ada\ufffd Okafor",
      },
      { type: "note", text: "🎙".repeat(2_000), author: null },
    ]);
    expect(call.announcer.posted).toEqual([]);
  });

  it.each([
    ...["", " \n", "x".repeat(2_001), 7, null, undefined].map((text) => ["text", note(text)] as const),
    ...["", " ", "x".repeat(101), 7, null].map((author) => ["author", note("hello", author)] as const),
  ])("is refused with a wrong %s: %j", async (field, sent) => {
    const { call, verb } = await recording();
    expect(await verb("note", sent)).toMatchObject({
      status: 400,
      json: { error: "invalid_input", issues: [expect.objectContaining({ path: [field] })] },
    });
    expect(chatOf(call)).toEqual([]);
  });

  it("is refused while nothing is recorded, and says so", async () => {
    const { call, verb, result } = await recording();
    const refusal = async () => {
      const { status, json } = await verb("note", note("hello"));
      return [status, json];
    };
    const refused = (now: string) => [
      409,
      expect.objectContaining({ message: `the job is ${now}; a note can be added only to a running recording` }),
    ];
    await verb("pause-recording");
    expect(await refusal()).toEqual(refused("paused"));
    await verb("resume-recording");
    expect((await verb("note", note("again"))).status).toBe(200);
    await verb("stop-recording");
    expect(await refusal()).toEqual(refused("in_call"));
    await verb("leave-call");
    await result;
    expect(await refusal()).toEqual(refused("completed"));
    expect(manifestOf(call)).toMatchObject({ chatEvents: 1 });
  });

  it("makes the file if no chat is recorded, which otherwise does not exist", async () => {
    const { call, verb, result } = await recording({ recordsChat: false });
    expect(call.spool.files.has("chat.jsonl")).toBe(false);
    expect((await verb("note", note("decided"))).status).toBe(200);
    expect(chatOf(call)).toMatchObject([{ type: "note", text: "decided" }]);
    await verb("leave-call");
    await result;
    expect(manifestOf(call)).toMatchObject({ chatEvents: 1, chatUri: "memory:/job/chat.jsonl" });
  });

  it("is written once per Idempotency-Key", async () => {
    const { call, verb } = await recording();
    const keyed = { ...note("once"), headers: { "idempotency-key": "key-1" } };
    const answers = await Promise.all([verb("note", keyed), verb("note", keyed)]);
    expect(answers[0]?.json).toEqual(answers[1]?.json);
    await verb("send-chat-message", { body: { message: "hello" }, headers: { "idempotency-key": "key-1" } });
    expect(chatOf(call)).toHaveLength(1);
    expect(call.announcer.posted).toHaveLength(1);
  });
});

describe("the request for permission", () => {
  it("posts buttons, and shows how people answer", async () => {
    const { call, ask, verb } = await recording();
    call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
    expect(await verb("request-recording-permission")).toMatchObject({
      status: 202,
      json: { status: "recording", changed: true, channelId: "100000000000000003", messageId: "1" },
    });
    expect(call.announcer.posted[0]?.buttons?.map(({ kind }) => kind)).toEqual(["allow", "decline"]);
    const consentOf = async () => (await ask("GET", "/api/v1/jobs/job_1")).json;
    expect(await consentOf()).toMatchObject({ participants: [{ id: ALICE.id, consent: "unanswered" }] });
    call.announcer.press(ALICE, "decline");
    expect(await consentOf()).toMatchObject({ participants: [{ id: ALICE.id, consent: "declined" }] });
  });

  it("is posted once per Idempotency-Key, separately from messages", async () => {
    const { call, verb } = await recording();
    const headers = { "idempotency-key": "key-1" };
    await verb("send-chat-message", { body: { message: "hello" }, headers });
    for (const _ of [1, 2]) expect((await verb("request-recording-permission", { headers })).status).toBe(202);
    expect(call.announcer.posted).toHaveLength(2);
  });

  it.each([
    ["missing_permissions", 409, "chat_unavailable"],
    ["refused", 409, "chat_unavailable"],
    ["unreachable", 502, "discord_unreachable"],
  ] as const)("says why Discord did not accept it: %s", async (reason, status, error) => {
    const { call, verb } = await recording();
    call.announcer.failure = new MessageError(reason, "the bot cannot write there");
    expect(await verb("request-recording-permission")).toMatchObject({ status, json: { error } });
  });

  it("is refused if nothing is being recorded", async () => {
    const { call, verb } = await recording();
    await verb("stop-recording");
    expect(await verb("request-recording-permission")).toMatchObject({
      status: 409,
      json: { error: "wrong_state", message: expect.stringContaining("in_call") },
    });
    expect(call.announcer.posted).toEqual([]);
  });
});
