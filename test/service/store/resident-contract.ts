import { beforeEach, describe, expect, it } from "vitest";
import type { RuleRow, WaitRow } from "../../../src/service/ports/resident.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import { AT, FINALIZED, statusEvent } from "../support/job-rows.ts";
import {
  answerOf,
  callToAdd,
  claimJob,
  envelope,
  jobId,
  linkTo,
  newJob,
  startJob,
  withKey,
} from "../support/store-rows.ts";

const GUILD = "81384788765712384";
const OTHER_GUILD = "81384788765712385";
const USER = "80351110224678912";
const CHANNEL = "381870553235193857";

/** What any store must do for the resident, for shared links, and for counted logins; part of the store's contract. */
export function residentContract(current: () => Store): void {
  let store: Store;
  beforeEach(() => {
    store = current();
  });

  describe("servers", () => {
    it("have settings, and no change of two at the same time is lost", async () => {
      const { resident } = store;
      expect(await resident.guild(GUILD)).toBeUndefined();
      const add = (n: number) =>
        resident.changeGuild(GUILD, AT + n, (json) => JSON.stringify([...JSON.parse(json ?? "[]"), n]));
      await Promise.all([1, 2, 3].map(add));
      const stored = await resident.guild(GUILD);
      expect(JSON.parse(stored?.settingsJson ?? "").sort()).toEqual([1, 2, 3]);
      expect(await resident.guilds()).toEqual([stored]);
    });

    it("keep their settings if a change is refused", async () => {
      const { resident } = store;
      await resident.changeGuild(GUILD, AT, () => "{}");
      const refused = resident.changeGuild(GUILD, AT + 1, () => {
        throw new Error("refused");
      });
      await expect(refused).rejects.toThrow("refused");
      expect(await resident.guild(GUILD)).toEqual({ guildId: GUILD, settingsJson: "{}", updatedAt: AT });
    });

    it("are forgotten completely, and others are not", async () => {
      const { resident } = store;
      for (const guildId of [GUILD, OTHER_GUILD]) {
        await resident.changeGuild(guildId, AT, () => "{}");
        await resident.addRule(rule({ id: `rule ${guildId}`, guildId }));
        await resident.setWait(wait({ guildId }));
        await resident.setConsent({ guildId, userId: USER, choice: "allow", at: AT });
      }
      await resident.forgetGuild(GUILD);
      expect(await resident.guilds()).toMatchObject([{ guildId: OTHER_GUILD }]);
      expect(await resident.rules()).toMatchObject([{ guildId: OTHER_GUILD }]);
      expect(await resident.waits(GUILD)).toEqual([]);
      expect(await resident.waits(OTHER_GUILD)).toHaveLength(1);
      expect(await resident.consents(GUILD)).toEqual([]);
      expect(await resident.consents(OTHER_GUILD)).toHaveLength(1);
    });
  });

  describe("rules", () => {
    it("are changed in part, and removed with what waits for them", async () => {
      const { resident } = store;
      await resident.addRule(rule());
      await resident.addRule(rule({ id: "rule_2", createdAt: AT - 1, enabled: false }));
      await resident.addRule(rule({ id: "rule_3", guildId: OTHER_GUILD }));
      expect((await resident.rules(GUILD)).map(({ id }) => id)).toEqual(["rule_2", "rule_1"]);
      expect(await resident.rules()).toHaveLength(3);
      expect(await resident.changeRule("rule_1", { enabled: false })).toBe(true);
      expect(await resident.rule("rule_1")).toEqual(rule({ enabled: false }));
      expect(await resident.changeRule("rule_1", { ruleJson: "[]" })).toBe(true);
      expect(await resident.rule("rule_1")).toEqual(rule({ enabled: false, ruleJson: "[]" }));
      expect(await resident.changeRule("none", { enabled: true })).toBe(false);
      await resident.setWait(wait());
      expect(await resident.removeRule("rule_1")).toBe(true);
      expect(await resident.removeRule("rule_1")).toBe(false);
      expect(await resident.waits(GUILD)).toEqual([]);
    });

    it("have one wait of each kind in a channel, and give it to one part only", async () => {
      const { resident } = store;
      await resident.setWait(wait({ dueAt: AT + 5_000 }));
      await resident.setWait(wait({ dueAt: AT + 9_000, ruleId: "rule_2" }));
      await resident.setWait(wait({ kind: "stop", dueAt: AT + 1_000 }));
      expect(await resident.dueWaits(AT + 8_999, 10)).toMatchObject([{ kind: "stop" }]);
      expect(await resident.dueWaits(AT + 9_000, 10)).toMatchObject([
        { kind: "stop" },
        { kind: "start", ruleId: "rule_2" },
      ]);
      expect(await resident.dueWaits(AT + 9_000, 1)).toHaveLength(1);
      const taken = await Promise.all([resident.removeWait(wait()), resident.removeWait(wait())]);
      expect(taken.sort()).toEqual([false, true]);
    });
  });

  describe("consents", () => {
    it("are a person's last word in a server", async () => {
      const { resident } = store;
      await resident.setConsent({ guildId: GUILD, userId: USER, choice: "allow", at: AT });
      const last = { guildId: GUILD, userId: USER, choice: "decline", at: AT + 1 } as const;
      await resident.setConsent(last);
      expect(await resident.consents(GUILD)).toEqual([last]);
      expect(await resident.removeConsent(GUILD, USER)).toBe(true);
      expect(await resident.removeConsent(GUILD, USER)).toBe(false);
    });
  });

  describe("calls", () => {
    const create = (n: number, changes = {}) =>
      store.createJob(newJob(n, changes), { at: AT, answerOf, call: callToAdd() });
    const end = async (n: number) => {
      for (const status of ["recording", "finalizing", "completed"] as const) {
        await store.ingest(`token_${n}_1`, envelope(n, statusEvent(status)), AT);
      }
      await store.ingest(`token_${n}_1`, envelope(n, FINALIZED), AT);
    };
    const gone = (n: number, remains: "nothing" | "recorded" = "nothing") =>
      store.applyJobEvent(jobId(n), { type: "worker_gone", at: AT, attempt: 1, how: "exit code 0", remains });

    it("are stored with their job, or not at all (a job that no panel knows)", async () => {
      await withKey(store, { maxConcurrent: 1 });
      await create(1);
      expect(await create(1)).toMatchObject({ kind: "existing" });
      expect(await create(2)).toMatchObject({ kind: "over_quota" });
      expect(await store.resident.call(jobId(1))).toMatchObject({
        call: { ...callToAdd().call, jobId: jobId(1), panelMessageId: null, panelEndedAt: null, createdAt: AT },
        job: { id: jobId(1), status: "queued" },
      });
      expect(await store.resident.call(jobId(2))).toBeUndefined();
      expect(await store.resident.endMessages(jobId(1))).toMatchObject([
        { target: "channel", state: "waiting", attempts: 0 },
        { target: "starter", state: "waiting", attempts: 0 },
      ]);
    });

    it("are one at a time in a channel, whatever bots record them", async () => {
      await withKey(store);
      await create(1);
      expect(await create(2)).toEqual({ kind: "bot_busy", jobId: jobId(1) });
      expect(await create(3, { guildId: OTHER_GUILD })).toMatchObject({ kind: "created" });
      // Jobs of the API are their callers' own decision.
      expect(await store.createJob(newJob(4), { at: AT, answerOf })).toMatchObject({ kind: "created" });
    });

    it("are listed newest first, and are open until their panel shows the end", async () => {
      await withKey(store);
      for (const n of [1, 2, 3]) await create(n, { channelId: `${CHANNEL}${n}` });
      await startJob(store, 4);
      const first = await store.resident.calls(GUILD, { limit: 2 });
      expect(first.items.map(({ job }) => job.id)).toEqual([jobId(3), jobId(2)]);
      const rest = await store.resident.calls(GUILD, { limit: 2, cursor: first.next ?? "" });
      expect(rest).toMatchObject({ items: [{ job: { id: jobId(1) } }], next: null });
      expect((await store.resident.calls(OTHER_GUILD, { limit: 2 })).items).toEqual([]);
      expect(await store.resident.setPanel(jobId(1), { channelId: CHANNEL, messageId: "9" })).toBe(true);
      expect(await store.resident.setPanel(jobId(4), { channelId: CHANNEL, messageId: "9" })).toBe(false);
      await store.resident.markPanelEnded(jobId(2), AT + 1);
      const open = await store.resident.openCalls();
      expect(open.map(({ call }) => [call.jobId, call.panelMessageId])).toEqual([
        [jobId(1), "9"],
        [jobId(3), null],
      ]);
    });

    it("have their messages sent when nothing of the call can change any more", async () => {
      await withKey(store);
      await create(1);
      await claimJob(store, 1, 1);
      expect(await store.resident.dueEndMessages(AT, 10)).toEqual([]);
      await end(1);
      expect(await store.resident.dueEndMessages(AT, 10), "its worker may still run").toEqual([]);
      await gone(1);
      const due = await store.resident.dueEndMessages(AT, 10);
      expect(due).toMatchObject([
        { target: "channel", job: { id: jobId(1), durationSeconds: 600 }, call: { voiceChannelId: CHANNEL } },
        { target: "starter", address: USER },
      ]);
    });

    it("wait with their messages until a recovery has finished the recording", async () => {
      await withKey(store);
      await create(1);
      await claimJob(store, 1, 1);
      await store.ingest("token_1_1", envelope(1, statusEvent("recording")), AT);
      await gone(1, "recorded");
      expect(await store.resident.dueEndMessages(AT, 10)).toEqual([]);
    });

    it("have each message sent once, and retried only if it was not", async () => {
      await withKey(store);
      await create(1);
      await claimJob(store, 1, 1);
      await end(1);
      await gone(1);
      const channel = { jobId: jobId(1), target: "channel" } as const;
      const starter = { jobId: jobId(1), target: "starter" } as const;
      await store.resident.noteEndMessage(channel, { state: "sent", messageId: "12" });
      await store.resident.noteEndMessage(starter, { state: "waiting", nextAt: AT + 5_000 });
      expect(await store.resident.dueEndMessages(AT + 4_999, 10)).toEqual([]);
      expect(await store.resident.dueEndMessages(AT + 5_000, 10)).toMatchObject([{ target: "starter", attempts: 1 }]);
      await store.resident.noteEndMessage(starter, { state: "refused" });
      // A second sender that comes late changes nothing.
      await store.resident.noteEndMessage(channel, { state: "waiting", nextAt: AT });
      expect(await store.resident.dueEndMessages(AT + 5_000, 10)).toEqual([]);
      expect(await store.resident.endMessages(jobId(1))).toMatchObject([
        { target: "channel", state: "sent", messageId: "12", attempts: 1 },
        { target: "starter", state: "refused", messageId: null, attempts: 2 },
      ]);
    });
  });

  it("forgets who started a call and who got its link when the recording is deleted", async () => {
    await withKey(store);
    await store.createJob(newJob(1), { at: AT, answerOf, call: callToAdd() });
    await store.sharedLinks.addLink(linkTo(1));
    expect(await store.markDeleted(jobId(1), 0, AT)).toBe(true);
    expect(await store.resident.call(jobId(1))).toMatchObject({ call: { startedBy: null, title: null } });
    expect(await store.resident.endMessages(jobId(1))).toEqual([]);
    expect(await store.sharedLinks.link(linkTo(1).id)).toMatchObject({ madeFor: "", jobId: jobId(1) });
  });

  describe("shared links", () => {
    it("are made once for each audience, and again when they are over or open something else", async () => {
      await withKey(store);
      await startJob(store, 1);
      const { sharedLinks } = store;
      const first = await sharedLinks.addLink(linkTo(1));
      expect(first).toEqual({ ...linkTo(1), revokedAt: null });
      expect(await sharedLinks.addLink(linkTo(1, { id: "second" }))).toEqual(first);
      const reading = await sharedLinks.addLink(linkTo(1, { id: "third", mayDelete: false }));
      expect(reading).toMatchObject({ id: "third", mayDelete: false });
      const channel = await sharedLinks.addLink(linkTo(1, { id: "fourth", madeFor: `channel:${CHANNEL}` }));
      expect(channel.id).toBe("fourth");
      const later = linkTo(1, { id: "fifth", createdAt: first.expiresAt, expiresAt: first.expiresAt + 1_000 });
      expect(await sharedLinks.addLink(later)).toMatchObject({ id: "fifth" });
    });

    it("are listed while they are valid, and found ever after", async () => {
      await withKey(store);
      await startJob(store, 1);
      await startJob(store, 2);
      const { sharedLinks } = store;
      await sharedLinks.addLink(linkTo(1, { id: "a" }));
      await sharedLinks.addLink(linkTo(2, { id: "b", createdAt: AT + 1, expiresAt: AT + 1_000 }));
      await sharedLinks.addLink(linkTo(2, { id: "c", guildId: null, mayDelete: false }));
      const ids = async (of: Parameters<typeof sharedLinks.validLinks>[0], at: number) =>
        (await sharedLinks.validLinks(of, at)).map(({ id }) => id);
      expect(await ids({ guildId: GUILD }, AT + 1)).toEqual(["b", "a"]);
      expect(await ids({ jobId: jobId(2) }, AT + 1)).toEqual(["b", "c"]);
      expect(await ids({ guildId: GUILD }, AT + 1_000)).toEqual(["a"]);
      expect(await sharedLinks.revokeLink("a", AT + 2)).toBe(true);
      expect(await sharedLinks.revokeLink("a", AT + 3)).toBe(true);
      expect(await sharedLinks.revokeLink("none", AT)).toBe(false);
      expect(await sharedLinks.link("a")).toMatchObject({ revokedAt: AT + 2 });
      expect(await ids({ guildId: GUILD }, AT + 3)).toEqual(["b"]);
      expect(await sharedLinks.revokeLinks(jobId(2), AT + 4)).toBe(2);
      expect(await ids({ jobId: jobId(2) }, AT + 5)).toEqual([]);
      expect(await sharedLinks.link("b")).toMatchObject({ revokedAt: AT + 4 });
      expect(await sharedLinks.link("none")).toBeUndefined();
    });
  });

  describe("logins", () => {
    const [first, second] = ["100000000000000001", "100000000000000002"] as const;
    const login = (id: string, at: number, botId: string = first) => ({ id, botId, kind: "worker", at }) as const;

    it("are counted once each, for a day", async () => {
      const { logins } = store;
      await logins.noteLogins([login("a", AT), login("b", AT + 1), login("c", AT + 2, second)]);
      await logins.noteLogins([login("a", AT + 5), login("d", AT + 6)]);
      await logins.noteLogins([]);
      expect(await logins.loginUse(AT - 1)).toEqual([
        { botId: first, count: 3, oldestAt: AT },
        { botId: second, count: 1, oldestAt: AT + 2 },
      ]);
      expect(await logins.loginUse(AT + 1)).toMatchObject([{ count: 1, oldestAt: AT + 6 }, { botId: second }]);
      expect(await logins.loginUse(AT, second)).toMatchObject([{ botId: second, count: 1 }]);
      expect(await logins.loginUse(AT + 2, second)).toEqual([]);
      await store.forgetOld(AT + 86_400_000);
      expect(await logins.loginUse(0)).toMatchObject([{ count: 2, oldestAt: AT + 1 }, { botId: second }]);
    });

    it("have the limit that was seen last, in whatever order it comes", async () => {
      const { logins } = store;
      const limit = { botId: first, total: 1_000, remaining: 40, resetAt: AT + 1_000, seenAt: AT };
      await logins.noteLoginLimit(limit);
      await logins.noteLoginLimit({ ...limit, remaining: 39, seenAt: AT + 1 });
      await logins.noteLoginLimit({ ...limit, remaining: 41, seenAt: AT - 1 });
      expect(await logins.loginLimit(first)).toEqual({ ...limit, remaining: 39, seenAt: AT + 1 });
      expect(await logins.loginLimit(second)).toBeUndefined();
      expect(await logins.lowLoginLimits(AT + 999, 39)).toMatchObject([{ botId: first }]);
      expect(await logins.lowLoginLimits(AT + 1_000, 39), "its day is over").toEqual([]);
      expect(await logins.lowLoginLimits(AT, 38)).toEqual([]);
    });
  });
}

function rule(changes: Partial<RuleRow> = {}): RuleRow {
  return {
    ...{ id: "rule_1", guildId: GUILD, ruleJson: "{}", createdBy: USER, createdAt: AT, enabled: true },
    ...changes,
  };
}

function wait(changes: Partial<WaitRow> = {}): WaitRow {
  return {
    ...{ guildId: GUILD, channelId: CHANNEL, kind: "start", ruleId: "rule_1", since: AT, dueAt: AT + 5_000 },
    ...changes,
  };
}
