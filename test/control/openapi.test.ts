import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { apiDocument } from "../../src/control/api-document.ts";
import { MessageError } from "../../src/errors.ts";
import { type Asked, controlServer } from "../support/control-server.ts";
import { type AnswersDocument, answerChecker, promisedAnswers } from "../support/document-answers.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { settle } from "../support/virtual-clock.ts";

const DOCUMENT = (await apiDocument()) as AnswersDocument;
const JOB = "/api/v1/jobs/job_1";
const BARE_VERBS = ["pause-recording", "resume-recording", "stop-recording", "leave-call"];

/** `GET /api/v1/jobs/{id}` for what was asked. */
function operationOf({ method, path }: Asked): string {
  return `${method} ${path.replace(/^\/api\/v1\/jobs\/[^/]+/, "/api/v1/jobs/{id}")}`;
}

const check = answerChecker(DOCUMENT);

/** The problems of an answer, by the document's schema for it. */
function faultsOf(asked: Asked): unknown {
  const [method = "", path = ""] = operationOf(asked).split(" ");
  return check(method, path, asked);
}

/** Sends every request in every relevant state, and returns all answers. */
async function answers(): Promise<Asked[]> {
  const seen: Asked[] = [];
  const note = async (asked: Promise<Asked>): Promise<void> => void seen.push(await asked);
  const say = { body: { message: "hello" } };
  const refuse = { body: { userId: somebody(1).id, granted: false } };

  const locked = await controlServer({ token: undefined });
  const open = await controlServer();
  for (const { ask, verb } of [locked, open]) {
    const options = ask === open.ask ? { token: "another" } : {};
    await note(ask("GET", JOB, options));
    await note(ask("DELETE", JOB, options));
    for (const name of BARE_VERBS) await note(verb(name, options));
    await note(verb("send-chat-message", { ...say, ...options }));
    await note(verb("consent", { ...refuse, ...options }));
    await note(verb("note", { body: { text: "hello" }, ...options }));
    await note(verb("request-recording-permission", options));
  }

  const { call, ask, verb } = open;
  const other = "/api/v1/jobs/job_2";
  await note(ask("GET", other));
  await note(ask("DELETE", other));
  for (const name of [...BARE_VERBS, "send-chat-message", "note", "request-recording-permission"]) {
    await note(ask("POST", `${other}/${name}`, say));
  }
  await note(ask("POST", `${other}/consent`, refuse));

  await note(ask("GET", JOB));
  await note(ask("GET", "/readyz"));
  for (const name of ["pause-recording", "resume-recording", "stop-recording"]) await note(verb(name));
  await note(verb("send-chat-message", say));
  await note(verb("consent", refuse));
  await note(verb("note", { body: { text: "hello" } }));

  const result = call.recorder.run();
  await settle();
  call.voice.listener?.roster({ kind: "join", person: somebody(1), flags: FLAGS });
  for (let packet = 0; packet < 100; packet += 1) {
    call.speak(somebody(1).id);
    await call.clock.advance(20);
  }
  call.voice.listener?.warning("odd", "something odd");
  for (const path of ["/healthz", "/readyz", "/metrics", "/openapi.json", JOB]) await note(ask("GET", path));
  await note(verb("send-chat-message", say));
  await note(verb("request-recording-permission"));
  await note(verb("request-recording-permission", { headers: { "idempotency-key": "" } }));
  await note(verb("send-chat-message", { body: { message: "" } }));
  await note(verb("note", { body: { text: "hello", author: "Ada" } }));
  await note(verb("note", { body: { text: " " } }));
  await note(verb("note", { body: { text: "x".repeat(20_000) } }));
  await note(verb("note", { body: "hello", headers: { "content-type": "text/plain" } }));
  await note(verb("send-chat-message", { body: { message: "x".repeat(20_000) } }));
  await note(verb("send-chat-message", { body: "hello", headers: { "content-type": "text/plain" } }));
  await note(verb("consent", refuse));
  await note(verb("consent", { body: { userId: "alice", granted: false } }));
  await note(verb("consent", { body: { ...refuse.body, displayName: "x".repeat(20_000) } }));
  await note(verb("consent", { body: "no", headers: { "content-type": "text/plain" } }));
  for (const reason of ["missing_permissions", "unreachable"] as const) {
    call.announcer.failure = new MessageError(reason, "the bot cannot write there");
    await note(verb("send-chat-message", say));
    await note(verb("request-recording-permission"));
  }
  for (const name of ["pause-recording", "resume-recording", "stop-recording", "leave-call"]) await note(verb(name));
  await result;
  await note(ask("GET", JOB));
  await note(ask("DELETE", JOB));

  const deleted = await controlServer();
  const over = deleted.call.recorder.run();
  await settle();
  await note(deleted.ask("DELETE", JOB));
  await over;
  await note(deleted.ask("GET", JOB));
  return seen;
}

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone({ ...DOCUMENT }))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("is what the server serves", async () => {
    const { ask } = await controlServer();
    expect((await ask("GET", "/openapi.json", { token: undefined })).json).toEqual(DOCUMENT);
  });

  it("lists exactly the answers that exist, and each matches its schema", async () => {
    const seen = await answers();
    const given = new Set(seen.map((asked) => `${operationOf(asked)} ${asked.status}`));
    expect([...given].sort()).toEqual([...new Set(promisedAnswers(DOCUMENT))].sort());
    for (const asked of seen) expect(faultsOf(asked), `${asked.method} ${asked.path} ${asked.status}`).toBeNull();
  });

  it("requires the token on every address of the job, and nowhere else", () => {
    for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
      for (const operation of Object.values(operations)) {
        expect("security" in operation, path).toBe(path.startsWith("/api/"));
      }
    }
  });
});
