import { describe, expect, it } from "vitest";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

/** An object, or a list of them: each test knows which. */
type Body = Readonly<Record<string, unknown>> & readonly Readonly<Record<string, unknown>>[];

async function call(
  loopback: Loopback,
  path: string,
  init: { readonly authorization?: string | undefined; readonly body?: unknown } = {},
): Promise<{ readonly status: number; readonly body: Body }> {
  const authorization = "authorization" in init ? init.authorization : `Bot ${loopback.token}`;
  const response = await fetch(`${loopback.restUrl}/v10${path}`, {
    ...(init.body === undefined ? {} : { method: "POST", body: JSON.stringify(init.body) }),
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(init.body === undefined ? {} : { "content-type": "application/json" }),
    },
  });
  expect(response.headers.get("content-type")).toBe("application/json");
  return { status: response.status, body: (await response.json()) as Body };
}

describe("authorization", () => {
  const refused = { status: 401, body: { message: "401: Unauthorized", code: 0 } };

  it.each([
    ["none", undefined],
    ["a wrong token", "Bot nonsense"],
    ["an empty token", "Bot "],
    ["another scheme", "Bearer TOKEN"],
  ])("with %s gets Discord's 401 on every route", async (_name, authorization) => {
    const loopback = await testLoopback();
    expect(await call(loopback, "/users/@me", { authorization })).toEqual(refused);
    expect(await call(loopback, "/no/such/route", { authorization })).toEqual(refused);
  });

  it("with the bare token, without Bot before it, is refused", async () => {
    const loopback = await testLoopback();
    expect(await call(loopback, "/users/@me", { authorization: loopback.token })).toEqual(refused);
  });

  it("needs a new token at each start", async () => {
    const [first, second] = [await testLoopback(), await testLoopback()];
    expect(first.token).toMatch(/^[\w-]{24,}\.[\w-]{6}\.[\w-]{38}$/);
    expect(second.token).not.toBe(first.token);
  });
});

describe("a bot's request", () => {
  it("is answered: gateway, self, application, guild, channels, members", async () => {
    const loopback = await testLoopback();
    const answers = await Promise.all(
      [
        "/gateway/bot",
        "/users/@me",
        "/applications/@me",
        `/guilds/${GUILD_ID}`,
        `/guilds/${GUILD_ID}/channels`,
        `/guilds/${GUILD_ID}/roles`,
        `/guilds/${GUILD_ID}/members/${loopback.botUserId}`,
        `/channels/${CHANNEL_ID}`,
        `/users/${loopback.botUserId}`,
      ].map((path) => call(loopback, path)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const [gateway, self, , guild, channels, roles, , channel] = answers.map(({ body }) => body);
    expect(gateway).toMatchObject({ url: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/), shards: 1 });
    expect(self).toMatchObject({ id: loopback.botUserId, bot: true });
    expect(guild).toMatchObject({ id: GUILD_ID, name: "Loopback" });
    expect(channels).toHaveLength(3);
    expect(roles).toMatchObject([{ id: GUILD_ID, name: "@everyone" }]);
    expect(channel).toMatchObject({ id: CHANNEL_ID, type: 2, bitrate: 64_000 });
  });

  it.each([
    [`/channels/${person(1).id}`, 10003],
    [`/channels/${person(1).id}/messages`, 10003],
    [`/channels/${TEXT_CHANNEL_ID}/messages/${person(1).id}`, 10008],
    [`/guilds/${person(1).id}`, 10004],
    [`/guilds/${person(1).id}/members/@me`, 10004],
    [`/guilds/${GUILD_ID}/members/${person(1).id}`, 10007],
    [`/guilds/${GUILD_ID}/voice-states/@me`, 10065],
    [`/users/${person(1).id}`, 10013],
    ["/no/such/route", 0],
  ])("and is not there, %s, gets 404 with code %i", async (path, code) => {
    const loopback = await testLoopback();
    expect(await call(loopback, path)).toMatchObject({ status: 404, body: { code, message: expect.any(String) } });
  });
});

describe("messages", () => {
  const messages = `/channels/${TEXT_CHANNEL_ID}/messages`;
  const contents = ({ body }: { readonly body: readonly Record<string, unknown>[] }) => body.map((it) => it.content);

  it("that a bot posts are read newest first, page by page", async () => {
    const loopback = await testLoopback();
    const ids: unknown[] = [];
    for (const content of ["one", "two", "three", "four"]) {
      ids.push((await call(loopback, messages, { body: { content } })).body.id);
    }
    expect(contents(await call(loopback, messages))).toEqual(["four", "three", "two", "one"]);
    expect(contents(await call(loopback, `${messages}?limit=2`))).toEqual(["four", "three"]);
    expect(contents(await call(loopback, `${messages}?before=${ids[2]}`))).toEqual(["two", "one"]);
    expect(contents(await call(loopback, `${messages}?limit=2&after=${ids[0]}`))).toEqual(["three", "two"]);
    expect((await call(loopback, `${messages}/${ids[1]}`)).body).toMatchObject({
      content: "two",
      author: { id: loopback.botUserId },
    });
  });

  it("that are replies show which message they answer", async () => {
    const loopback = await testLoopback();
    const { body: first } = await call(loopback, messages, { body: { content: "question" } });
    const reply = { content: "answer", message_reference: { message_id: first.id } };
    expect((await call(loopback, messages, { body: reply })).body).toMatchObject({
      type: 19,
      message_reference: { message_id: first.id, channel_id: TEXT_CHANNEL_ID, guild_id: GUILD_ID },
      referenced_message: { id: first.id, content: "question" },
    });
  });

  it.each([
    [{}, 50006],
    [{ content: "" }, 50006],
    [{ content: "x".repeat(2_001) }, 50035],
  ])("in another format are refused", async (body, code) => {
    const loopback = await testLoopback();
    expect(await call(loopback, messages, { body })).toMatchObject({ status: 400, body: { code } });
    expect(await call(loopback, `${messages}?limit=101`)).toMatchObject({ status: 400, body: { code: 50035 } });
  });

  it("of others are empty for a bot without the Message Content intent", async () => {
    for (const allowMessageContent of [true, false]) {
      const loopback = await testLoopback({ allowMessageContent });
      const other = { authorization: `Bot ${loopback.addBot("other").token}` };
      await call(loopback, messages, { body: { content: "theirs" }, ...other });
      await call(loopback, messages, { body: { content: "mine" } });
      expect(contents(await call(loopback, messages))).toEqual(["mine", allowMessageContent ? "theirs" : ""]);
      expect((await call(loopback, "/applications/@me")).body.flags).toBe(allowMessageContent ? 1 << 19 : 0);
    }
  });
});

describe("direct messages", () => {
  it("reach one person, unless they take none", async () => {
    const alice = person(1, "alice");
    const loopback = await testLoopback({ fixture: toneCall([{ user: alice, speaksFromMs: 0, packetCount: 0 }]) });
    const opened = await call(loopback, "/users/@me/channels", { body: { recipient_id: alice.id } });
    expect(opened.body).toMatchObject({ type: 1, recipients: [{ id: alice.id }] });
    const path = `/channels/${opened.body.id}/messages`;
    expect((await call(loopback, path, { body: { content: "It is over" } })).status).toBe(200);
    expect(loopback.person(alice.id).seesDirect()).toMatchObject([{ content: "It is over" }]);
    expect(loopback.addPerson("bob").sees(String(opened.body.id))).toEqual([]);
    loopback.person(alice.id).refuseDirectMessages();
    const refused = await call(loopback, path, { body: { content: "Again" } });
    expect(refused).toMatchObject({ status: 403, body: { code: 50007 } });
    const unknown = await call(loopback, "/users/@me/channels", { body: { recipient_id: "1" } });
    expect(unknown.body).toMatchObject({ code: 50033 });
  });
});
