import { describe, expect, it } from "vitest";
import { LoginBudget } from "../../../src/service/work/login-budget.ts";
import { AT, failedStatus, statusEvent } from "../support/job-rows.ts";
import { jobId } from "../support/store-rows.ts";
import { GONE, newService } from "./new-service.ts";

const BOT = "100000000000000001";
const HOUR_MS = 3_600_000;
/** In which a job of the bot is started. */
const guild = (n: number) => ({ botId: BOT, guildId: `8138478876571${String(n).padStart(4, "0")}` });

async function serviceWithLimit(remaining: number) {
  const service = await newService(100);
  const limit = { botId: BOT, total: 1_000, remaining, resetAt: AT + HOUR_MS, seenAt: AT - 1 };
  await service.store.logins.noteLoginLimit(limit);
  const budget = new LoginBudget({ store: service.store, clock: { now: () => AT } });
  return { ...service, limit, budget };
}

describe("the logins of a bot", () => {
  it("are counted when its workers start, and by what these note, once each", async () => {
    const { create, pass, report, launcher, store, job } = await newService();
    const budget = new LoginBudget({ store, clock: { now: () => AT + 20_000 } });
    await create(1, { botId: BOT });
    await pass(0);
    expect(await budget.of(BOT)).toMatchObject({ lastDay: 1, left: 999 });
    const note = (at: number, remaining?: number) => {
      const limit = remaining === undefined ? null : { total: 1_000, remaining, resetAt: AT + HOUR_MS };
      return `${JSON.stringify({ at, limit })}\n`;
    };
    launcher.logins = `${note(AT + 1, 700)}${note(AT + 5_000)}{"at":`;
    await report(1, statusEvent("recording"));
    await pass(20_000);
    expect(await budget.of(BOT)).toMatchObject({ lastDay: 2, left: 699, resetAt: AT + HOUR_MS });
    // The last ones are in its file when it has ended.
    launcher.logins = `${note(AT + 1, 700)}${note(AT + 5_000)}${note(AT + 19_000)}`;
    launcher.verdict = GONE;
    await pass(1_000);
    expect(await budget.of(BOT)).toMatchObject({ lastDay: 3, left: 698 });
    expect((await job()).attempt).toBe(1);
  });

  it("are not counted for a sandbox, nor by a file that cannot be read", async () => {
    const { create, pass, launcher, store, report, job } = await newService();
    await store.addKey({ ...(await keyOf(store)), id: "key_2", mode: "test", hash: "hash_2" });
    await create(1, { botId: "test bot", mode: "test", keyId: "key_2" });
    await create(2, { botId: BOT });
    launcher.logins = "not JSON\n";
    await pass(0);
    await report(2, statusEvent("recording"));
    await pass(20_000);
    expect(await store.logins.loginUse(0)).toMatchObject([{ botId: BOT, count: 1 }]);
    expect(await job(2)).toMatchObject({ status: "recording" });
  });

  it("start no new call from the reserve; the job waits, and its failure says why", async () => {
    const { create, pass, launcher, job } = await serviceWithLimit(52);
    for (const n of [1, 2, 3, 4]) await create(n, guild(n));
    await create(5);
    await pass(0);
    expect(launcher.started.map((spec) => spec.jobId).sort()).toEqual([jobId(1), jobId(2), jobId(5)]);
    await pass(601_000);
    expect(await job(3)).toMatchObject({ status: "failed", failureCode: "dispatch_timeout" });
    expect((await job(3)).failureDetail).toContain(
      `the bot has used up its logins of the day at Discord, except for a reserve for calls that run; there are new ones at ${new Date(AT + HOUR_MS).toISOString()}`,
    );
  });

  it("start a waiting call when Discord gives new ones", async () => {
    const { create, pass, launcher } = await serviceWithLimit(10);
    await create(1, { ...guild(1), lateWindowMs: 2 * HOUR_MS });
    await pass(HOUR_MS - 1_000);
    expect(launcher.started).toEqual([]);
    await pass(2_000);
    expect(launcher.started).toMatchObject([{ jobId: jobId(1) }]);
  });

  it("of the reserve are for a call that is started again", async () => {
    const { create, pass, launcher, report, limit, store } = await serviceWithLimit(51);
    await create(1, guild(1));
    await pass(0);
    await report(1, failedStatus("lobby_timeout"));
    await store.logins.noteLoginLimit({ ...limit, remaining: 40, seenAt: AT + 1 });
    launcher.verdict = GONE;
    await pass(1_000);
    launcher.verdict = { kind: "alive" };
    await pass(1_000);
    expect(launcher.started.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it("of the service itself count too", async () => {
    const { budget } = await serviceWithLimit(500);
    await budget.noteResident(BOT);
    await budget.noteResident(BOT);
    expect(await budget.of(BOT)).toMatchObject({ lastDay: 2, total: 1_000 });
    expect(await budget.all()).toMatchObject([{ botId: BOT }]);
  });
});

async function keyOf(store: Awaited<ReturnType<typeof newService>>["store"]) {
  const key = await store.key("key_1");
  if (key === undefined) throw new Error("the service has no key");
  return key;
}
