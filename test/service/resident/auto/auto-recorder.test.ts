import { describe, expect, it } from "vitest";
import { CHANNEL } from "../domain/situations.ts";
import { autoWorld, GUILD_ID, OTHER_CHANNEL_ID } from "./auto-world.ts";

const [ADA, BOB, BOT] = ["600000000000000001", "600000000000000002", "700000000000000001"] as const;

describe("a rule's call", () => {
  it("starts when the second person stays, with the panel before it, and with what people said before", async () => {
    const world = await autoWorld();
    await world.store.resident.setConsent({ guildId: GUILD_ID, userId: ADA, choice: "decline", at: 1 });
    await world.addRule({ title: "{channel} {date}", returnSeconds: 30 });
    await world.join(ADA);
    await world.join(BOT);
    await world.pass(10_000);
    expect(await world.jobs()).toEqual([]);
    expect((await world.explain())[0]).toContain("1 person is in the channel; the rule needs 2");
    await world.join(BOB);
    expect((await world.explain())[0]).toContain("if people stay");
    await world.pass(2_000);
    const [job] = await world.jobs();
    expect(job).toMatchObject({ guildId: GUILD_ID, channelId: CHANNEL.id, status: "queued" });
    expect(JSON.parse(job?.settingsJson ?? "{}")).toEqual({
      ...{ MEETBOT_CONSENT: "notice", MEETBOT_NOTICE_LANGUAGE: "en", MEETBOT_NOTICE_END: "off" },
      ...{ MEETBOT_NOTICE_MESSAGE: `${CHANNEL.id}/800000000000000001`, MEETBOT_CONSENT_DECLINED: ADA },
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "30",
    });
    expect(world.panels).toMatchObject([{ text: expect.stringContaining("This voice channel is being recorded.") }]);
    const row = await world.store.resident.call(job?.id ?? "");
    expect(row?.call).toMatchObject({
      origin: "rule",
      ruleId: "rule_1",
      title: "Meetings 2026-05-09",
      panelMessageId: "800000000000000001",
    });
    await world.pass(60_000);
    expect(await world.jobs()).toHaveLength(1);
  });

  it("is not started by people who hop through, and not ended by one who comes back", async () => {
    const world = await autoWorld();
    await world.addRule();
    await world.join(ADA);
    await world.join(BOB);
    await world.pass(1_500);
    await world.join(BOB, OTHER_CHANNEL_ID);
    await world.pass(5_000);
    expect(await world.jobs()).toEqual([]);
    await world.join(BOB);
    await world.pass(2_000);
    const [job] = await world.jobs();
    await world.records(job?.id ?? "");
    await world.join(BOB, OTHER_CHANNEL_ID);
    await world.pass(55_000);
    await world.join(BOB);
    await world.pass(120_000);
    expect([world.asked, (await world.jobs()).length]).toEqual([[], 1]);
    await world.leave(BOB);
    await world.pass(59_000);
    expect(world.asked).toEqual([]);
    await world.pass(1_000);
    expect(world.asked).toEqual([job?.id]);
    // Whoever comes back now gets the next recording.
    await world.ends(job?.id ?? "", "leave_requested");
    await world.join(BOB);
    await world.pass(2_000);
    expect(await world.jobs()).toHaveLength(2);
  });

  it("that somebody ends by hand is not started again before everybody has left, also after a restart", async () => {
    const world = await autoWorld();
    await world.addRule();
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    const [job] = await world.jobs();
    await world.records(job?.id ?? "");
    await world.pass(5_000);
    await world.ends(job?.id ?? "", "leave_requested");
    await world.pass(600_000);
    await world.restart(1_000);
    await world.pass(10_000);
    expect(await world.jobs()).toHaveLength(1);
    expect((await world.explain())[0]).toContain("until everybody has left the channel once");
    for (const person of [ADA, BOB]) await world.leave(person);
    await world.restart(1_000);
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    expect(await world.jobs()).toHaveLength(2);
  });

  it("continues through a restart of the service: it is not recorded twice, and its end is not forgotten", async () => {
    const world = await autoWorld();
    await world.addRule();
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    const [job] = await world.jobs();
    await world.restart(5_000);
    await world.records(job?.id ?? "");
    await world.pass(30_000);
    expect(await world.jobs()).toHaveLength(1);
    await world.leave(BOB);
    await world.pass(40_000);
    await world.restart(15_000);
    expect(world.asked).toEqual([]);
    await world.pass(5_000);
    expect(world.asked).toEqual([job?.id]);
  });

  it("is known to be over although the database failed when it ended", async () => {
    const world = await autoWorld();
    const { resident } = world.store;
    await world.addRule();
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    const [job] = await world.jobs();
    await world.records(job?.id ?? "");
    await world.leave(BOB);
    await world.pass(60_000);
    const call = resident.call.bind(resident);
    resident.call = () => Promise.reject(new Error("the database cannot be reached"));
    await world.ends(job?.id ?? "", "leave_requested");
    resident.call = call;
    await world.join(BOB);
    await world.pass(40_000);
    expect(await world.jobs()).toHaveLength(2);
  });

  it("is the only one in its channel, also if two people start it at the same moment with two bots", async () => {
    const world = await autoWorld();
    const all = await Promise.all([
      world.command({ externalId: "discord:one" }),
      world.command({ externalId: "discord:other", botId: "500000000000000002" }),
      world.command({ externalId: "discord:third" }),
    ]);
    const refused = all.filter(({ kind }) => kind === "refused");
    expect(refused).toEqual(
      refused.map(() => ({ kind: "refused", why: `<#${CHANNEL.id}> is being recorded already.` })),
    );
    expect([refused.length, (await world.jobs()).length]).toEqual([2, 1]);
  });

  it("that asks for the role of everybody starts with anybody", async () => {
    const world = await autoWorld();
    await world.addRule({ starters: { roleIds: [GUILD_ID], userIds: [] } });
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    expect(await world.jobs()).toHaveLength(1);
  });

  it("does not start after the bot was removed from the server, although people were waiting for it", async () => {
    const world = await autoWorld();
    await world.addRule();
    for (const person of [ADA, BOB]) await world.join(person);
    await world.auto().removed(GUILD_ID);
    await world.pass(10_000);
    expect(await world.jobs()).toEqual([]);
  });

  it("is not ended while the gateway is disconnected, because nobody knows who is there", async () => {
    const world = await autoWorld();
    await world.addRule();
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    const [job] = await world.jobs();
    await world.records(job?.id ?? "");
    await world.leave(BOB);
    world.auto().online(false);
    await world.pass(300_000);
    expect(world.asked).toEqual([]);
    world.auto().online(true);
    await world.pass(0);
    expect(world.asked).toEqual([job?.id]);
  });

  it("occupies the bot: another channel waits, says for which call, and is next", async () => {
    const world = await autoWorld();
    await world.addRule({ fromPeople: 1 });
    await world.join(ADA);
    await world.pass(2_000);
    const [job] = await world.jobs();
    expect(await world.jobs()).toHaveLength(1);
    await world.records(job?.id ?? "");
    // The rule of another channel has no bot: the answer names the call that occupies it.
    await world.addRule({ target: { kind: "channel", channelId: OTHER_CHANNEL_ID }, fromPeople: 1 }, "rule_2");
    await world.join(BOB, OTHER_CHANNEL_ID);
    await world.pass(2_000);
    expect(await world.jobs()).toHaveLength(1);
    expect((await world.explain(OTHER_CHANNEL_ID))[0]).toContain(`The bot records in <#${CHANNEL.id}>`);
    // When that call is over, the other channel's begins.
    await world.leave(ADA);
    await world.pass(60_000);
    await world.ends(job?.id ?? "", "leave_requested");
    await world.pass(2_000);
    expect((await world.jobs()).map(({ channelId }) => channelId).sort()).toEqual([CHANNEL.id, OTHER_CHANNEL_ID]);
  });

  it("does not begin next to a call of a command, and does not end that one", async () => {
    const world = await autoWorld();
    await world.addRule();
    await world.join(ADA);
    await world.command();
    await world.join(BOB);
    await world.pass(10_000);
    expect(await world.jobs()).toHaveLength(1);
    expect((await world.explain())[0]).toContain("because somebody gave the command");
    for (const person of [ADA, BOB]) await world.leave(person);
    await world.pass(300_000);
    expect(world.asked).toEqual([]);
    // A repeated command starts no second call, and leaves no second panel.
    await world.command();
    expect([world.panels.length, (await world.jobs()).length]).toEqual([1, 1]);
  });

  it("does not start after the bot was removed from the server: its rules are forgotten, and its recordings stay", async () => {
    const world = await autoWorld();
    await world.addRule();
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    const [job] = await world.jobs();
    await world.records(job?.id ?? "");
    await world.store.resident.setConsent({ guildId: GUILD_ID, userId: ADA, choice: "allow", at: 1 });
    await world.auto().removed(GUILD_ID);
    await world.ends(job?.id ?? "", "removed_from_meeting");
    await world.pass(3_600_000);
    expect([await world.store.resident.rules(), await world.store.resident.consents(GUILD_ID)]).toEqual([[], []]);
    expect(await world.jobs()).toHaveLength(1);
  });

  it("of a rule that is removed is left to its worker", async () => {
    const world = await autoWorld();
    await world.addRule();
    for (const person of [ADA, BOB]) await world.join(person);
    await world.pass(2_000);
    const [job] = await world.jobs();
    await world.records(job?.id ?? "");
    await world.store.resident.removeRule("rule_1");
    await world.auto().rulesChanged(GUILD_ID);
    await world.leave(BOB);
    await world.pass(300_000);
    expect(world.asked).toEqual([]);
    expect((await world.explain())[0]).toContain("No rule records");
  });
});
