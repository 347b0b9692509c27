import { describe, expect, it } from "vitest";
import { serviceDocument } from "../../../src/service/api/api-document.ts";
import { LIVE_JOB, serviceApi, TOKEN } from "../../support/service-api.ts";

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

interface Body {
  readonly content: { readonly "application/json": { readonly schema: Schema } };
}

const { paths } = (await serviceDocument()) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody: Body }>>>>;
};

function schemaOf(path: string, method: string): Schema {
  const schema = paths[path]?.[method]?.requestBody.content["application/json"].schema;
  if (schema === undefined) throw new Error(`${method} ${path} takes no body`);
  return schema;
}

/** Every field of a body, with values that the document forbids. */
function wrongValues(schema: Schema, path: readonly string[] = []): (readonly [readonly string[], unknown])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = [...path, name];
    const own = forbidden(field).map((value) => [at, value] as const);
    return [...own, ...wrongValues(field, at)];
  });
}

const NONSENSE = "\u0007 nonsense";

function takes({ pattern }: Schema, text: string): boolean {
  return pattern === undefined || new RegExp(pattern, "u").test(text);
}

function forbidden(field: Schema): unknown[] {
  const { type, anyOf, minimum, maximum, maxLength } = field;
  if (anyOf !== undefined) return [{}, NONSENSE];
  if (type === "integer") {
    return [
      ...["many", 1.5, true, null],
      ...(minimum === undefined ? [] : [minimum - 1]),
      ...(maximum === undefined ? [] : [maximum + 1]),
    ];
  }
  if (type === "boolean") return ["maybe", 1, null];
  if (type === "object") return [7, "text", [], null];
  return [
    ...[42, {}, null, ""],
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
    ...(field.enum === undefined && takes(field, NONSENSE) ? [] : [NONSENSE]),
  ];
}

function bodyWith(path: readonly string[], value: unknown): object {
  const [first = "", ...rest] = path;
  const base = first === "discord" && rest.length > 0 ? LIVE_JOB.discord : {};
  return { ...base, [first]: rest.length === 0 ? value : bodyWith(rest, value) };
}

describe("a body with a field of a wrong type or out of range", () => {
  it("is answered with 400, and the issue names the field and what is accepted", async () => {
    const { ask } = await serviceApi();
    const cases = wrongValues(schemaOf("/api/v1/jobs", "post"));
    expect(cases.length).toBeGreaterThan(120);
    for (const [path, value] of cases) {
      const body = { ...LIVE_JOB, ...bodyWith(path, value) };
      const { status, json } = await ask("POST", "/api/v1/jobs", { body });
      const what = `${path.join(".")} = ${JSON.stringify(value)}`;
      expect([status, json.code], what).toEqual([400, "invalid_input"]);
      const issue = json.issues.find((each: { path: string[] }) => each.path.join(".") === path.join("."));
      expect(issue?.message, `${what}: ${JSON.stringify(json.issues)}`).toMatch(/expected/);
    }
  });

  it("is refused in a change too", async () => {
    const { ask, create } = await serviceApi();
    const { json: job } = await create({ joinAt: new Date(Date.now() + 3_600_000).toISOString() });
    for (const [path, value] of wrongValues(schemaOf("/api/v1/jobs/{id}", "patch"))) {
      const { status } = await ask("PATCH", `/api/v1/jobs/${job.id}`, { body: bodyWith(path, value) });
      expect(status, path.join(".")).toBe(400);
    }
  });
});

describe("a request with", () => {
  it.each<[string, object, string, string]>([
    ["a misspelt field", { extrenalId: "a" }, "extrenalId", "did you mean externalId?"],
    [
      "a misspelt field within a field",
      { webhooks: { onFinalise: "https://a.example" } },
      "webhooks.onFinalise",
      "did you mean onFinalize?",
    ],
    [
      "a setting that is the operator's",
      { recording: { spoolDir: "/tmp" } },
      "recording.spoolDir",
      "there is no such field",
    ],
    ["no bot token", { discord: {} }, "discord.botToken", "expected the token"],
    [
      "the address of the documentation, copied as it is",
      { meetingUrl: "discord://GUILD_ID/CHANNEL_ID" },
      "meetingUrl",
      "both ids are numbers of 17 to 20 digits",
    ],
    [
      "two different channels",
      { url: "discord://923456789012345678/923456789012345678" },
      "url",
      "the same as meetingUrl",
    ],
    [
      "ids that are not the address's",
      { discord: { botToken: TOKEN, guildId: "923456789012345678" } },
      "discord.guildId",
      "the same as in meetingUrl",
    ],
    ["a time long past", { joinAt: "2020-01-01T00:00:00Z" }, "joinAt", "is past"],
    ["a time without an offset", { joinAt: "2027-01-01T00:00:00" }, "joinAt", "with Z or an offset"],
    ["a time of the year 0", { joinAt: "0000-01-01T00:00:00Z" }, "joinAt", "from 1970 to 9998"],
    ["a time in ten years", { joinAt: "2036-01-01T00:00:00Z" }, "joinAt", "within the next 366 days"],
    ["metadata.discord", { metadata: { discord: { botToken: "x" } } }, "metadata", "no key discord"],
    ["too much metadata", { metadata: { text: "x".repeat(17_000) } }, "metadata", "at most 16384 bytes"],
    ["the bot's token in its metadata", { metadata: { note: TOKEN } }, "metadata", "only in discord.botToken"],
    [
      "an unknown leaveBehavior",
      { leaveBehavior: "after-lunch" },
      "leaveBehavior",
      "when-host-leaves, explicit, or after-silence:300s",
    ],
    [
      "a question that nobody sees",
      { recording: { consent: "opt-in", notice: "off" } },
      "recording.notice",
      "asks people with it",
    ],
    ["a sandbox and a live key", { sandbox: {} }, "sandbox", "only with a test key"],
    ["another platform", { platform: "zoom" }, "platform", "expected one of discord"],
  ])("%s is answered with 400, and the answer says what was meant", async (_what, more, path, text) => {
    const { create } = await serviceApi();
    const { status, json } = await create(more);
    expect(status).toBe(400);
    const issue = json.issues.find((each: { path: string[] }) => each.path.join(".") === path);
    expect(issue?.message, JSON.stringify(json)).toContain(text);
    expect(JSON.stringify(json)).not.toContain(TOKEN);
  });

  it.each<[string, string, number]>([
    ["no JSON", "{", 400],
    ["a list", "[]", 400],
    ["null", "null", 400],
    ["20,000 levels", `{"metadata":{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`, 400],
    ["a name that changes prototypes", '{"metadata":{"__proto__":{"a":1}}}', 400],
    ["70 KB", JSON.stringify({ metadata: { text: "x".repeat(70_000) } }), 413],
  ])("%s is refused", async (_what, body, status) => {
    const { ask } = await serviceApi();
    expect((await ask("POST", "/api/v1/jobs", { body })).status).toBe(status);
  });

  it("a body whose type is not JSON is answered with 415", async () => {
    const { ask } = await serviceApi();
    const headers = { "content-type": "text/plain" };
    expect((await ask("POST", "/api/v1/jobs", { body: "hello", headers })).status).toBe(415);
  });

  it("a long name of a file is looked for, and not taken for an address that cannot be decoded", async () => {
    const { ask } = await serviceApi();
    for (const name of ["a".repeat(300), "%C3%A4".repeat(300)]) {
      const { status, json } = await ask("GET", `/api/v1/recordings/job_none/files/${name}`);
      expect([status, json.code]).toEqual([404, "not_found"]);
    }
  });

  it("a webhook in a private network is refused, and the answer says what is accepted", async () => {
    const { webhookProblem } = await import("../../../src/service/webhook-address.ts");
    const { create } = await serviceApi({ webhookProblem: (url) => webhookProblem(url, false) });
    for (const url of [
      "http://example.org/hook",
      "https://10.0.0.1/",
      "https://[::1]/",
      "https://localhost/",
      "https://a.localhost./",
    ]) {
      const { status, json } = await create({ webhooks: { onStatus: url } });
      expect([status, json.issues[0].path], url).toEqual([400, ["webhooks", "onStatus"]]);
    }
    expect(webhookProblem("http://10.0.0.1/", true)).toBeUndefined();
    expect(webhookProblem("https://example.org/hook?a=b", false)).toBeUndefined();
  });
});

it.each(["from", "to"])("A time far away for `%s` of the usage is refused.", async (name) => {
  const { ask } = await serviceApi();
  for (const time of ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z"]) {
    const { status, json } = await ask("GET", `/api/v1/usage?${name}=${time}`);
    expect([status, json.issues], time).toEqual([
      400,
      [{ path: [name], message: "expected a time from 1970 to 9998" }],
    ]);
  }
  expect((await ask("GET", "/api/v1/usage?to=1970-01-01T00:00:00Z")).status).toBe(200);
});

it("A number that breaks two rules is one issue, and a key that changes prototypes is named.", async () => {
  const { create, ask } = await serviceApi();
  const { json } = await create({ autoLeave: { afterSoloSeconds: 9007199254740994 } });
  expect(json.issues).toHaveLength(1);
  const body = '{"metadata":{"__proto__":{}}}';
  expect((await ask("POST", "/api/v1/jobs", { body })).json.message).toContain("without a key __proto__");
});

it("A body that cannot be read as JSON is called that, before anything else.", async () => {
  const { ask } = await serviceApi();
  const { status, json } = await ask("POST", "/api/v1/jobs", { body: '{"metadata":' });
  expect([status, json.issues]).toEqual([400, [{ path: [], message: "it is not valid JSON, expected a JSON object" }]]);
});

it("A field has one issue, in words that say what is accepted.", async () => {
  const { create, ask } = await serviceApi();
  const wrongTime = { path: ["joinAt"], message: "expected a time such as 2026-05-15T14:00:00Z, with Z or an offset" };
  expect((await create({ joinAt: "tomorrow" })).json.issues).toEqual([wrongTime]);
  const { json: job } = await create();
  const noMessage = { path: ["message"], message: "expected a text of 1 to 2000 characters" };
  for (const body of [{}, { text: "hello" }, { message: "" }, { message: 1 }]) {
    const { status, json } = await ask("POST", `/api/v1/jobs/${job.id}/send-chat-message`, { body });
    expect([status, json.issues]).toEqual([400, [noMessage]]);
  }
  for (const body of ["[]", "null", "1"]) {
    const { json } = await ask("POST", `/api/v1/jobs/${job.id}/send-chat-message`, { body });
    expect(json.issues).toEqual([{ path: [], message: "expected a JSON object" }]);
  }
});

it("An http:// webhook is refused in words that say who may allow it, and no address in words that fit both.", async () => {
  const { webhookProblem } = await import("../../../src/service/webhook-address.ts");
  const { create } = await serviceApi({ webhookProblem: (url) => webhookProblem(url, false) });
  const messageFor = async (onStatus: string) => (await create({ webhooks: { onStatus } })).json.issues[0].message;
  expect(await messageFor("http://example.org/hook")).toBe(
    "expected an https:// address, or an operator who sets MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE=true",
  );
  expect(await messageFor("hook")).not.toContain("an https:// address");
});
