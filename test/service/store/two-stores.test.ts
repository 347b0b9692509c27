import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DeliveryRunner } from "../../../src/service/deliveries/delivery-runner.ts";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import type { NewJob } from "../../../src/service/ports/jobs.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { postgresDialect, SERVING } from "../../../src/service/store/postgres.ts";
import { lockPostgres } from "../../../src/service/store/postgres-lock.ts";
import { openPostgresStore } from "../../../src/service/store/postgres-store.ts";
import { databaseOf, SqlStore } from "../../../src/service/store/sql-store.ts";
import { MemoryLog } from "../../delivery/support.ts";
import { asAdmin, emptying, missingPostgres, newDatabase } from "../../support/postgres.ts";
import { postgresServer } from "../../support/postgres-shared.ts";
import { WebhookReceiver } from "../../support/webhook-receiver.ts";
import { SECRET } from "../deliveries/support.ts";
import { AT, statusEvent } from "../support/job-rows.ts";
import { answerOf, envelope, jobId, keyRow, newJob, startJob, withKey } from "../support/store-rows.ts";

/** More by hand: `JOBS=1000 npm test -- test/service/store/two-stores.test.ts`. */
const JOBS = Number(process.env.JOBS ?? 100);
const LIMITS = { ...SERVING, connections: 5, connectMs: 60_000 };

/** Two processes that use one database, each with its own connections. In SQLite the whole database is locked instead. */
describe.skipIf(missingPostgres())("two stores on one database", () => {
  let address: string;
  let emptyAll: string;
  let first: Store;
  let second: Store;
  beforeAll(async () => {
    address = await newDatabase(await postgresServer());
    await (await openPostgresStore(address)).store.close();
    emptyAll = await emptying(address);
  });
  beforeEach(async () => {
    await asAdmin(address, emptyAll);
    [first, second] = [newStore(), newStore()];
    onTestFinished(async () => {
      await Promise.all([first.close(), second.close()]);
    });
  });

  const newStore = (): Store => new SqlStore(databaseOf(postgresDialect(address, LIMITS)));
  const storeOf = (number: number): Store => (number % 2 === 0 ? first : second);
  const create = (number: number, changes: Partial<NewJob> = {}, key?: string) =>
    storeOf(number).createJob(newJob(number, changes), {
      ...{ at: AT, answerOf },
      ...(key === undefined ? {} : { idempotency: { key, requestHash: "hash" } }),
    });
  const many = async (count: number, make: (number: number) => ReturnType<typeof create>) =>
    (await Promise.all(Array.from({ length: count }, (_, number) => make(number)))).map(({ kind }) => kind).toSorted();
  const claimOf = (number: number, by: string) =>
    ({ at: AT, task: "record", ingestTokenHash: `${number} ${by}`, controlTokenSealed: "sealed" }) as const;

  it("are kept apart by a lock that one service has, also after its connection was cut", async () => {
    const lock = await lockPostgres(address);
    onTestFinished(() => lock?.release());
    expect(await lockPostgres(address)).toBeUndefined();
    const cut = (name: string) =>
      asAdmin(address, `select pg_terminate_backend(pid) from pg_stat_activity where application_name like '${name}'`);
    await cut("meetbot-discord %");
    const holders = "select count(*)::int as count from pg_locks where locktype = 'advisory' and granted";
    while ((await asAdmin(address, holders))[0]?.count === 0) await sleep(20);
    expect(await lockPostgres(address)).toBeUndefined();
    await lock?.release();
    const next = await lockPostgres(address);
    expect(next).toBeDefined();
    await next?.release();
  });

  it("end the one that lost the lock while its connection was cut", async () => {
    const lock = await lockPostgres(address);
    onTestFinished(() => lock?.release());
    const thief = new pg.Client({ connectionString: address });
    await thief.connect();
    onTestFinished(() => thief.end());
    const [holder] = await asAdmin(address, "select pid, objid from pg_locks where locktype = 'advisory' and granted");
    await thief.query(`select pg_terminate_backend(${holder?.pid}), pg_advisory_lock(${holder?.objid})`);
    await lock?.lost;
  });

  it("make one job of parallel requests with one externalId, or one Idempotency-Key of two keys", async () => {
    await withKey(first);
    await first.addKey(keyRow({ id: "key_2", hash: "hash_2" }));
    const one = await many(20, (number) => create(number, { externalId: "standup" }));
    expect(one).toEqual(["created", ...Array(19).fill("existing")]);
    const replayed = await many(20, (number) =>
      create(100 + number, { externalId: null, keyId: `key_${1 + (number % 2)}` }, "abc"),
    );
    expect(replayed).toEqual(["created", ...Array(19).fill("replayed")]);
  });

  it("let exactly N of parallel requests run under a quota of N", async () => {
    await withKey(first, { maxConcurrent: 7 });
    const kinds = await many(40, (number) => create(number));
    expect(kinds.filter((kind) => kind === "created")).toHaveLength(7);
    expect(await second.countByStatus()).toEqual({ queued: 7 });
  });

  it("have one live job for a bot in a server, also of different customers and of jobs that become due", async () => {
    await withKey(first);
    await first.addConsumer({ id: "con_2", name: "Other", createdAt: AT });
    await first.addKey(keyRow({ id: "key_2", consumerId: "con_2", hash: "hash_2" }));
    const bot = { botId: "100000000000000001" };
    const customers = [{}, { consumerId: "con_2", keyId: "key_2" }];
    for (const number of [50, 51]) await create(number, { ...bot, joinAt: AT + 1 });
    const [kinds, due] = await Promise.all([
      many(20, (number) => create(number, { ...bot, ...customers[number % 4 < 2 ? 0 : 1] })),
      Promise.all([50, 51].map((n) => storeOf(n).applyJobEvent(jobId(n), { type: "due", at: AT + 1 }))),
    ]);
    const live = [...kinds, ...due.map(({ kind }) => kind)].filter((kind) => kind === "created" || kind === "applied");
    expect(live).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "bot_busy").length).toBeGreaterThanOrEqual(19);
  });

  it("claim each of many jobs once, and never more than a key may have", async () => {
    await withKey(first, { maxConcurrent: JOBS });
    await create(1);
    await asAdmin(
      address,
      `do $$ declare job jobs; begin
         select * into job from jobs;
         for n in 2..${JOBS} loop
           job.id := 'job_01HX9N8K0000000000000' || lpad(n::text, 5, '0');
           job.external_id := n;
           job.bot_id := n;
           insert into jobs select job.*;
         end loop;
       end $$;
       update keys set max_concurrent = ${JOBS - 10}`,
    );
    const claimedBy = async (store: Store, by: string): Promise<string[]> => {
      const all: string[] = [];
      for (;;) {
        const jobs = await store.startable(50);
        if (jobs.length === 0) return all;
        const claims = new Map(jobs.map(({ id }, n) => [id, claimOf(n, `${by} ${id}`)]));
        all.push(...(await store.claimMany(claims)).map(({ id }) => id));
      }
    };
    const both = (await Promise.all([claimedBy(first, "first"), claimedBy(second, "second")])).flat();
    expect(new Set(both).size).toBe(both.length);
    expect(both).toHaveLength(JOBS - 10);
    expect((await first.claimed()).every(({ attempt }) => attempt === 1)).toBe(true);
  });

  it("claim exactly as many different jobs at the same time as a key may have", async () => {
    await withKey(first);
    for (let number = 0; number < 10; number += 1) await create(number);
    await asAdmin(address, "update keys set max_concurrent = 3");
    const claiming = Array.from({ length: 10 }, (_, n) =>
      storeOf(n).claimMany(new Map([[jobId(n), claimOf(n, "one")]])),
    );
    expect((await Promise.all(claiming)).flat()).toHaveLength(3);
  });

  it("send each of many deliveries once, in the order of its job", async () => {
    const sealer = createSealer([randomBytes(32)]);
    const receiver = await WebhookReceiver.start();
    onTestFinished(() => receiver.down());
    await withKey(first, { webhookSecretSealed: sealer.seal(SECRET, sealPurpose.webhookSecret("key_1")) });
    const hooks = JSON.stringify({ onStatus: receiver.url, onFinalize: receiver.url });
    const jobs = Math.ceil(JOBS / 4);
    const expected = new Map<string, string[]>();
    for (let number = 0; number < jobs; number += 1) {
      const id = jobId(number);
      await startJob(first, number, { webhooksSealed: sealer.seal(hooks, sealPurpose.webhooks(id)), sharesHook: true });
      const events = (["joining", "in_call", "recording"] as const).map((each) => envelope(number, statusEvent(each)));
      for (const each of events) await second.ingest(`token_${number}_1`, each, AT);
      expected.set(
        id,
        events.map(({ deliveryId }) => deliveryId),
      );
    }
    const options = { sealer, log: new MemoryLog(), userAgent: "test", allowPrivate: true, clock: { now: () => AT } };
    const runners = [first, second].map((store) => new DeliveryRunner({ ...options, store }));
    for (const runner of runners) runner.start();
    await receiver.received(jobs * 3);
    // What is sent twice is sent soon after.
    while ((await first.countUndelivered()).pending > 0) await sleep(20);
    await Promise.all(runners.map((runner) => runner.stop()));
    const sent = Map.groupBy(receiver.requests, ({ envelope: { data } }) => data.jobId);
    const ids = [...sent].map(([id, requests]) => [id, requests.map(({ envelope: each }) => each.deliveryId)] as const);
    expect(new Map(ids.toSorted())).toEqual(expected);
  });
});
