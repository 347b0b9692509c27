import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewJob } from "../../../src/service/ports/jobs.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import { AT, FINALIZED, failedStatus, statusEvent } from "../support/job-rows.ts";
import {
  answerOf,
  CONSUMER,
  claimJob,
  envelope,
  jobId,
  keyRow,
  newJob,
  OWNER,
  startJob,
  withKey,
} from "../support/store-rows.ts";
import { deliveryContract } from "./delivery-contract.ts";
import { residentContract } from "./resident-contract.ts";

/** What any store must do; a test runs it for each database. */
export function storeContract(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());
  const create = (job: NewJob, key?: string, requestHash = "hash") =>
    store.createJob(job, { at: AT, answerOf, ...(key === undefined ? {} : { idempotency: { key, requestHash } }) });

  describe("creating jobs", () => {
    it("makes one job of 50 parallel requests with one externalId, and gives 50 equal answers", async () => {
      await withKey(store);
      const requests = Array.from({ length: 50 }, (_, n) => create(newJob(n, { externalId: "standup" })));
      const creations = await Promise.all(requests);
      expect(creations.filter(({ kind }) => kind === "created")).toHaveLength(1);
      const bodies = creations.map((creation) => ("answer" in creation ? creation.answer.body : creation.kind));
      expect(new Set(bodies).size).toBe(1);
      expect((await store.jobs(OWNER, {}, { limit: 100 })).items).toHaveLength(1);
    });

    it("lets exactly N of 100 parallel requests run under a quota of N", async () => {
      await withKey(store, { maxConcurrent: 7 });
      const creations = await Promise.all(Array.from({ length: 100 }, (_, n) => create(newJob(n))));
      expect(creations.filter(({ kind }) => kind === "created")).toHaveLength(7);
      expect(creations.filter(({ kind }) => kind === "over_quota")).toHaveLength(93);
      expect(await store.countByStatus()).toEqual({ queued: 7 });
    });

    it("lets no job run under a quota of 0, at once or later (0 never means unlimited)", async () => {
      await withKey(store, { maxConcurrent: 0 });
      expect(await create(newJob(1))).toEqual({ kind: "over_quota", maxConcurrent: 0 });
      expect(await create(newJob(2, { joinAt: AT + 60_000 }))).toEqual({ kind: "over_quota", maxConcurrent: 0 });
    });

    it("gives a place back when a job is over", async () => {
      await withKey(store, { maxConcurrent: 1 });
      await create(newJob(1));
      expect(await create(newJob(2))).toMatchObject({ kind: "over_quota" });
      await store.applyJobEvent(jobId(1), { type: "end_asked", at: AT, how: "cancel" });
      expect(await create(newJob(2))).toMatchObject({ kind: "created" });
    });

    it("has one live job for a bot in a server, and names it (two or three bots in one call)", async () => {
      await withKey(store);
      const bot = { botId: "100000000000000001" };
      const parallel = await Promise.all(Array.from({ length: 20 }, (_, n) => create(newJob(n, bot))));
      const made = parallel.flatMap((creation) => (creation.kind === "created" ? [creation.job.id] : []));
      expect(made).toHaveLength(1);
      expect(parallel.filter(({ kind }) => kind === "bot_busy")).toHaveLength(19);
      expect(await create(newJob(30, bot))).toEqual({ kind: "bot_busy", jobId: made[0] });
      expect(await create(newJob(31, { ...bot, guildId: "81384788765712385" }))).toMatchObject({ kind: "created" });
    });

    it("answers a repeated Idempotency-Key with the same bytes, for a day", async () => {
      await withKey(store);
      const first = await create(newJob(1), "abc");
      expect(await create(newJob(2, { externalId: "call-1" }), "abc")).toEqual({
        kind: "replayed",
        answer: "answer" in first ? first.answer : undefined,
      });
      expect(await create(newJob(3), "abc", "another request")).toEqual({ kind: "key_conflict" });
      await store.forgetOld(AT + 86_400_000);
      expect(await create(newJob(4), "abc", "another request")).toMatchObject({ kind: "created" });
    });

    it("keeps jobs of other consumers and modes apart", async () => {
      await withKey(store);
      await store.addConsumer({ id: "con_2", name: "Other", createdAt: AT });
      await store.addKey(keyRow({ id: "key_2", consumerId: "con_2", hash: "hash_2" }));
      await store.addKey(keyRow({ id: "key_3", mode: "test", hash: "hash_3" }));
      const sameName = { externalId: "standup" };
      await create(newJob(1, sameName));
      await create(newJob(2, { ...sameName, consumerId: "con_2", keyId: "key_2" }));
      expect(await create(newJob(3, { ...sameName, mode: "test", keyId: "key_3" }))).toMatchObject({ kind: "created" });
      expect((await store.jobs(OWNER, {}, { limit: 10 })).items.map(({ id }) => id)).toEqual([jobId(1)]);
      expect(await store.job(jobId(2), OWNER)).toBeUndefined();
      expect((await store.job(jobId(2)))?.consumerId).toBe("con_2");
    });
  });

  describe("listing jobs", () => {
    it("pages newest first, and filters", async () => {
      await withKey(store);
      for (let n = 1; n <= 5; n += 1) await create(newJob(n));
      await store.applyJobEvent(jobId(2), { type: "end_asked", at: AT, how: "cancel" });
      const first = await store.jobs(OWNER, {}, { limit: 3 });
      expect(first.items.map(({ id }) => id)).toEqual([jobId(5), jobId(4), jobId(3)]);
      const rest = await store.jobs(OWNER, {}, { limit: 3, cursor: first.next ?? "" });
      expect(rest).toMatchObject({ items: [{ id: jobId(2) }, { id: jobId(1) }], next: null });
      expect((await store.jobs(OWNER, { status: "cancelled" }, { limit: 9 })).items).toHaveLength(1);
      expect((await store.jobs(OWNER, { externalId: "call-3" }, { limit: 9 })).items).toHaveLength(1);
      expect((await store.jobs(OWNER, { createdAfter: AT }, { limit: 9 })).items).toEqual([]);
      expect((await store.jobs(OWNER, { recorded: true }, { limit: 9 })).items).toEqual([]);
    });
  });

  describe("scheduled jobs", () => {
    const later = AT + 3_600_000;

    it("take no place until their time, have their timers as rows, and can be changed until then", async () => {
      await withKey(store, { maxConcurrent: 1 });
      await create(newJob(1, { joinAt: later }));
      await create(newJob(2));
      expect(await store.dueTimers(later, 10)).toContainEqual({ jobId: jobId(1), kind: "join", dueAt: later });
      const changed = await store.changeScheduled(jobId(1), () => ({ joinAt: later + 1 }), AT);
      expect(changed).toMatchObject({ joinAt: later + 1, status: "scheduled" });
      const own = (await store.dueTimers(later * 2, 10)).filter((timer) => timer.jobId === jobId(1));
      expect(own.map(({ kind, dueAt }) => [kind, dueAt])).toEqual([
        ["join", later + 1],
        ["late", later + 600_001],
      ]);
      await store.applyJobEvent(jobId(1), { type: "due", at: later });
      expect(await store.changeScheduled(jobId(1), () => ({ joinAt: later }), later)).toBe("dispatched");
      expect(await store.changeScheduled("job_none", () => ({ joinAt: later }), later)).toBeUndefined();
    });

    it("wait while their bot has another live job in the server", async () => {
      await withKey(store);
      const bot = { botId: "100000000000000001" };
      await create(newJob(1, { ...bot, joinAt: later }));
      await create(newJob(2, bot));
      const due = { type: "due", at: later } as const;
      expect(await store.applyJobEvent(jobId(1), due)).toMatchObject({ kind: "bot_busy", by: jobId(2) });
      await store.applyJobEvent(jobId(2), { type: "end_asked", at: later, how: "cancel" });
      expect(await store.applyJobEvent(jobId(1), due)).toMatchObject({ kind: "applied", job: { status: "queued" } });
    });
  });

  describe("claims", () => {
    const claim = (n: number, by: string) =>
      store.claim(jobId(n), { at: AT, task: "record", ingestTokenHash: by, controlTokenSealed: "s" });

    it("succeed for one of many, and count the attempts", async () => {
      await withKey(store);
      await create(newJob(1));
      const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => claim(1, `by ${n}`)));
      expect(claims.flatMap((job) => job?.attempt ?? [])).toEqual([1]);
      expect(await store.startable(10)).toEqual([]);
      expect((await store.claimed()).map(({ id }) => id)).toEqual([jobId(1)]);
    });

    it("are offered in the order of joinAt, and never over a key's limit", async () => {
      await withKey(store, { maxConcurrent: 2 });
      for (const [n, joinAt] of [AT + 3, AT + 1, AT + 2].entries()) {
        await create(newJob(n, { joinAt }));
        await store.applyJobEvent(jobId(n), { type: "due", at: AT + 5 });
      }
      expect((await store.startable(10)).map(({ id }) => id)).toEqual([jobId(1), jobId(2), jobId(0)]);
      expect(await claim(1, "a")).toBeDefined();
      expect(await claim(2, "b")).toBeDefined();
      expect(await claim(0, "c")).toBeUndefined();
      expect(await store.startable(10)).toEqual([]);
    });

    it("note when a worker was seen, only for the newest attempt", async () => {
      await withKey(store);
      await startJob(store, 1);
      await store.noteSeen(jobId(1), 1, { seenAt: AT + 1, untrackedSince: null });
      await store.noteSeen(jobId(1), 0, { seenAt: AT + 2, untrackedSince: AT });
      expect(await store.job(jobId(1))).toMatchObject({ workerSeenAt: AT + 1, untrackedSince: null });
    });
  });

  describe("events of workers", () => {
    it("have one effect each, by their delivery id (a customer billed four times)", async () => {
      await withKey(store);
      await startJob(store, 1);
      const joining = envelope(1, statusEvent("joining"));
      const results = await Promise.all(Array.from({ length: 10 }, () => store.ingest("token_1_1", joining, AT)));
      expect(results.filter(({ kind }) => kind === "applied")).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === "repeated")).toHaveLength(9);
      expect(await store.eventsAfter(jobId(1), 0, 10)).toMatchObject([{ eventId: joining.deliveryId }]);
      expect((await store.deliveries(jobId(1), { limit: 10 })).items).toMatchObject([{ id: joining.deliveryId }]);
    });

    it("are refused from an older attempt, whose worker must end (a second bot after a lost launch)", async () => {
      await withKey(store);
      await startJob(store, 1);
      await store.applyJobEvent(jobId(1), {
        type: "worker_gone",
        at: AT,
        attempt: 1,
        how: "killed",
        remains: "nothing",
      });
      await claimJob(store, 1, 2);
      const event = envelope(1, statusEvent("joining"));
      expect(await store.ingest("token_1_1", event, AT)).toEqual({ kind: "stale" });
      expect(await store.ingest("token_1_2", event, AT)).toEqual({ kind: "applied" });
    });

    it("are refused with an unknown token or for another job", async () => {
      await withKey(store);
      await startJob(store, 1);
      await startJob(store, 2);
      const event = envelope(1, statusEvent("joining"));
      expect(await store.ingest("nobody", event, AT)).toEqual({ kind: "unknown_token" });
      expect(await store.ingest("token_2_1", event, AT)).toEqual({ kind: "unknown_token" });
    });

    it("change nothing if the job's state forbids them", async () => {
      await withKey(store);
      await startJob(store, 1);
      await store.ingest("token_1_1", envelope(1, statusEvent("finalizing")), AT);
      expect(await store.ingest("token_1_1", envelope(1, statusEvent("recording")), AT)).toEqual({ kind: "ignored" });
      expect(await store.job(jobId(1))).toMatchObject({ status: "finalizing" });
      expect(await store.eventsAfter(jobId(1), 0, 10)).toHaveLength(1);
    });

    it("are delivered even if a worker that is started again counts them from the beginning", async () => {
      await withKey(store);
      await startJob(store, 1);
      const joining = envelope(1, statusEvent("joining"));
      await store.ingest("token_1_1", joining, AT);
      const failed = envelope(1, failedStatus("lobby_timeout"));
      expect(await store.ingest("token_1_1", failed, AT)).toEqual({ kind: "applied" });
      await store.applyJobEvent(jobId(1), {
        type: "worker_gone",
        at: AT,
        attempt: 1,
        how: "exit code 2",
        remains: "nothing",
      });
      await claimJob(store, 1, 2);
      expect(await store.ingest("token_1_2", joining, AT)).toEqual({ kind: "applied" });
      expect(await store.ingest("token_1_2", failed, AT)).toEqual({ kind: "applied" });
      const events = await store.eventsAfter(jobId(1), 0, 10);
      const statuses = events.map(({ dataJson }) => JSON.parse(dataJson).status);
      expect(statuses).toEqual(["joining", "queued", "joining", "failed"]);
      expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4);
    });

    it("bring the recording's facts, and its usage", async () => {
      await withKey(store);
      await startJob(store, 1);
      for (const status of ["recording", "finalizing", "completed"] as const) {
        await store.ingest("token_1_1", envelope(1, statusEvent(status)), AT);
      }
      await store.ingest("token_1_1", envelope(1, FINALIZED), AT);
      const [endedAt, seconds] = [Date.parse("2026-05-09T14:10:01.000Z"), 600];
      expect(await store.usage(OWNER, AT, endedAt + 1)).toEqual([
        { jobId: jobId(1), externalId: "call-1", endedAt, seconds, billed: true },
      ]);
      expect((await store.jobs(OWNER, { recorded: true }, { limit: 5 })).items).toHaveLength(1);
      expect(await store.markDeleted(jobId(1), 4, AT)).toBe(true);
      expect(await store.markDeleted(jobId(1), 4, AT)).toBe(false);
      expect((await store.jobs(OWNER, { recorded: true }, { limit: 5 })).items).toEqual([]);
      expect((await store.eventsAfter(jobId(1), 0, 10)).at(-1)).toMatchObject({ type: "recording.deleted" });
    });

    it("wake listeners after the commit", async () => {
      await withKey(store);
      const seen: string[] = [];
      const stop = store.onJobChange((id) => seen.push(id));
      await startJob(store, 1);
      await store.ingest("token_1_1", envelope(1, statusEvent("joining")), AT);
      stop();
      await store.ingest("token_1_1", envelope(1, statusEvent("in_call")), AT);
      expect(seen).toEqual([jobId(1), jobId(1), jobId(1)]);
    });
  });

  deliveryContract(() => store);
  residentContract(() => store);

  describe("keys and logins", () => {
    it("are found by hash, revoked once, and rotate their webhook secret", async () => {
      await withKey(store);
      expect(await store.keyByHash("hash_1")).toMatchObject({ id: "key_1", revokedAt: null });
      expect(await store.keyByHash("none")).toBeUndefined();
      expect(await store.revokeKey("key_1", AT + 1)).toBe(true);
      expect(await store.revokeKey("key_1", AT + 2)).toBe(true);
      expect(await store.revokeKey("none", AT)).toBe(false);
      const rotate = (newSealed: string, oldUntil: number | null, at = AT) =>
        store.rotateWebhookSecret("key_1", { at, newSealed, oldUntil });
      expect(await rotate("newer", AT + 9)).toEqual({ kind: "rotated", oldUntil: AT + 9 });
      expect(await store.key("key_1")).toMatchObject({
        ...{ revokedAt: AT + 1, webhookSecretSealed: "newer" },
        ...{ oldWebhookSecretSealed: "sealed secret", oldWebhookSecretUntil: AT + 9 },
      });
      // Receivers know the two that are valid.
      expect(await rotate("third", AT + 19, AT + 8)).toEqual({ kind: "overlaps", oldUntil: AT + 9 });
      expect(await store.key("key_1")).toMatchObject({ webhookSecretSealed: "newer" });
      expect(await rotate("third", AT + 19, AT + 9)).toEqual({ kind: "rotated", oldUntil: AT + 19 });
      expect(await store.key("key_1")).toMatchObject({ oldWebhookSecretSealed: "newer" });
      expect(await rotate("fourth", null, AT + 10)).toEqual({ kind: "rotated", oldUntil: null });
      expect(await store.key("key_1")).toMatchObject({
        ...{ webhookSecretSealed: "fourth", oldWebhookSecretSealed: null, oldWebhookSecretUntil: null },
      });
      const unknown = await store.rotateWebhookSecret("none", { at: AT, newSealed: "x", oldUntil: null });
      expect(unknown).toEqual({ kind: "not_found" });
      expect(await store.keys()).toHaveLength(1);
      expect(await store.consumers()).toMatchObject([await store.consumer("con_1")]);
    });

    it("give a login's key once", async () => {
      const login = {
        ...{ nonceHash: "nonce", userCode: "ABCD", createdAt: AT, expiresAt: AT + 1_000, keySealed: null },
        ...{ client: "a terminal", address: "192.0.2.1" },
      };
      await store.addCliAuth(login);
      expect(await store.waitingCliAuth("ABCD", AT)).toEqual(login);
      expect(await store.waitingCliAuth("ABCD", AT + 1_000)).toBeUndefined();
      expect(await store.waitingCliAuth("EFGH", AT)).toBeUndefined();
      expect(await store.takeCliAuth("nonce", AT)).toEqual(login);
      await store.addConsumer(CONSUMER);
      const key = keyRow();
      expect(await store.completeCliAuth("ABCD", "sealed key", key, AT + 1_000)).toBe(false);
      expect(await store.keys()).toEqual([]);
      expect(await store.completeCliAuth("ABCD", "sealed key", key, AT)).toBe(true);
      expect(await store.completeCliAuth("ABCD", "another", { ...key, id: "key_2", hash: "hash_2" }, AT)).toBe(false);
      expect(await store.keys()).toMatchObject([{ id: key.id }]);
      expect(await store.waitingCliAuth("ABCD", AT)).toBeUndefined();
      expect(await store.takeCliAuth("nonce", AT)).toMatchObject({ keySealed: "sealed key" });
      expect(await store.takeCliAuth("nonce", AT)).toBeUndefined();
    });

    it("let a browser in until its session is over, it has signed out, or its key is revoked", async () => {
      await withKey(store);
      const session = (hash: string) => ({ hash, keyId: "key_1", createdAt: AT, expiresAt: AT + 1_000 });
      await store.addSession(session("first"));
      await store.addSession(session("second"));
      expect(await store.keyOfSession("first", AT)).toMatchObject({ id: "key_1", consumerId: "con_1" });
      expect(await store.keyOfSession("first", AT + 1_000)).toBeUndefined();
      expect(await store.keyOfSession("third", AT)).toBeUndefined();
      await store.removeSession("first");
      expect(await store.keyOfSession("first", AT)).toBeUndefined();
      await store.forgetOld(AT + 999);
      expect(await store.keyOfSession("second", AT)).toMatchObject({ id: "key_1" });
      await store.revokeKey("key_1", AT);
      expect(await store.keyOfSession("second", AT)).toBeUndefined();
    });

    it("forget sessions that are over", async () => {
      await withKey(store);
      await store.addSession({ hash: "old", keyId: "key_1", createdAt: AT, expiresAt: AT + 1_000 });
      await store.forgetOld(AT + 1_000);
      // Earlier than its end, so only the row that is gone keeps it out.
      expect(await store.keyOfSession("old", AT)).toBeUndefined();
    });
  });
}
