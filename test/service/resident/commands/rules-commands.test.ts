import { describe, expect, it, onTestFinished } from "vitest";
import { RULE_ROWS } from "../../../../src/service/resident/commands/rule-rows.ts";
import { rulesCommands } from "../../../../src/service/resident/commands/rules-commands.ts";
import { readGuildSettings } from "../../../../src/service/resident/domain/guild-settings.ts";
import { readRule } from "../../../../src/service/resident/domain/rules.ts";
import { openSqliteStore } from "../../../../src/service/store/sql-store.ts";
import { AT } from "../../support/job-rows.ts";
import { BOT, CHANNEL, ROLE_ID } from "../domain/situations.ts";

const GUILD_ID = "100000000000000001";
const [ADA, MANAGE_GUILD] = ["600000000000000001", 1n << 5n] as const;

type Options = Readonly<Record<string, string | number | boolean>>;

async function server() {
  const store = await openSqliteStore(":memory:");
  onTestFinished(() => store.close());
  let at = AT;
  const nextAt = (): number => {
    at += 1;
    return at;
  };
  const changed: string[] = [];
  const answers: object[] = [];
  const { commands, components } = rulesCommands({
    store: store.resident,
    auto: {
      explain: async (_guildId, channelId) => (channelId === CHANNEL.id ? ["No rule."] : undefined),
      rulesChanged: async (guildId) => void changed.push(guildId),
    },
    world: {
      guild: () => ({
        ...{
          id: GUILD_ID,
          name: "Server",
          ownerId: "1",
          afkChannelId: null,
          voice: new Map(),
          byChannel: new Map(),
          roles: new Map(),
        },
        channels: new Map([[CHANNEL.id, { id: CHANNEL.id, name: "Table", type: 2, categoryId: null, overwrites: [] }]]),
      }),
    },
    consents: {
      answer: async (_guildId, answer) => {
        answers.push(answer);
        return { calls: 1, pending: 0 };
      },
    },
    botsFor: async () => [BOT, { ...BOT, botId: "500000000000000002", name: "Recorder B", isMember: false }],
    invite: (botId) => `https://invite/${botId}`,
  });
  const place = (permissions: bigint) => ({
    ...{ interactionId: "1", guildId: GUILD_ID, channelId: CHANNEL.id, locale: "en-US", at: nextAt() },
    asker: { userId: ADA, name: "Ada", roleIds: [], permissions, voiceChannelId: null },
    channelPermissions: new Map<string, bigint>(),
  });
  return {
    ...{ changed, answers, resident: store.resident },
    use: async (name: string, options: Options = {}, permissions = MANAGE_GUILD) => {
      const answer = await commands[name]?.run({ ...place(permissions), options });
      if (answer === undefined) throw new Error(`no command ${name}`);
      return answer;
    },
    complete: async (name: string, focused: string, options: Options, permissions = MANAGE_GUILD) =>
      (await commands[name]?.complete?.({ ...place(permissions), options, focused })) ?? [],
    press: async (...parts: string[]) => {
      const [kind = ""] = parts;
      const component = components[kind];
      if (component === undefined || !("run" in component)) throw new Error(`no button ${kind}`);
      return await component.run({ ...place(0n), parts, values: [], messageId: "1" });
    },
    rules: async () => (await store.resident.rules(GUILD_ID)).map(readRule),
    settings: async () => readGuildSettings((await store.resident.guild(GUILD_ID))?.settingsJson ?? null),
  };
}

describe("/record settings", () => {
  it("adds, lists, switches and removes rules, and the automatic part learns of each change", async () => {
    const { use, rules, complete, changed } = await server();
    await use("settings set", { "time-zone": "Europe/Berlin" });
    const options = { channel: CHANNEL.id, people: 3, role: ROLE_ID, "quiet-from": "22:00", "quiet-to": "07:00" };
    const { text } = await use("settings add-rule", { ...options, title: "{channel} {date}", "wait-seconds": 120 });
    expect(text).toContain(
      `<#${CHANNEL.id}> from 3 people on, if <@&${ROLE_ID}> is there, not from 22:00 to 07:00 (Europe/Berlin), with the title "{channel} {date}". It ends when fewer than 2 people are there for 120 s.`,
    );
    await use("settings add-rule");
    expect(await rules()).toMatchObject([{ fromPeople: 3 }, { target: { kind: "server" }, fromPeople: 2 }]);
    const choices = await complete("settings remove-rule", "rule", { rule: "table" });
    expect(choices).toMatchObject([{ name: "1. #Table, from 3 people on" }]);
    // Whoever may not choose learns no names of channels.
    expect(await complete("settings remove-rule", "rule", {}, 0n)).toEqual([]);
    await use("settings switch-rule", { rule: String(choices[0]?.value), on: false });
    expect((await use("settings show")).text).toContain(`1. (off) <#${CHANNEL.id}>`);
    await use("settings remove-rule", { rule: String(choices[0]?.value) });
    expect(await rules()).toMatchObject([{ target: { kind: "server" } }]);
    expect(changed).toHaveLength(4);
  });

  it.each<[string, string, Options]>([
    ["two times of day", "settings add-rule", { "quiet-from": "22:00" }],
    ["two different times of day", "settings add-rule", { "quiet-from": "9", "quiet-to": "07:00" }],
    ["Its fields are {channel}", "settings add-rule", { title: "{chanel}" }],
    ["a channel or a category", "settings add-rule", { channel: CHANNEL.id, category: CHANNEL.categoryId }],
    ["There is no such rule", "settings remove-rule", { rule: "rule_0" }],
    ["no such time zone", "settings set", { "time-zone": "Europe/Atlantis" }],
    ["Choose what to change", "settings set", {}],
  ])("refuses and says: %s", async (part, name, options) => {
    const { use, rules } = await server();
    const expected = part === "two times of day" ? "need both times" : part;
    await expect(use(name, options)).rejects.toThrow(expected);
    expect(await rules()).toEqual([]);
  });

  it("is changed only by those who may, and a role can be one of them", async () => {
    const { use, settings } = await server();
    for (const name of [
      "settings add-rule",
      "settings set",
      "settings roles",
      "settings remove-rule",
      "settings switch-rule",
    ]) {
      await expect(use(name, {}, 0n)).rejects.toThrow("You may not change how this server is recorded");
    }
    await use("settings roles", { may: "stop", role: ROLE_ID });
    expect((await settings()).roles.stop).toEqual([ROLE_ID]);
    expect((await use("settings show", {}, 0n)).text).toContain(`They are stopped by: <@&${ROLE_ID}>`);
    await use("settings roles", { may: "stop", role: ROLE_ID, remove: true });
    expect((await settings()).roles.stop).toEqual([]);
  });

  it("sets consent, language and the channel for links, and says what was deleted", async () => {
    const { use, settings, complete } = await server();
    await use("settings set", { consent: "opt-in", language: "de", announce: "299999999999999999" });
    expect(await settings()).toMatchObject({
      consent: "opt-in",
      language: "de",
      announceChannelId: "299999999999999999",
    });
    const { text } = await use("settings show");
    expect(text).toContain("Only those who press Allow are recorded.");
    expect(text).toContain("That channel was deleted");
    expect(text).toContain("Bots that can record here at the same time: Recorder.");
    expect(text).toContain("Recorder B is not a member of this server. Add it: https://invite/500000000000000002");
    await use("settings set", { "announce-in-call": true });
    expect((await settings()).announceChannelId).toBeNull();
    expect(await complete("settings set", "time-zone", { "time-zone": "berl" })).toEqual([
      { name: "Europe/Berlin", value: "Europe/Berlin" },
    ]);
  });

  it("fits into one message with as many rules as there can be", async () => {
    const { use } = await server();
    for (let number = 0; number < 50; number += 1) await use("settings add-rule", { title: "x".repeat(100) });
    await expect(use("settings add-rule")).rejects.toThrow("50 rules already");
    const { text } = await use("settings show");
    expect(text.length).toBeLessThanOrEqual(2_000);
    expect(text).toMatch(/and \d+ more lines\.$/);
  });
});

describe("/record consent", () => {
  it("says what applies, takes an answer, and passes it on to calls that run", async () => {
    const { use, press, answers, resident } = await server();
    expect((await use("consent", {}, 0n)).text).toContain("everybody is recorded who has not refused");
    const refused = await press("consent", "decline");
    expect(refused?.text).toContain("You are not recorded in this server");
    expect(refused?.text).toContain("It counts for the recordings that run now, too.");
    expect(answers).toEqual([{ userId: ADA, name: "Ada", choice: "decline", at: AT + 2 }]);
    expect(await resident.consents(GUILD_ID)).toMatchObject([{ userId: ADA, choice: "decline" }]);
    expect((await use("consent", {}, 0n)).rows?.[0]).toMatchObject([
      { id: "record:consent:allow", disabled: false },
      { id: "record:consent:decline", disabled: true },
      { id: "record:consent:forget" },
    ]);
    await press("consent", "forget");
    expect(await resident.consents(GUILD_ID)).toEqual([]);
    expect(await press("consent", "other")).toBeUndefined();
  });
});

describe("/record why", () => {
  it("answers, or says that the bot cannot see the channel", async () => {
    const { use } = await server();
    expect(await use("why", { channel: CHANNEL.id }, 0n)).toEqual({ text: "No rule." });
    await expect(use("why", { channel: "299999999999999999" }, 0n)).rejects.toThrow("View Channel");
  });
});

describe("the rows of these commands", () => {
  it("are as Discord accepts them, in each language", () => {
    const rows = RULE_ROWS.flatMap((row) => [row, ...("commands" in row ? row.commands : [])]);
    const options = rows.flatMap((row) => ("options" in row ? row.options : []));
    for (const { name, description } of [...rows, ...options]) {
      for (const each of Object.values(name)) expect(each).toMatch(/^[-_'\p{L}\p{N}]{1,32}$/u);
      for (const each of Object.values(name)) expect(each).toBe(each.toLowerCase());
      for (const each of Object.values(description)) expect([...each].length, each).toBeLessThanOrEqual(100);
    }
    for (const { choices = [] } of options) {
      for (const { name } of choices)
        for (const each of Object.values(name)) expect(each.length).toBeLessThanOrEqual(100);
    }
  });
});
