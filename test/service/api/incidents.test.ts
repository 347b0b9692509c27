import { describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../../../src/service/ports/store.ts";
import { WorkerUnreachableError } from "../../../src/service/ports/workers.ts";
import { serviceApi, statusReport, TOKEN } from "../../support/service-api.ts";

/** Incidents that users of similar services had, where the API decides the outcome. */

const OK = { status: 200, contentType: "application/json", body: Buffer.from('{"changed":true}') };
const hangs = async () => await new Promise<never>(() => undefined);

/** A job whose worker is in its call. */
async function inCall(options: Parameters<typeof serviceApi>[0] = {}) {
  const api = await serviceApi(options);
  const { json: job } = await api.create();
  const ingestToken = await api.launch(job.id);
  const report = async (status: string, previous: string, more: object = {}, key = ingestToken) =>
    await api.ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, status, previous, more) });
  await report("joining", "queued");
  await report("in_call", "joining");
  await report("recording", "in_call");
  const path = `/api/v1/jobs/${job.id}`;
  const statusNow = async (): Promise<string> => (await api.ask("GET", path)).json.status;
  return { ...api, job, path, report, ingestToken, statusNow };
}

describe("a stop that is answered while the worker continues to record", () => {
  it("leaves the status as it is until the worker's end is known", async () => {
    const { ask, path, report, statusNow } = await inCall();
    const asked = await ask("DELETE", path);
    expect([asked.status, asked.json.status, asked.json.ending]).toEqual([202, "recording", "cancel"]);
    expect(await statusNow()).toBe("recording");
    await report("finalizing", "recording", { exitReason: "cancelled" });
    expect(await statusNow()).toBe("finalizing");
    await report("cancelled", "finalizing", { exitReason: "cancelled" });
    expect(await statusNow()).toBe("cancelled");
    const again = await ask("DELETE", path);
    expect([again.status, again.json.status]).toEqual([200, "cancelled"]);
  });

  it("is 202 for leave-call too, with the status that the worker has", async () => {
    const { ask, path, statusNow } = await inCall();
    const asked = await ask("POST", `${path}/leave-call`);
    expect([asked.status, asked.json.status, asked.json.changed]).toEqual([202, "recording", true]);
    expect(await statusNow()).toBe("recording");
  });

  it("cannot cancel a completed job", async () => {
    const { ask, path, report } = await inCall();
    await report("finalizing", "recording", { exitReason: "alone_in_room" });
    await report("completed", "finalizing", { exitReason: "alone_in_room" });
    const asked = await ask("DELETE", path);
    expect([asked.status, asked.json.code]).toEqual([409, "wrong_state"]);
  });
});

describe("a worker that does not answer", () => {
  it("is 504 for a verb", async () => {
    const { ask, path } = await inCall();
    const answer = await ask("POST", `${path}/pause-recording`);
    expect([answer.status, answer.json.code]).toEqual([504, "worker_unreachable"]);
  });

  it("does not keep its job from being shown", async () => {
    const { ask, path, state } = await inCall();
    state.worker = async () => {
      throw new WorkerUnreachableError("the worker does not answer: timeout");
    };
    const { status, json } = await ask("GET", path);
    expect([status, json.status, json.live]).toEqual([200, "recording", null]);
    expect(json.liveProblem).toContain("does not answer");
    expect(state.sent.at(-1)).toMatchObject({ method: "GET", path: "", timeoutMs: 2_000 });
  });

  it("is asked with a deadline, and once a second for all clients together", async () => {
    const { ask, path, state } = await inCall();
    state.sent.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => ask("GET", path)));
    expect(state.sent.length).toBeLessThan(4);
    expect(state.sent.every(({ timeoutMs }) => timeoutMs > 0)).toBe(true);
  });
});

describe("a verb", () => {
  it("is passed to the worker, and its answer back, byte by byte", async () => {
    const { ask, path, state } = await inCall();
    state.worker = async () => OK;
    const paused = await ask("POST", `${path}/pause-recording`);
    expect([paused.status, paused.text]).toEqual([200, OK.body.toString()]);
    const headers = { "idempotency-key": "once" };
    await ask("POST", `${path}/send-chat-message`, { body: { message: "hello" }, headers });
    expect(state.sent.at(-1)).toMatchObject({
      ...{ method: "POST", path: "/send-chat-message", body: { message: "hello" }, idempotencyKey: "once" },
    });
    await ask("POST", `${path}/note`, { body: { text: " decided ", author: "Ada" }, headers });
    expect(state.sent.at(-1)).toMatchObject({
      ...{ method: "POST", path: "/note", body: { text: "decided", author: "Ada" }, idempotencyKey: "once" },
    });
  });

  it("passes a refusal of the worker back, unless it is about the service's own token", async () => {
    const { ask, path, state } = await inCall();
    const body = Buffer.from('{"error":"wrong_state","code":"wrong_state","message":"no"}');
    state.worker = async () => ({ ...OK, status: 409, body });
    expect((await ask("POST", `${path}/resume-recording`)).status).toBe(409);
    for (const status of [401, 403, 404, 421, 500]) {
      state.worker = async () => ({ ...OK, status, body });
      const answer = await ask("POST", `${path}/resume-recording`);
      expect([answer.status, answer.json.code]).toEqual([504, "worker_unreachable"]);
    }
  });

  it("is 409 before the call and after it", async () => {
    const { create, ask } = await serviceApi();
    const { json: job } = await create({ joinAt: new Date(Date.now() + 3_600_000).toISOString() });
    const names = ["pause-recording", "resume-recording", "stop-recording", "request-recording-permission"];
    for (const name of names) {
      const answer = await ask("POST", `/api/v1/jobs/${job.id}/${name}`);
      expect([answer.status, answer.json.code]).toEqual([409, "wrong_state"]);
    }
    const left = await ask("POST", `/api/v1/jobs/${job.id}/leave-call`);
    expect([left.status, left.json.status]).toEqual([202, "cancelled"]);
  });
});

describe("an event of a worker", () => {
  it("that comes four times is one event", async () => {
    const { ask, job, path, ingestToken, store } = await inCall();
    const body = statusReport(job.id, "finalizing", "recording", { exitReason: "max_duration" });
    for (let sending = 0; sending < 4; sending += 1) {
      expect((await ask("POST", "/api/v1/ingest", { key: ingestToken, body })).status).toBe(200);
    }
    expect((await ask("GET", path)).json.status).toBe("finalizing");
    const events = await store.eventsAfter(job.id, 0, 100);
    expect(events.filter(({ eventId }) => eventId === body.deliveryId)).toHaveLength(1);
  });

  it("of an older attempt is answered with 410, so that this worker ends", async () => {
    const { store, job, launch, report, ingestToken } = await inCall();
    await store.applyJobEvent(job.id, {
      ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "killed by signal 9", remains: "recorded" },
    });
    const claim = {
      at: Date.now(),
      task: "recover",
      ingestTokenHash: "f".repeat(64),
      controlTokenSealed: "x",
    } as const;
    expect(await store.claim(job.id, claim)).toBeDefined();
    const answer = await report("finalizing", "recording", {}, ingestToken);
    expect([answer.status, answer.json.code]).toEqual([410, "stale_attempt"]);
    expect(launch).toBeDefined();
  });

  it("with a token that nobody has is 401, and a malformed one 400", async () => {
    const { ask, job, ingestToken } = await inCall();
    const body = statusReport(job.id, "finalizing", "recording");
    expect((await ask("POST", "/api/v1/ingest", { key: "x".repeat(32), body })).status).toBe(401);
    expect((await ask("POST", "/api/v1/ingest", { key: undefined, body })).status).toBe(401);
    const malformed = { ...body, deliveryId: "dlv_1" };
    expect((await ask("POST", "/api/v1/ingest", { key: ingestToken, body: malformed })).status).toBe(400);
  });
});

describe("a scheduler that hangs", () => {
  it("makes the service not ready, even if it answers requests", async () => {
    const { ask, state } = await serviceApi();
    expect((await ask("GET", "/readyz", { key: undefined })).json).toEqual({ status: "ready" });
    state.health = { ...state.health, lastTickAt: Date.now() - 60_000 };
    const stuck = await ask("GET", "/readyz", { key: undefined });
    expect([stuck.status, stuck.json.reason]).toEqual([503, "the scheduler has not run for 60 s"]);
    state.health = { ...state.health, lastTickAt: Date.now(), lookingSince: Date.now() - 90_000 };
    expect((await ask("GET", "/readyz")).json.reason).toBe(
      "the scheduler has looked at a worker for 90 s without a result",
    );
    state.health = { ...state.health, lastTickAt: null };
    expect((await ask("GET", "/readyz")).status).toBe(503);
    expect((await ask("GET", "/healthz")).status).toBe(200);
  });
});

describe("deliveries that nobody sends", () => {
  it("make the service not ready, and are in the metrics", async () => {
    const { ask } = await serviceApi({
      wrapStore: (store) => {
        store.oldestDue = async (at) => at - 600_000;
        return store;
      },
    });
    expect((await ask("GET", "/readyz")).json.reason).toBe("a delivery has been due for 600 s and was not attempted");
    expect((await ask("GET", "/metrics")).text).toMatch(/^meetbot_service_oldest_due_delivery_seconds 600/m);
  });
});

describe("a bot's token", () => {
  it("is in no answer, event, delivery or log line", async () => {
    const { ask, create, launch, store, logged, path, job, state } = await inCall();
    state.worker = hangs;
    const seen = [
      await ask("GET", "/api/v1/jobs"),
      await create({ externalId: TOKEN.slice(0, 60) }),
      await create({ platform: TOKEN }),
      await create({ [TOKEN]: 1 }),
      await create({ displayName: TOKEN }),
      await ask("GET", `/api/v1/jobs/${encodeURIComponent(TOKEN)}`),
      await ask("GET", "/api/v1/jobs", { key: TOKEN }),
      await ask("GET", `/${TOKEN}`),
      await ask("GET", `${path}/deliveries`),
    ];
    const events = await store.eventsAfter(job.id, 0, 100);
    const rows = await store.job(job.id);
    expect(launch).toBeDefined();
    const all = JSON.stringify([seen.map(({ text }) => text), events, rows]) + logged();
    expect(all).not.toContain(TOKEN);
    for (const part of TOKEN.split(".")) expect(JSON.stringify([events, rows]) + logged()).not.toContain(part);
  });
});

describe("a database that takes no writes, as with a full disk", () => {
  it("makes the service unready, though reading works, and is in the log once", async () => {
    const { ask, create, logged } = await serviceApi({
      wrapStore: (store) => {
        store.createJob = async () => {
          throw new StoreUnavailableError("database or disk is full");
        };
        return store;
      },
    });
    expect((await ask("GET", "/readyz")).status).toBe(200);
    for (let request = 0; request < 3; request += 1) expect((await create()).status).toBe(503);
    expect((await ask("GET", "/api/v1/jobs")).status).toBe(200);
    const { status, json } = await ask("GET", "/readyz");
    expect([status, json.reason]).toEqual([
      503,
      "a request failed in the last 30 s because the database does not answer",
    ]);
    expect(logged()).toContain("database or disk is full");
    expect(logged().match(/a request failed because/g)).toHaveLength(1);
  });
});
