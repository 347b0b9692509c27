import { describe, expect, it } from "vitest";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { GUILD_ID, person, toneCall } from "../../support/tone-call.ts";

const ALICE = person(1, "alice");
const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 0 }]);

async function request(loopback: Loopback, method: string, path: string, body?: unknown) {
  const response = await fetch(`${loopback.restUrl}/v10/applications/${loopback.botUserId}${path}`, {
    method,
    headers: {
      authorization: `Bot ${loopback.token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

const ping = { name: "ping", description: "Says pong" };
const option = { type: 3, name: "text", description: "A text" };

describe("commands", () => {
  it("are made, listed, changed, replaced and removed, for all guilds and for one", async () => {
    const loopback = await testLoopback({ fixture });
    const made = await request(loopback, "POST", "/commands", { ...ping, name_localizations: { de: "anfrage" } });
    expect(made).toMatchObject({ status: 201, body: { ...ping, application_id: loopback.botUserId, type: 1 } });
    const { id, version } = made.body;
    expect((await request(loopback, "POST", "/commands", ping)).status).toBe(200);
    const changed = await request(loopback, "PATCH", `/commands/${id}`, { description: "Answers" });
    expect(changed.body).toMatchObject({ id, name: "ping", description: "Answers" });
    expect(changed.body.version).not.toBe(version);

    const ofGuild = `/guilds/${GUILD_ID}/commands`;
    const replaced = await request(loopback, "PUT", ofGuild, [ping, { type: 3, name: "Read aloud" }]);
    expect(replaced.body).toMatchObject([{ guild_id: GUILD_ID }, { type: 3, name: "Read aloud" }]);
    expect((await request(loopback, "GET", "/commands")).body).toHaveLength(1);
    expect((await request(loopback, "PUT", ofGuild, [])).body).toEqual([]);
    expect((await request(loopback, "DELETE", `/commands/${id}`)).status).toBe(204);
    expect(await request(loopback, "GET", `/commands/${id}`)).toMatchObject({ status: 404, body: { code: 10063 } });
  });

  it("are listed with their translations only on request", async () => {
    const loopback = await testLoopback({ fixture });
    await request(loopback, "POST", "/commands", { ...ping, name_localizations: { de: "anfrage" } });
    expect((await request(loopback, "GET", "/commands")).body[0]).not.toHaveProperty("name_localizations");
    const [full] = (await request(loopback, "GET", "/commands?with_localizations=true")).body;
    expect(full.name_localizations).toEqual({ de: "anfrage" });
  });

  it.each([
    ["a name in capitals", { ...ping, name: "Ping" }],
    ["a name with a space", { ...ping, name: "my ping" }],
    ["a long name", { ...ping, name: "p".repeat(33) }],
    ["no description", { name: "ping" }],
    ["a long description", { ...ping, description: "x".repeat(101) }],
    ["a translation into an unknown language", { ...ping, name_localizations: { pt: "ping" } }],
    ["a translated name in capitals", { ...ping, name_localizations: { de: "Ping" } }],
    ["26 options", { ...ping, options: Array.from({ length: 26 }, (_, index) => ({ ...option, name: `o${index}` })) }],
    ["two options of one name", { ...ping, options: [option, option] }],
    [
      "a required option after an optional one",
      { ...ping, options: [option, { ...option, name: "b", required: true }] },
    ],
    ["an option of no type", { ...ping, options: [{ ...option, type: 12 }] }],
    ["a sub-command next to an option", { ...ping, options: [option, { ...option, type: 1, name: "sub" }] }],
    [
      "choices of an option that has none",
      { ...ping, options: [{ ...option, type: 5, choices: [{ name: "a", value: "a" }] }] },
    ],
    [
      "choices and autocomplete",
      { ...ping, options: [{ ...option, autocomplete: true, choices: [{ name: "a", value: "a" }] }] },
    ],
    ["wrong permissions", { ...ping, default_member_permissions: "Manage Server" }],
    [
      "more than 8,000 characters",
      {
        ...ping,
        options: Array.from({ length: 25 }, (_, index) => ({
          ...option,
          name: `o${index}`,
          choices: Array.from({ length: 25 }, (_each, value) => ({ name: "x".repeat(20), value: String(value) })),
        })),
      },
    ],
  ])("with %s are refused", async (_, wrong) => {
    const loopback = await testLoopback({ fixture });
    const refused = await request(loopback, "POST", "/commands", wrong);
    expect(refused).toMatchObject({ status: 400, body: { code: 50035, errors: expect.any(Object) } });
  });

  it("are at most 100, have different names, and are nobody else's", async () => {
    const loopback = await testLoopback({ fixture });
    const hundred = Array.from({ length: 100 }, (_, index) => ({ ...ping, name: `p${index}` }));
    expect((await request(loopback, "PUT", "/commands", [...hundred, ping])).body).toMatchObject({ code: 30032 });
    expect((await request(loopback, "PUT", "/commands", [ping, ping])).body).toMatchObject({ code: 50035 });
    expect((await request(loopback, "PUT", "/commands", hundred)).status).toBe(200);
    expect((await request(loopback, "POST", "/commands", ping)).body).toMatchObject({ code: 30032 });
    expect((await request(loopback, "GET", "/../1/commands")).body).toMatchObject({ code: 20012 });
    expect((await request(loopback, "GET", "/guilds/1/commands")).body).toMatchObject({ code: 50001 });
  });
});

describe("a person", () => {
  it("is offered a command by their permissions, and an option only as it was registered", async () => {
    const loopback = await testLoopback({ fixture });
    const count = { type: 4, name: "count", description: "How many", required: true, max_value: 5 };
    const manageGuild = (1 << 5).toString();
    await request(loopback, "PUT", "/commands", [
      { ...ping, options: [count] },
      { ...ping, name: "rules", default_member_permissions: manageGuild },
    ]);
    const alice = loopback.person(ALICE.id);
    for (const wrong of [{}, { count: 6 }, { count: 1.5 }, { count: "1" }, { count: 1, other: 1 }]) {
      await expect(alice.use("ping", wrong)).rejects.toThrow("option");
    }
    await expect(alice.use("pong")).rejects.toThrow("no command pong");
    await expect(alice.use("rules")).rejects.toThrow("not offered");
    alice.giveRole(loopback.addRole("Moderator", ["manageGuild"]));
    // No bot is there, so nobody answers.
    expect(await alice.use("rules")).toMatchObject({ kind: "failed" });
  });
});
