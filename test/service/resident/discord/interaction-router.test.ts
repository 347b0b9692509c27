import type { APIInteraction } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../../src/errors.ts";
import type { CommandRequest, Handlers } from "../../../../src/service/resident/commands/request.ts";
import { InteractionRouter } from "../../../../src/service/resident/discord/interaction-router.ts";
import { silentLog } from "../../../support/silent-log.ts";

const [GUILD, CHANNEL, USER] = ["11", "22", "33"];

/** `/record WORDS` as Discord sends it. */
function command(words: readonly string[], options: readonly object[] = []): APIInteraction {
  const nested = words
    .toReversed()
    .reduce<readonly object[]>((inner, name) => [{ name, type: 1, options: inner }], options);
  return {
    ...{ id: "1", token: "secret", application_id: "9", type: 2, guild_id: GUILD, channel_id: CHANNEL, locale: "de" },
    channel: { id: CHANNEL },
    member: { user: { id: USER, username: "alice", global_name: null }, nick: "Al", roles: ["r"], permissions: "32" },
    data: {
      ...{ id: "5", name: "record", type: 1, options: nested },
      resolved: { channels: { 44: { id: "44", permissions: "1024" } } },
    },
  } as unknown as APIInteraction;
}

function component(customId: string, type = 3): APIInteraction {
  const { data: _data, ...rest } = command([]) as unknown as Record<string, unknown>;
  const data = type === 3 ? { custom_id: customId, component_type: 2 } : { custom_id: customId, components: [FIELD] };
  return { ...rest, type, message: { id: "77" }, data } as unknown as APIInteraction;
}
const FIELD = { type: 1, components: [{ type: 4, custom_id: "text", value: "Agreed" }] };

async function handle(
  interaction: APIInteraction,
  handlers: Partial<Handlers>,
  { refusesFirst = false, unknownFor = 0 }: { readonly refusesFirst?: boolean; readonly unknownFor?: number } = {},
) {
  let looks = 0;
  const sent: { readonly method: string; readonly path: string; readonly body: unknown }[] = [];
  const note =
    (method: string) =>
    async (path: string, options: { readonly body?: unknown } = {}) => {
      sent.push({ method, path, body: options.body });
      if (refusesFirst) throw Object.assign(new Error("Unknown interaction"), { status: 404, code: 10062 });
    };
  const router = new InteractionRouter({
    rest: { post: note("post"), patch: note("patch"), delete: note("delete") },
    handlers: { commands: {}, components: {}, modals: {}, ...handlers },
    world: { voiceChannelOf: () => "44", guild: () => (looks++ < unknownFor ? undefined : {}) },
    invite: () => "https://example.org/invite",
    knownWithinMs: 1_000,
    log: silentLog,
    now: () => 1_000,
  });
  router.handle(interaction);
  await router.idle();
  return sent;
}

describe("a command", () => {
  it("is acknowledged for its asker before it runs, and then answered", async () => {
    const requests: CommandRequest[] = [];
    const run = async (request: CommandRequest) => {
      requests.push(request);
      return { text: "It records." };
    };
    const given = command(["start"], [{ name: "channel", type: 7, value: "44" }]);
    const sent = await handle(given, { commands: { start: { run } } });
    expect(sent).toMatchObject([
      { method: "post", path: "/interactions/1/secret/callback", body: { type: 5, data: { flags: 64 } } },
      { method: "patch", path: "/webhooks/9/secret/messages/%40original", body: { content: "It records." } },
    ]);
    expect(requests).toMatchObject([
      {
        ...{ interactionId: "1", guildId: GUILD, channelId: CHANNEL, locale: "de", at: 1_000 },
        asker: { userId: USER, name: "Al", roleIds: [GUILD, "r"], permissions: 32n, voiceChannelId: "44" },
        options: { channel: "44" },
        channelPermissions: new Map([["44", 1_024n]]),
      },
    ]);
  });

  it("does nothing if Discord refuses the acknowledgement: the person saw an error, or another process answered", async () => {
    let runs = 0;
    const run = async () => ({ text: String(++runs) });
    expect(await handle(command(["start"]), { commands: { start: { run } } }, { refusesFirst: true })).toHaveLength(1);
    expect(runs).toBe(0);
  });

  it("answers with an error for people as it is, and with any other one in general words", async () => {
    const failing = (error: Error) => ({ commands: { stop: { run: () => Promise.reject(error) } } });
    const said = async (error: Error) => (await handle(command(["stop"]), failing(error))).at(-1)?.body;
    expect(await said(new InputError("Nothing is being recorded."))).toMatchObject({
      content: "Nothing is being recorded.",
    });
    expect(await said(new TypeError("secret of the inside"))).toMatchObject({
      content: expect.not.stringContaining("secret"),
    });
  });

  it("waits for the state of its server after a start, and says what to do if it does not come", async () => {
    const run = async () => ({ text: "It records." });
    const handlers = { commands: { start: { run } } };
    expect((await handle(command(["start"]), handlers, { unknownFor: 3 })).at(-1)?.body).toMatchObject({
      content: "It records.",
    });
    const answered = await handle(command(["start"]), handlers, { unknownFor: Number.POSITIVE_INFINITY });
    expect(answered.at(-1)?.body).toMatchObject({ content: expect.stringContaining("https://example.org/invite") });
  });

  it("that this version does not have is answered at once", async () => {
    expect(await handle(command(["dance"]), {})).toMatchObject([{ body: { type: 4, data: { flags: 64 } } }]);
  });

  it("in a direct message is answered with where it works", async () => {
    const { guild_id: _guild, member: _member, ...rest } = command(["start"]) as unknown as Record<string, unknown>;
    const sent = await handle(rest as unknown as APIInteraction, {});
    expect(sent).toMatchObject([{ body: { data: { content: expect.stringContaining("servers") } } }]);
  });
});

describe("a button", () => {
  it("of ours is acknowledged without a change, and its answer goes to the presser only", async () => {
    const run = async () => ({ text: "You may not." });
    expect(await handle(component("record:stop:job_1"), { components: { stop: { run } } })).toMatchObject([
      { body: { type: 6 } },
      { path: "/webhooks/9/secret", body: { content: "You may not.", flags: 68 } },
    ]);
  });

  it("may open a modal, which is answered to its sender", async () => {
    const modal = { id: "record:note:job_1", title: "Note", fields: [] };
    expect(
      await handle(component("record:note:job_1"), { components: { note: { opens: () => modal } } }),
    ).toMatchObject([{ body: { type: 9, data: { custom_id: "record:note:job_1" } } }]);
    const sent = await handle(component("record:note:job_1", 5), {
      modals: { note: async ({ parts, fields }) => ({ text: `${parts[1]}: ${fields.text}` }) },
    });
    expect(sent).toMatchObject([{ body: { type: 5 } }, { method: "patch", body: { content: "job_1: Agreed" } }]);
  });

  it("of the worker of the same bot is left to it", async () => {
    expect(await handle(component("allow:job_1"), {})).toEqual([]);
  });
});
