import { describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../../../../src/service/ports/store.ts";
import { CHANNEL, GUILD, LIVE_JOB, serviceApi, statusReport, TOKEN } from "../../../support/service-api.ts";

const SOON = new Date(Date.now() + 3_600_000).toISOString();

describe("a request for a job", () => {
  it("is answered with the job, without its bot token", async () => {
    const { create, state } = await serviceApi();
    const metadata = { customer: "cust_4711" };
    const { status, json } = await create({ externalId: "lesson-1", metadata, displayName: "Acme" });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      ...{ externalId: "lesson-1", status: "queued", mode: "live", platform: "discord", paused: false },
      meetingUrl: LIVE_JOB.meetingUrl,
      metadata: { customer: "cust_4711", discord: { guildId: GUILD, channelId: CHANNEL, textChannelId: null } },
      warnings: ["displayName has no effect on Discord: the bot has the name of its application"],
    });
    expect(json.id).toMatch(/^job_[0-9A-Z]{26}$/);
    expect(state.woken).toBe(1);
  });

  it("takes the channel as url, or as two ids", async () => {
    const { ask } = await serviceApi();
    const url = await ask("POST", "/api/v1/jobs", { body: { url: LIVE_JOB.meetingUrl, discord: { botToken: TOKEN } } });
    expect(url.json.meetingUrl).toBe(LIVE_JOB.meetingUrl);
    const discord = { botToken: TOKEN, guildId: "923456789012345678", channelId: CHANNEL };
    const ids = await ask("POST", "/api/v1/jobs", { body: { discord } });
    expect(ids.json.meetingUrl).toBe(`discord://923456789012345678/${CHANNEL}`);
  });

  it("waits for its time, and can be changed until then", async () => {
    const { ask, create } = await serviceApi();
    const { json: job } = await create({ joinAt: SOON });
    expect(job).toMatchObject({ status: "scheduled", joinAt: SOON });
    const later = new Date(Date.parse(SOON) + 60_000).toISOString();
    const changed = await ask("PATCH", `/api/v1/jobs/${job.id}`, {
      body: { joinAt: later, leaveBehavior: "explicit", recording: { rotate: "never" }, late: "skip" },
    });
    expect(changed.json).toMatchObject({ joinAt: later, leaveBehavior: "explicit", recording: { rotate: "never" } });
    const { json: now } = await create();
    const refused = await ask("PATCH", `/api/v1/jobs/${now.id}`, { body: { late: "skip" } });
    expect([refused.status, refused.json.code]).toEqual([409, "wrong_state"]);
  });

  it("that is moved to a later time keeps its recording as long as it was promised", async () => {
    const { ask, create, store } = await serviceApi({ retentionMs: 86_400_000 });
    const { json: job } = await create({ joinAt: SOON });
    const later = Date.parse(SOON) + 30 * 86_400_000;
    await ask("PATCH", `/api/v1/jobs/${job.id}`, { body: { joinAt: new Date(later).toISOString() } });
    expect((await store.job(job.id))?.retentionUntil).toBe(later + 86_400_000);
    const due = await store.dueTimers(later + 86_400_000, 10);
    expect(due.filter(({ kind }) => kind === "retention")).toEqual([
      { jobId: job.id, kind: "retention", dueAt: later + 86_400_000 },
    ]);
  });

  it("of a test key plays a fixture, and needs neither bot nor channel", async () => {
    const { ask, test } = await serviceApi();
    const made = await ask("POST", "/api/v1/jobs", { key: test.key, body: {} });
    expect(made.json).toMatchObject({ mode: "test", meetingUrl: "discord://323456789012345678/423456789012345678" });
    const unknown = await ask("POST", "/api/v1/jobs", { key: test.key, body: { sandbox: { fixture: "nobody" } } });
    expect(unknown.json.issues).toEqual([{ path: ["sandbox", "fixture"], message: "expected one of standup" }]);
  });
});

describe("a job that is requested many times", () => {
  it("is one job: 50 parallel requests with one externalId get 50 equal answers", async () => {
    const { create, ask } = await serviceApi();
    const answers = await Promise.all(Array.from({ length: 50 }, () => create({ externalId: "lesson" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 201]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await ask("GET", "/api/v1/jobs?externalId=lesson")).json.data).toHaveLength(1);
  });

  it("a repetition is answered as before, even if it would be refused by now", async () => {
    let problem: string | undefined;
    const { create } = await serviceApi({ webhookProblem: () => problem });
    const webhooks = { onStatus: "https://a.example/hook" };
    const headers = { "idempotency-key": "abc" };
    const first = await create({ webhooks }, { headers });
    const named = await create({
      webhooks,
      externalId: "lesson",
      meetingUrl: `discord://923456789012345678/${CHANNEL}`,
    });
    // As `joinAt` is past some time later.
    problem = "expected another address";
    const again = await create({ webhooks }, { headers });
    expect([again.status, again.text]).toEqual([201, first.text]);
    const namedAgain = await create({ webhooks, externalId: "lesson" });
    expect([namedAgain.status, namedAgain.json.id]).toEqual([200, named.json.id]);
    expect((await create({ webhooks }, { headers: { "idempotency-key": "other" } })).status).toBe(400);
    expect((await create({ webhooks, externalId: "another" }, { headers })).status).toBe(422);
  });

  it("is answered with the same bytes for one Idempotency-Key, and refused with another body", async () => {
    const { create } = await serviceApi();
    const headers = { "idempotency-key": "abc" };
    const first = await create({ joinAt: SOON }, { headers });
    const second = await create({ joinAt: SOON }, { headers });
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    const other = await create({ joinAt: SOON, late: "skip" }, { headers });
    expect([other.status, other.json.code]).toEqual([422, "idempotency_conflict"]);
  });
});

describe("a cancel", () => {
  it("that is repeated while the worker ends is answered like the first one, until the end is known", async () => {
    const { create, ask, launch } = await serviceApi();
    const { json: job } = await create();
    const token = await launch(job.id);
    for (const _ of ["first", "second"]) {
      const { status, json } = await ask("DELETE", `/api/v1/jobs/${job.id}`);
      expect([status, json.status, json.ending]).toEqual([202, "queued", "cancel"]);
    }
    await ask("POST", "/api/v1/ingest", { key: token, body: statusReport(job.id, "cancelled", "queued") });
    const after = await ask("DELETE", `/api/v1/jobs/${job.id}`);
    expect([after.status, after.json.status, after.json.ending]).toEqual([200, "cancelled", null]);
  });

  it("of a job that has ended otherwise is refused, and the job waits for no end", async () => {
    const { create, ask, launch } = await serviceApi();
    const { json: job } = await create();
    const token = await launch(job.id);
    await ask("POST", `/api/v1/jobs/${job.id}/leave-call`);
    await ask("POST", "/api/v1/ingest", { key: token, body: statusReport(job.id, "completed", "recording") });
    expect((await ask("GET", `/api/v1/jobs/${job.id}`)).json).toMatchObject({ status: "completed", ending: null });
    expect((await ask("DELETE", `/api/v1/jobs/${job.id}`)).status).toBe(409);
  });
});

describe("two bots in one call", () => {
  it("are refused: the second job for a bot and a server names the first", async () => {
    const { create } = await serviceApi();
    const { json: first } = await create();
    const second = await create();
    expect([second.status, second.json.code]).toEqual([409, "bot_busy"]);
    expect(second.json.message).toContain(first.id);
  });
});

describe("a key's limit of live jobs", () => {
  const other = (index: number) => ({ meetingUrl: `discord://1234567890123${String(10_000 + index)}/${CHANNEL}` });

  it("accepts exactly that many of 100 parallel requests, and refuses the others with one code", async () => {
    const { create } = await serviceApi({ key: { maxConcurrent: 7 } });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => create(other(index))));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(7);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ status, json }) => `${status} ${json.code}`))).toEqual(
      new Set(["429 quota_exceeded"]),
    );
    for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("allows no job if it is 0", async () => {
    const { create } = await serviceApi({ key: { maxConcurrent: 0 } });
    const answer = await create();
    expect([answer.status, answer.json.code]).toEqual([429, "quota_exceeded"]);
  });
});

describe("a key", () => {
  it("that is wrong, missing or revoked is answered with 401", async () => {
    const { ask, live, store } = await serviceApi();
    const wrong = `mb_live_${"0".repeat(40)}`;
    for (const key of [undefined, "hello", wrong]) {
      const answer = await ask("GET", "/api/v1/jobs", { key });
      expect([answer.status, answer.json.code]).toEqual([401, "unauthorized"]);
    }
    expect((await ask("GET", "/api/v1/jobs")).status).toBe(200);
    await store.revokeKey(live.row.id, Date.now());
    expect((await ask("GET", "/api/v1/jobs")).status).toBe(401);
  });

  it("is not wrong if the database does not answer: that is 503", async () => {
    let isAway = false;
    const { ask } = await serviceApi({
      wrapStore: (store) => {
        const keyByHash = store.keyByHash.bind(store);
        store.keyByHash = async (hash) => {
          if (isAway) throw new StoreUnavailableError("the disk is gone");
          return await keyByHash(hash);
        };
        return store;
      },
    });
    isAway = true;
    const answer = await ask("GET", "/api/v1/jobs");
    expect([answer.status, answer.json.code]).toEqual([503, "store_unavailable"]);
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  it("sees only its consumer's jobs of its own mode", async () => {
    const { ask, create, test } = await serviceApi();
    const { json: job } = await create();
    expect((await ask("GET", `/api/v1/jobs/${job.id}`, { key: test.key })).status).toBe(404);
    expect((await ask("GET", "/api/v1/jobs", { key: test.key })).json.data).toEqual([]);
  });
});

describe("two clients that change a scheduled job at the same time", () => {
  it("both succeed, and neither undoes the other's change", async () => {
    const { ask, create } = await serviceApi({
      // As with a database on another machine, both have read the job before either writes.
      wrapStore: (store) => {
        const read = store.job.bind(store);
        store.job = async (...args) => {
          const job = await read(...args);
          await new Promise((resolve) => setTimeout(resolve, 50));
          return job;
        };
        return store;
      },
    });
    const { json: job } = await create({ joinAt: SOON });
    const path = `/api/v1/jobs/${job.id}`;
    const answers = await Promise.all([
      ask("PATCH", path, { body: { metadata: { team: "a" } } }),
      ask("PATCH", path, { body: { recording: { rotate: "never" } } }),
      ask("PATCH", path, { body: { late: "skip" } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await ask("GET", path)).json).toMatchObject({
      ...{ metadata: { team: "a" }, recording: { rotate: "never" }, late: "skip" },
    });
  });
});

describe("a list of jobs", () => {
  it("is paged, newest first, and filtered", async () => {
    const { ask, create } = await serviceApi();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.unshift((await create({ joinAt: SOON, externalId: `job-${index}` })).json.id);
    }
    const seen: string[] = [];
    let query = "limit=2";
    for (;;) {
      const { json } = await ask("GET", `/api/v1/jobs?${query}`);
      seen.push(...json.data.map((job: { id: string }) => job.id));
      if (json.nextCursor === null) break;
      query = `limit=2&cursor=${encodeURIComponent(json.nextCursor)}`;
    }
    expect(seen).toEqual(ids);
    expect((await ask("GET", "/api/v1/jobs?status=queued")).json.data).toEqual([]);
    expect((await ask("GET", "/api/v1/jobs?externalId=job-3")).json.data).toHaveLength(1);
    expect((await ask("GET", `/api/v1/jobs?createdAfter=${SOON}`)).json.data).toEqual([]);
    expect((await ask("GET", "/api/v1/jobs?limit=1000")).json.issues[0].path).toEqual(["limit"]);
  });
});
