import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { serviceDocument } from "../../../src/service/api/api-document.ts";
import { RateLimit } from "../../../src/service/api/keys/rate-limit.ts";
import { StorageUnavailableError } from "../../../src/service/ports/recordings.ts";
import { type Store, StoreUnavailableError } from "../../../src/service/ports/store.ts";
import { type AnswersDocument, answerChecker, promisedAnswers } from "../../support/document-answers.ts";
import { type Answer, type AskOptions, serviceApi, statusReport } from "../../support/service-api.ts";

const DOCUMENT = (await serviceDocument()) as AnswersDocument;
const check = answerChecker(DOCUMENT);

const SOON = new Date(Date.now() + 3_600_000).toISOString();
const UNKNOWN = "job_00000000000000000000000000";
const DELIVERY = "dlv_00000000000000000000000000";
const MESSAGE = { body: { message: "hello" } };
const NOTE = { body: { text: "hello" } };

/** Each operation with useless values: [method, path in the document, path, what is sent]. */
const OPERATIONS: readonly (readonly [string, string, AskOptions?])[] = [
  ["POST /api/v1/jobs", "/api/v1/jobs", { body: { sandbox: {} } }],
  ["GET /api/v1/jobs", "/api/v1/jobs"],
  ["GET /api/v1/jobs/{id}", `/api/v1/jobs/${UNKNOWN}`],
  ["PATCH /api/v1/jobs/{id}", `/api/v1/jobs/${UNKNOWN}`, { body: {} }],
  ["DELETE /api/v1/jobs/{id}", `/api/v1/jobs/${UNKNOWN}`],
  ["GET /api/v1/jobs/{id}/events", `/api/v1/jobs/${UNKNOWN}/events`],
  ...["pause-recording", "resume-recording", "stop-recording", "leave-call", "request-recording-permission"].map(
    (verb) => [`POST /api/v1/jobs/{id}/${verb}`, `/api/v1/jobs/${UNKNOWN}/${verb}`] as const,
  ),
  ["POST /api/v1/jobs/{id}/send-chat-message", `/api/v1/jobs/${UNKNOWN}/send-chat-message`, MESSAGE],
  ["POST /api/v1/jobs/{id}/note", `/api/v1/jobs/${UNKNOWN}/note`, NOTE],
  ["GET /api/v1/jobs/{id}/deliveries", `/api/v1/jobs/${UNKNOWN}/deliveries`],
  ["POST /api/v1/jobs/{id}/deliveries/{deliveryId}/resend", `/api/v1/jobs/${UNKNOWN}/deliveries/${DELIVERY}/resend`],
  ["GET /api/v1/recordings", "/api/v1/recordings"],
  ["GET /api/v1/recordings/{id}", `/api/v1/recordings/${UNKNOWN}`],
  ["GET /api/v1/recordings/{id}/files/{name}", `/api/v1/recordings/${UNKNOWN}/files/a.ogg`],
  ["GET /api/v1/recordings/{id}/report", `/api/v1/recordings/${UNKNOWN}/report`],
  ["DELETE /api/v1/recordings/{id}", `/api/v1/recordings/${UNKNOWN}`],
  ["GET /api/v1/usage", "/api/v1/usage"],
  ["GET /api/v1/consumer", "/api/v1/consumer"],
  ["POST /api/v1/consumer/webhook-secret", "/api/v1/consumer/webhook-secret", { body: { overlapHours: 1 } }],
  ["GET /api/v1/admin/host", "/api/v1/admin/host"],
  ["POST /api/v1/cli-auth/complete", "/api/v1/cli-auth/complete", { body: { userCode: "0000-0000" } }],
];

const BODIES = OPERATIONS.filter(([, , asked]) => asked?.body !== undefined);

type Seen = { readonly operation: string; readonly answer: Answer }[];

const ID_PATHS: readonly (readonly [RegExp, string])[] = [
  [/^\/api\/v1\/jobs\/[^/]+/, "/api/v1/jobs/{id}"],
  [/deliveries\/[^/]+/, "deliveries/{deliveryId}"],
  [/^\/api\/v1\/recordings\/[^/]+/, "/api/v1/recordings/{id}"],
  [/files\/[^/]+/, "files/{name}"],
  [/poll\/[^/]+/, "poll/{nonce}"],
];

function operationOf({ method, path }: Answer): string {
  const [bare = ""] = path.split("?");
  return `${method} ${ID_PATHS.reduce((text, [pattern, form]) => text.replace(pattern, form), bare)}`;
}

/** Answers of every operation to a wrong caller, a wrong key and a broken database. */
async function refusedAnswers(): Promise<Answer[]> {
  const seen: Answer[] = [];
  let isAway = false;
  const { ask, addKey } = await serviceApi({
    wrapStore: (store) =>
      new Proxy(store, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return async (...args: unknown[]) => {
            if (isAway) throw new StoreUnavailableError("the disk is full");
            return await member.apply(target, args);
          };
        },
      }) as Store,
  });
  const operator = (await addKey("live", { role: "operator" })).key;
  // Before any request fails.
  seen.push(await ask("GET", "/readyz"));
  for (const [operation, path, asked] of OPERATIONS) {
    const [method = ""] = operation.split(" ");
    seen.push(await ask(method, path, { ...asked, key: undefined }));
    seen.push(await ask(method, path, { ...asked, ...(path.includes("host") ? {} : { key: operator }) }));
    isAway = true;
    seen.push(await ask(method, path, asked));
    isAway = false;
    if (path.includes(UNKNOWN)) seen.push(await ask(method, path.replace(UNKNOWN, "a%20b"), asked));
  }
  for (const [operation, path] of BODIES) {
    const [method = ""] = operation.split(" ");
    seen.push(await ask(method, path, { body: { message: "x".repeat(70_000) } }));
    seen.push(await ask(method, path, { body: "x", headers: { "content-type": "text/plain" } }));
    seen.push(await ask(method, path, { body: {}, headers: { "idempotency-key": "" } }));
  }
  for (const overlapHours of [1, 1, -1]) {
    seen.push(await ask("POST", "/api/v1/consumer/webhook-secret", { body: { overlapHours } }));
  }
  for (const path of ["/api/v1/jobs", "/api/v1/recordings"]) seen.push(await ask("GET", `${path}?limit=0`));
  seen.push(await ask("GET", "/api/v1/usage?from=now"));
  seen.push(await ask("GET", "/api/v1/admin/host", { key: operator }));
  for (const [path, away] of [
    ["/metrics", true],
    ["/metrics", false],
    ["/readyz", true],
    ["/readyz", false],
  ] as const) {
    isAway = away;
    seen.push(await ask("GET", path));
  }
  isAway = false;
  for (const path of ["/healthz", "/openapi.json"]) seen.push(await ask("GET", path));

  const busy = await serviceApi({ rates: new RateLimit(0.01, 0) });
  for (const [operation, path, asked] of OPERATIONS) {
    seen.push(await busy.ask(operation.split(" ")[0] ?? "", path, asked));
  }
  return seen;
}

/** The device flow, and events of workers. */
async function otherAnswers(): Promise<Answer[]> {
  const seen: Answer[] = [];
  let isAway = false;
  const { ask, create, launch } = await serviceApi({
    wrapStore: (store) => {
      for (const name of ["addCliAuth", "takeCliAuth", "ingest"] as const) {
        const real = store[name].bind(store) as (...args: unknown[]) => Promise<never>;
        Object.assign(store, {
          [name]: async (...args: unknown[]) => {
            if (isAway) throw new StoreUnavailableError("the disk is full");
            return await real(...args);
          },
        });
      }
      return store;
    },
  });
  const init = await ask("POST", "/api/v1/cli-auth/init", { key: undefined });
  const poll = `/api/v1/cli-auth/poll/${init.json.nonce}`;
  seen.push(init, await ask("POST", poll));
  seen.push(await ask("POST", "/api/v1/cli-auth/complete", { body: { userCode: init.json.userCode } }));
  seen.push(await ask("POST", poll), await ask("POST", poll), await ask("POST", "/api/v1/cli-auth/poll/x"));
  const { json: job } = await create();
  const key = await launch(job.id);
  const report = { key, body: statusReport(job.id, "joining", "queued") };
  seen.push(await ask("POST", "/api/v1/ingest", report), await ask("POST", "/api/v1/ingest", { ...report, key: "x" }));
  seen.push(await ask("POST", "/api/v1/ingest", { key, body: {} }));
  seen.push(await ask("POST", "/api/v1/ingest", { key, body: { text: "x".repeat(70_000) } }));
  seen.push(await ask("POST", "/api/v1/ingest", { key, body: "x", headers: { "content-type": "text/plain" } }));
  isAway = true;
  seen.push(await ask("POST", "/api/v1/ingest", report), await ask("POST", poll));
  seen.push(await ask("POST", "/api/v1/cli-auth/init"));
  isAway = false;
  // Until it refuses: while they are sent, the time allows a few more.
  for (let refused = false; !refused; ) {
    const answer = await ask("POST", "/api/v1/cli-auth/init");
    refused = answer.status === 429;
    if (refused) seen.push(answer);
  }
  return seen;
}

/** Jobs from creation to end. */
async function jobAnswers(): Promise<Answer[]> {
  const seen: Answer[] = [];
  const { ask, create, launch, state, store } = await serviceApi({ key: { maxConcurrent: 2 } });
  const note = async (asked: Promise<Answer>): Promise<Answer> => {
    const answer = await asked;
    seen.push(answer);
    return answer;
  };
  const headers = { "idempotency-key": "a" };
  const { json: job } = await note(
    create({ externalId: "a", webhooks: { onStatus: "https://a.example/hook", onFinalize: "https://a.example/end" } }),
  );
  await note(create({ externalId: "a" }, { headers }));
  await note(create({ externalId: "b" }, { headers }));
  await note(create());
  await note(create({ meetingUrl: "discord://923456789012345678/923456789012345678" }));
  await note(create({ meetingUrl: "discord://933456789012345678/923456789012345678" }));
  const { json: later } = await note(ask("GET", "/api/v1/jobs?status=queued"));
  const path = `/api/v1/jobs/${job.id}`;
  await note(ask("GET", path));
  await note(ask("PATCH", path, { body: {} }));
  const verbs = ["pause-recording", "resume-recording", "stop-recording", "request-recording-permission"];
  for (const verb of verbs) await note(ask("POST", `${path}/${verb}`));
  await note(ask("POST", `${path}/send-chat-message`, MESSAGE));
  await note(ask("POST", `${path}/note`, NOTE));
  const { key } = { key: await launch(job.id) };
  const report = (status: string, previous: string, more: object = {}) =>
    ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, status, previous, more) });
  await report("joining", "queued");
  await report("in_call", "joining");
  await report("recording", "in_call");
  const result = { id: job.id, jobId: job.id, status: "recording", paused: true, changed: true };
  const answerWith = (status: number, body: object): void => {
    const bytes = Buffer.from(JSON.stringify(body));
    state.worker = async () => ({ status, contentType: "application/json", body: bytes });
  };
  for (const verb of verbs) await note(ask("POST", `${path}/${verb}`));
  await note(ask("POST", `${path}/send-chat-message`, MESSAGE));
  await note(ask("POST", `${path}/note`, NOTE));
  const unreachable = {
    error: "discord_unreachable",
    code: "discord_unreachable",
    message: "Discord cannot be reached",
  };
  for (const [status, body] of [
    [200, result],
    [502, unreachable],
  ] as const) {
    answerWith(status, body);
    for (const verb of verbs.slice(0, 3)) if (status === 200) await note(ask("POST", `${path}/${verb}`));
    if (status === 200) await note(ask("POST", `${path}/note`, NOTE));
    await note(ask("POST", `${path}/send-chat-message`, MESSAGE));
    if (status === 200) answerWith(202, body);
    await note(ask("POST", `${path}/request-recording-permission`));
  }
  await note(ask("GET", `${path}/deliveries`));
  const { json: deliveries } = await ask("GET", `${path}/deliveries`);
  await note(ask("POST", `${path}/deliveries/${deliveries.data[0].id}/resend`));
  await note(ask("DELETE", `/api/v1/recordings/${job.id}`));
  await note(ask("DELETE", path));
  await note(ask("POST", `${path}/leave-call`));
  await report("finalizing", "recording", { exitReason: "alone_in_room" });
  await report("completed", "finalizing", { exitReason: "alone_in_room" });
  await note(ask("DELETE", path));
  await store.applyJobEvent(job.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
  });
  await note(ask("GET", `${path}/events`));
  for (const { id } of later.data.filter((each: { id: string }) => each.id !== job.id)) {
    await note(ask("DELETE", `/api/v1/jobs/${id}`));
  }
  const { json: scheduled } = await create({ joinAt: SOON });
  await note(ask("PATCH", `/api/v1/jobs/${scheduled.id}`, { body: { late: "skip" } }));
  return seen;
}

/** A recording, until it is deleted. */
async function recordingAnswers(): Promise<Answer[]> {
  const seen: Answer[] = [];
  const { ask, create, launch, state, store } = await serviceApi();
  const { json: job } = await create();
  const key = await launch(job.id);
  const at = new Date().toISOString();
  const named = { jobId: job.id, externalId: null, metadata: job.metadata, status: "completed" };
  for (const data of [
    { event: "job.status_changed", ...named, status: "joining", previousStatus: "queued", paused: false },
    {
      ...{ event: "job.finalized", ...named, exitReason: "alone_in_room", startedAt: at, endedAt: at },
      ...{ durationSeconds: 61, manifestUri: "file:/x/manifest.json", billed: true },
    },
    { event: "job.status_changed", ...named, previousStatus: "joining", paused: false },
  ]) {
    const { deliveryId } = statusReport(job.id, "", "");
    const body = { deliveryId, event: data.event, emittedAt: at, attempt: 1, version: 2, data };
    expect((await ask("POST", "/api/v1/ingest", { key, body })).text).toContain("accepted");
  }
  await store.applyJobEvent(job.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
  });
  const path = `/api/v1/recordings/${job.id}`;
  const file = (name: string, bytes: number) => ({
    ...{ name, bytes, mimeType: "application/octet-stream", sha256: null, uri: `file:/x/${name}` },
    etag: "1",
  });
  const files = [file("a.ogg", 10), file("attachments/1-a b.png", 3)];
  const bytes = new Map([
    ["a.ogg", Buffer.from("0123456789")],
    ["attachments/1-a b.png", Buffer.from("png")],
  ]);
  state.recordings.set(job.id, { recording: { manifest: { jobId: job.id }, files }, bytes });
  const { json: recording } = seen[seen.push(await ask("GET", path)) - 1] ?? {};
  seen.push(await ask("GET", "/api/v1/recordings"), await ask("GET", "/api/v1/usage"));
  const whole = await ask("GET", `${path}/files/a.ogg`);
  const attached = await ask("GET", new URL(recording.files[1].url).pathname);
  const some = await ask("GET", `${path}/files/a.ogg`, { headers: { range: "bytes=2-4" } });
  seen.push(whole, attached, some, await ask("GET", `${path}/files/a.ogg`, { headers: { range: "bytes=99-" } }));
  expect([whole.text, attached.text, some.status, some.text]).toEqual(["0123456789", "png", 206, "234"]);
  seen.push(await ask("GET", `${path}/files/a.ogg`, { headers: { "if-none-match": '"1"' } }));
  expect(seen.at(-1)?.status).toBe(304);
  seen.push(await ask("GET", `${path}/report`));
  expect(some.headers.get("content-range")).toBe("bytes 2-4/10");
  const real = state.recordings;
  state.recordings = new Map();
  Object.defineProperty(state, "recordings", {
    configurable: true,
    get: () => {
      throw new StorageUnavailableError("the bucket does not answer");
    },
  });
  for (const method of ["GET", "DELETE"]) seen.push(await ask(method, path));
  seen.push(await ask("GET", `${path}/files/a.ogg`), await ask("GET", `${path}/report`));
  Object.defineProperty(state, "recordings", { value: real });
  seen.push(await ask("DELETE", path), await ask("DELETE", path), await ask("GET", path));
  seen.push(await ask("GET", `${path}/report`), await ask("GET", `${path}/files/a.ogg`));
  expect(seen.at(-5)?.json.files).toBe(2);
  return seen;
}

async function staleAnswer(): Promise<Answer> {
  const { ask, create, launch, store } = await serviceApi();
  const { json: job } = await create();
  const key = await launch(job.id);
  await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "joining", "queued") });
  await store.applyJobEvent(job.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "killed", remains: "recorded" },
  });
  const claim = { at: Date.now(), task: "recover", ingestTokenHash: "f".repeat(64), controlTokenSealed: "x" } as const;
  await store.claim(job.id, claim);
  return await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "in_call", "joining") });
}

describe("the service's OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone({ ...DOCUMENT }))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("names every answer that the service gives, and no others, and each answer matches it", async () => {
    const answers = [
      ...(await refusedAnswers()),
      ...(await otherAnswers()),
      ...(await jobAnswers()),
      ...(await recordingAnswers()),
      await staleAnswer(),
    ];
    const seen: Seen = answers.map((answer) => ({ operation: operationOf(answer), answer }));
    for (const { operation, answer } of seen) {
      const [method = "", path = ""] = operation.split(" ");
      expect(check(method, path, answer), `${operation} ${answer.status}: ${answer.text.slice(0, 400)}`).toBeNull();
    }
    const given = new Set(seen.map(({ operation, answer }) => `${operation} ${answer.status}`));
    expect([...given].sort()).toEqual([...new Set(promisedAnswers(DOCUMENT))].sort());
  });
});
