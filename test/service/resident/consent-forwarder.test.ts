import type { APIInteraction } from "discord-api-types/v10";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ControlRequest, WorkerUnreachableError } from "../../../src/service/ports/workers.ts";
import { ConsentForwarder } from "../../../src/service/resident/consent-forwarder.ts";
import { EarlyPresses } from "../../../src/service/resident/discord/early-presses.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { silentLog } from "../../support/silent-log.ts";
import { AT, statusEvent } from "../support/job-rows.ts";
import { answerOf, callToAdd, claimJob, envelope, jobId, newJob, withKey } from "../support/store-rows.ts";

const [GUILD_ID, ADA] = ["81384788765712384", "600000000000000001"] as const;
const ANSWER = { userId: ADA, name: "Ada", choice: "decline", at: AT + 1_000 } as const;

async function call() {
  const store = await withKey(await openSqliteStore(":memory:"));
  onTestFinished(() => store.close());
  await store.createJob(newJob(1), { at: AT, answerOf, call: callToAdd() });
  await claimJob(store, 1, 1);
  const sent: ControlRequest[] = [];
  const worker: { answers: number | "unreachable"; during?: () => void } = { answers: 200 };
  let retry: (() => void) | undefined;
  const forwarder = new ConsentForwarder({
    ...{ store, log: silentLog },
    control: {
      send: async (_job, request) => {
        sent.push(request);
        worker.during?.();
        if (worker.answers === "unreachable") throw new WorkerUnreachableError("no answer");
        return { status: worker.answers, body: Buffer.from("{}"), contentType: "application/json" };
      },
    },
    after: (_delayMs, action) => {
      retry = action;
      return () => {
        retry = undefined;
      };
    },
  });
  const settled = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  };
  return {
    ...{ store, forwarder, sent, worker, settled },
    retry: async () => {
      retry?.();
      await settled();
    },
    records: async () => {
      for (const status of ["joining", "in_call", "recording"] as const) {
        await store.ingest("token_1_1", envelope(1, statusEvent(status)), AT);
      }
      await settled();
    },
    says: async () =>
      await store.resident.setConsent({ guildId: GUILD_ID, userId: ADA, choice: "decline", at: ANSWER.at }),
  };
}

describe("an answer of /record consent", () => {
  it("reaches the workers of the server's calls, with the time at which it was given", async () => {
    const { forwarder, sent, records } = await call();
    await forwarder.start();
    await records();
    expect(await forwarder.answer(GUILD_ID, ANSWER)).toEqual({ calls: 1, pending: 0 });
    expect(await forwarder.answer("99999999999999999", ANSWER)).toEqual({ calls: 0, pending: 0 });
    expect(sent).toMatchObject([
      {
        ...{ method: "POST", path: "/consent" },
        body: { userId: ADA, granted: false, displayName: "Ada", givenAt: new Date(AT + 1_000).toISOString() },
      },
    ]);
    forwarder.stop();
  });

  it("waits for a worker that does not record yet, and for one that cannot be reached", async () => {
    const { forwarder, sent, worker, records, says, retry } = await call();
    await forwarder.start();
    worker.answers = 409;
    await says();
    expect(await forwarder.answer(GUILD_ID, ANSWER)).toEqual({ calls: 0, pending: 1 });
    worker.answers = "unreachable";
    await records();
    expect(sent.length).toBeGreaterThanOrEqual(2);
    worker.answers = 200;
    const before = sent.length;
    await retry();
    expect(sent.slice(before)).toMatchObject([{ path: "/consent", body: { userId: ADA, granted: false } }]);
    forwarder.stop();
  });

  it("is passed on later if the database cannot be reached at the start, which the service survives", async () => {
    const { store, forwarder, sent, records, says, retry } = await call();
    await records();
    await says();
    const { resident } = store;
    const consents = resident.consents.bind(resident);
    resident.consents = () => Promise.reject(new Error("the database cannot be reached"));
    await forwarder.start();
    expect(sent).toEqual([]);
    resident.consents = consents;
    await retry();
    expect(sent).toMatchObject([{ path: "/consent", body: { userId: ADA, granted: false } }]);
    forwarder.stop();
  });

  it("to a button that was pressed before the bot records is kept for that call, and passed on when it does", async () => {
    const { store, forwarder, sent, records } = await call();
    await forwarder.start();
    const presses = new EarlyPresses({
      store: store.resident,
      consents: forwarder,
      now: () => AT + 500,
      log: silentLog,
      rest: { post: async (_route, request) => void said.push(request?.body) },
    });
    const said: unknown[] = [];
    const press = async (buttonId: string) =>
      await presses.handle({
        ...{ type: 3, id: "1", token: "t", guild_id: GUILD_ID, data: { custom_id: buttonId, component_type: 2 } },
        member: { nick: "Ada", user: { id: ADA, username: "ada" } },
      } as unknown as APIInteraction);
    await press(`decline:${jobId(1)}`);
    await press("decline:job_of_another_bot");
    await press("record:stop:1");
    expect(said).toMatchObject([
      { type: 4, data: { flags: 64, content: expect.stringContaining("You are not recorded") } },
    ]);
    expect(sent).toEqual([]);
    await records();
    expect(sent).toMatchObject([{ path: "/consent", body: { userId: ADA, granted: false } }]);
    // From now on the worker answers.
    await press(`allow:${jobId(1)}`);
    expect([said.length, sent.length]).toEqual([1, 1]);
    await store.ingest("token_1_1", envelope(1, statusEvent("finalizing")), AT);
    await press(`allow:${jobId(1)}`);
    expect(said[1]).toMatchObject({ data: { content: expect.stringContaining("has ended") } });
    expect(await store.resident.consents(GUILD_ID)).toEqual([]);
    forwarder.stop();
  });

  it("to a button that is changed while the first one is passed on is passed on too", async () => {
    const { forwarder, sent, records, settled, worker } = await call();
    await forwarder.start();
    await records();
    worker.during = () => {
      delete worker.during;
      forwarder.early(jobId(1), ANSWER);
    };
    forwarder.early(jobId(1), { ...ANSWER, choice: "allow", at: ANSWER.at - 1 });
    await settled();
    expect(sent.at(-1)).toMatchObject({ body: { userId: ADA, granted: false } });
    forwarder.stop();
  });

  it("that was given after a button counts, although both are passed on at the same time", async () => {
    const { forwarder, sent, records, says } = await call();
    await forwarder.start();
    forwarder.early(jobId(1), { ...ANSWER, choice: "allow", at: ANSWER.at - 1 });
    await says();
    await records();
    expect(sent.length).toBeGreaterThan(0);
    for (const request of sent) expect(request).toMatchObject({ body: { userId: ADA, granted: false } });
    forwarder.stop();
  });

  it("that was given while no service ran is passed on when one starts; older ones were in the job's settings", async () => {
    const { store, forwarder, sent, records, says } = await call();
    await records();
    await says();
    await store.resident.setConsent({
      guildId: GUILD_ID,
      userId: "600000000000000002",
      choice: "allow",
      at: AT - 1_000,
    });
    await forwarder.start();
    expect(sent).toMatchObject([{ body: { userId: ADA } }]);
    forwarder.stop();
  });
});
