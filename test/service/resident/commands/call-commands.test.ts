import { describe, expect, it } from "vitest";
import type { JobRow } from "../../../../src/service/domain/job-row.ts";
import type { CallRow, CallWithJob } from "../../../../src/service/ports/resident.ts";
import { controlCommands } from "../../../../src/service/resident/commands/control-call.ts";
import { listCommands } from "../../../../src/service/resident/commands/list.ts";
import type { Asker, CommandRequest } from "../../../../src/service/resident/commands/request.ts";
import { startCommand } from "../../../../src/service/resident/commands/start.ts";
import type { PoolBot } from "../../../../src/service/resident/domain/pool-choice.ts";
import { JobActions } from "../../../../src/service/resident/job-actions.ts";
import type { CallStart } from "../../../../src/service/resident/start-call.ts";
import { jobRow } from "../../support/job-rows.ts";

const [GUILD, ROOM, HALL] = ["1", "20", "21"];
const MANAGER = 1n << 5n;

function callIn(channelId: string, job: Partial<JobRow> = {}, startedBy = "900"): CallWithJob {
  const row: JobRow = { ...jobRow(), id: `job_${channelId}`, status: "recording", worker: "{}", ...job };
  const call: CallRow = {
    ...{ jobId: row.id, guildId: GUILD, voiceChannelId: channelId, panelChannelId: channelId, panelMessageId: "3" },
    ...{ panelEndedAt: null, startedBy, title: null, createdAt: 0 },
    ...{ origin: "command", ruleId: null },
  };
  return { call, job: row };
}

function request(asker: Partial<Asker> = {}, options: CommandRequest["options"] = {}): CommandRequest {
  return {
    ...{ interactionId: "77", guildId: GUILD, channelId: "5", locale: "en-US", at: 0, options },
    asker: { userId: "9", name: "Al", roleIds: [], permissions: 0n, voiceChannelId: ROOM, ...asker },
    channelPermissions: new Map(),
  };
}

function storeOf(calls: readonly CallWithJob[]) {
  return {
    resident: {
      openCalls: async () => calls,
      guild: async () => undefined,
      call: async (jobId: string) => calls.find(({ job }) => job.id === jobId),
      calls: async () => ({ items: calls, next: null }),
    },
  };
}

/** The control commands on these calls, with what was sent to workers. */
function control(calls: readonly CallWithJob[], answer: () => number = () => 200) {
  const sent: string[] = [];
  const actions = new JobActions({
    work: {
      end: async (jobId) => {
        sent.push(`leave ${jobId}`);
        return { kind: "refused", job: jobRow() };
      },
    },
    control: {
      send: async (job, { path, body, idempotencyKey }) => {
        sent.push(`${path} ${job.id} ${idempotencyKey} ${JSON.stringify(body ?? null)}`);
        const text = JSON.stringify({ offsetMs: 65_000, message: "the worker's words" });
        return { status: answer(), contentType: null, body: Buffer.from(text) };
      },
    },
  });
  const { commands } = controlCommands({ store: storeOf(calls), actions });
  const run = async (name: string, given: CommandRequest) => {
    const handler = commands[name];
    if (handler === undefined) throw new Error(`no ${name}`);
    return await handler.run(given).then(
      ({ text }) => text,
      (error: Error) => error.message,
    );
  };
  return { run, sent };
}

describe("which call is meant", () => {
  it.each([
    ["none is recorded", [], request(), "Nothing is being recorded in this server."],
    [
      "nothing in the named channel",
      [callIn(HALL)],
      request({}, { channel: ROOM }),
      `Nothing is being recorded in <#${ROOM}>.`,
    ],
    [
      "two, and the asker in neither",
      [callIn(ROOM), callIn(HALL)],
      request({ voiceChannelId: null }),
      `This server has recordings in <#${ROOM}>, <#${HALL}>. Name one of them with the option \`channel\`.`,
    ],
  ])("is said if %s", async (_, calls, given, sentence) => {
    expect(await control(calls).run("pause", given)).toBe(sentence);
  });

  it("is the asker's, the named one, or the only one", async () => {
    const { run, sent } = control([callIn(ROOM), callIn(HALL)]);
    await run("pause", request());
    await run("pause", request({ permissions: MANAGER }, { channel: HALL }));
    const only = control([callIn(HALL)]);
    await only.run("pause", request({ voiceChannelId: null, permissions: MANAGER }));
    expect([...sent, ...only.sent]).toEqual(
      [ROOM, HALL, HALL].map((channel) => `/pause-recording job_${channel} 77 null`),
    );
  });
});

describe("who may not", () => {
  it("learns who may, and nothing is sent", async () => {
    const { run, sent } = control([callIn(ROOM)]);
    for (const verb of ["stop", "pause", "resume", "note"]) {
      expect(await run(verb, request({ voiceChannelId: HALL }, { text: "x" }))).toMatch(
        /^You may not stop, pause or resume/,
      );
    }
    expect(sent).toEqual([]);
  });
});

describe("a state that does not allow it", () => {
  it.each([
    ["pause", { paused: true }, /is paused already/],
    ["resume", {}, /is not paused/],
    ["note", { paused: true }, /is paused\. Resume it first/],
    ["pause", { status: "joining" }, /does not record in .* yet/],
    ["pause", { ending: "leave" }, /is ending/],
    ["stop", { status: "finalizing" }, /is ending already/],
  ] as const)("%s: %j", async (verb, job, sentence) => {
    const { run, sent } = control([callIn(ROOM, job)]);
    expect(await run(verb, request({}, { text: "x" }))).toMatch(sentence);
    expect(sent).toEqual([]);
  });
});

describe("a note", () => {
  it("is written with its author and the moment, once for an interaction", async () => {
    const { run, sent } = control([callIn(ROOM)]);
    expect(await run("note", request({}, { text: " Agreed " }))).toBe(`Noted at 1:05 in the recording of <#${ROOM}>.`);
    expect(sent).toEqual([`/note job_${ROOM} 77 {"text":"Agreed","author":"Al"}`]);
  });

  it("that the worker refuses is answered with the worker's words, and an odd answer with what to do", async () => {
    expect(await control([callIn(ROOM)], () => 409).run("note", request({}, { text: "x" }))).toContain(
      "the worker's words",
    );
    expect(await control([callIn(ROOM)], () => 401).run("note", request({}, { text: "x" }))).toContain(
      "continues, but",
    );
  });
});

describe("/record start", () => {
  const free: PoolBot = {
    botId: "900",
    name: "recorder",
    isMember: true,
    missing: [],
    missingToPost: [],
    voiceChannelId: null,
  };

  async function start(given: CommandRequest, bot: Partial<PoolBot> = {}, calls: readonly CallWithJob[] = []) {
    const starts: CallStart[] = [];
    const job = { ...jobRow(), status: "recording" as const };
    const handler = startCommand({
      ...{ store: storeOf(calls), patienceMs: 50, invite: (id) => `https://example.org/${id}` },
      jobs: { job: async () => job, onJobChange: () => () => undefined },
      botsFor: async () => [{ ...free, ...bot }],
      startCall: async (call) => {
        starts.push(call);
        return { kind: "started", job, isNew: true };
      },
    });
    const text = await handler.run(given).then(
      (answer) => answer.text,
      (error: Error) => error.message,
    );
    return { text, starts };
  }

  it("records the asker's channel, or a named one, once for an interaction", async () => {
    const { text, starts } = await start(request({}, { title: " Weekly " }));
    expect(text).toContain(`The bot records <#${ROOM}>.`);
    expect(starts).toMatchObject([
      { voiceChannelId: ROOM, startedBy: "9", title: "Weekly", botId: "900", externalId: `discord:${GUILD}:77` },
    ]);
    const strange = await start(request({}, { title: " **A**\n\n# B " }));
    expect(strange.starts).toMatchObject([{ title: "**A** # B" }]);
    const named = await start(request({ permissions: MANAGER }, { channel: HALL }));
    expect(named.starts).toMatchObject([{ voiceChannelId: HALL, title: null }]);
  });

  it("says that nobody is informed if the bot may not write in the channel", async () => {
    const { text } = await start(request(), { missingToPost: ["Send Messages"] });
    expect(text).toBe(
      "The bot records <#20>.\n⚠️ recorder lacks the permission Send Messages in <#20>, so people there get neither panel nor notice.",
    );
  });

  it.each([
    ["in no voice channel", request({ voiceChannelId: null }), {}, /You are in no voice channel/],
    ["without a right to it", request({}, { channel: HALL }), {}, /^You may not start/],
    ["for a bot without a permission", request(), { missing: ["Connect"] }, /lacks the permission Connect in <#20>/],
    ["for a bot that is not a member", request(), { isMember: false }, /https:\/\/example\.org\/900/],
  ])("%s is answered with the reason", async (_, given, bot, reason) => {
    const { text, starts } = await start(given, bot);
    expect(text).toMatch(reason);
    expect(starts).toEqual([]);
  });

  it("names the call that occupies the bot", async () => {
    const { text } = await start(request(), {}, [callIn(HALL, { botId: "900" })]);
    expect(text).toMatch(/^The bot records in <#21>\./);
  });
});

describe("/record list", () => {
  const kept = { status: "completed", manifestUri: "file:///manifest.json", durationSeconds: 65 } as const;
  const links = {
    make: async ({ jobId, madeFor, mayDelete }: { jobId: string; madeFor: string; mayDelete: boolean }) => ({
      url: `https://example.org/s/${jobId} ${madeFor} ${mayDelete}`,
      expiresAt: 1_000,
    }),
    revokeAll: async () => 2,
  };

  it("has the asker's own recordings with links for them, and a button to revoke", async () => {
    const titled = callIn(ROOM, kept, "9");
    const named = { ...titled, call: { ...titled.call, title: "[Prize](https://example.org) @everyone" } };
    const calls = [named, callIn(HALL, kept), callIn("22", { ...kept, deletedAt: 1 }, "9")];
    const { commands } = listCommands({ store: storeOf(calls), links });
    const answer = await commands.list?.run(request());
    expect(answer?.text).toContain(`job_${ROOM} user:9 true`);
    expect(answer?.text).not.toContain(`job_${HALL}`);
    expect(answer?.rows).toMatchObject([[{ id: `record:revoke:job_${ROOM}` }]]);
    expect(answer?.text).toContain("“\\[Prize\\]\\(https\\://example.org\\) \\@everyone” in <#20>");
    const all = await commands.list?.run(request({ permissions: MANAGER }));
    expect(all?.rows?.[0]).toHaveLength(2);
  });

  it.each([
    ["open", "9", /user:9 true/],
    ["open", "8", /^You may not get this recording/],
    ["revoke", "8", /^You may not get this recording/],
    ["revoke", "9", /2 links were revoked/],
  ])("%s pressed by %s", async (button, userId, text) => {
    const { components } = listCommands({ store: storeOf([callIn(ROOM, kept, "9")]), links });
    const handler = components[button];
    if (handler === undefined || "opens" in handler) throw new Error(`no ${button}`);
    const { asker, ...place } = request({ userId, voiceChannelId: null });
    const pressed = { ...place, asker, parts: [button, `job_${ROOM}`], values: [], messageId: "3" };
    const said = await handler.run(pressed).then(
      (answer) => answer?.text,
      (error: Error) => error.message,
    );
    expect(said).toMatch(text);
  });
});
