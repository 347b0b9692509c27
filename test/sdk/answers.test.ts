import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  createMeetbot,
  MeetBot,
  type MeetBotOptions,
  MeetbotConflictError,
  MeetbotConnectionError,
  MeetbotError,
  MeetbotForbiddenError,
  MeetbotHttpError,
  MeetbotInputError,
  MeetbotNotFoundError,
  MeetbotRateLimitError,
  MeetbotResponseError,
  MeetbotServerError,
  MeetbotTimeoutError,
  MeetbotUnauthorizedError,
  MeetbotValidationError,
} from "../../src/sdk/index.ts";
import { scriptedServer, type Treatment } from "./support/scripted-server.ts";

const KEY = "mb_test_0123456789abcdefghjkmnpqrstvwxyz01234567";
const GOOD: Treatment = { status: 201, body: { id: "job_1" } };
const INPUT = { externalId: "first" };

async function clientOf(script: readonly Treatment[], options: MeetBotOptions = {}) {
  const server = await scriptedServer(...script);
  const meetbot = createMeetbot({ apiKey: KEY, baseUrl: server.url, firstPauseMs: 1, ...options });
  return { server, meetbot };
}

/** What a dispatch throws. */
async function failureOf(script: readonly Treatment[], options: MeetBotOptions = {}) {
  let requests = 0;
  const counting: typeof fetch = (...request) => {
    requests += 1;
    return fetch(...request);
  };
  const { meetbot } = await clientOf(script, { fetch: counting, ...options });
  const error: unknown = await meetbot.dispatchBot(INPUT).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(inspect(error, { depth: 9 })).not.toContain(KEY);
  return { error, requests };
}

describe("answers after which the same request is sent again", () => {
  const waits = { "retry-after": "0" };
  test.each<[string, Treatment]>([
    ["500", { status: 500 }],
    ["502 with a proxy's page", { status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad gateway" }],
    ["503", { status: 503 }],
    ["504", { status: 504 }],
    ["429", { status: 429 }],
    ["429 with seconds to wait", { status: 429, headers: waits }],
    ["429 with a date to wait for", { status: 429, headers: { "retry-after": "Sat, 09 May 2026 14:00:30 GMT" } }],
    ["a closed connection", "drop"],
    ["half a body", "half"],
    ["bytes that are not HTTP", "garbage"],
  ])("%s: with the same idempotency key, until it succeeds", async (_name, bad) => {
    const { server, meetbot } = await clientOf([bad, bad, GOOD]);
    expect(await meetbot.dispatchBot(INPUT)).toEqual({ id: "job_1" });
    expect(server.seen).toHaveLength(3);
    const keys = new Set(server.seen.map(({ headers }) => headers["idempotency-key"]));
    expect([...keys]).toEqual([expect.stringMatching(/^[\da-f]{32}$/)]);
    expect(server.seen.map(({ body }) => body)).toEqual(Array(3).fill(JSON.stringify(INPUT)));
  });

  test("nothing within the time of an attempt: it is sent again", async () => {
    const { server, meetbot } = await clientOf(["silence", GOOD], { timeoutMs: 200 });
    expect(await meetbot.dispatchBot(INPUT)).toEqual({ id: "job_1" });
    expect(server.seen).toHaveLength(2);
  });

  test.each<[string, Treatment, new (...parts: never[]) => MeetbotError]>([
    ["500", { status: 500 }, MeetbotServerError],
    ["429", { status: 429 }, MeetbotRateLimitError],
    ["a closed connection", "drop", MeetbotConnectionError],
    ["half a body", "half", MeetbotConnectionError],
    ["bytes that are not HTTP", "garbage", MeetbotConnectionError],
  ])("%s each time: it ends after three retries", async (_name, bad, kind) => {
    const { error, requests } = await failureOf([bad]);
    expect(error).toBeInstanceOf(kind);
    expect(requests).toBe(4);
  });

  test("nothing each time: it ends with a time-out", async () => {
    const { error, requests } = await failureOf(["silence"], { timeoutMs: 30, maxRetries: 1 });
    expect(error).toBeInstanceOf(MeetbotTimeoutError);
    expect(requests).toBe(2);
  });

  test("the time for the whole call is over: it ends with a time-out in the middle of an attempt", async () => {
    const { error, requests } = await failureOf(["silence"], { totalTimeoutMs: 50 });
    expect(error).toBeInstanceOf(MeetbotTimeoutError);
    expect(requests).toBe(1);
  });

  test("the next attempt would come after the time for the whole call: it ends at once", async () => {
    const { error, requests } = await failureOf([{ status: 503, headers: { "retry-after": "15" } }], {
      totalTimeoutMs: 10_000,
    });
    expect(error).toBeInstanceOf(MeetbotServerError);
    expect(requests).toBe(1);
  });

  test("Retry-After asks for more than the cap of the client: it ends at once, though there would be time", async () => {
    const { error, requests } = await failureOf([{ status: 429, headers: { "retry-after": "1" } }], {
      maxRetryAfterMs: 900,
    });
    expect([(error as MeetbotRateLimitError).retryAfterSeconds, requests]).toEqual([1, 1]);
  });

  test.each(["3600", new Date(Date.now() + 3_600_000).toUTCString()])(
    "Retry-After asks for more than the cap: it ends at once and says how long (%s)",
    async (header) => {
      const { error, requests } = await failureOf([{ status: 429, headers: { "retry-after": header } }]);
      expect(error).toBeInstanceOf(MeetbotRateLimitError);
      expect((error as MeetbotRateLimitError).retryAfterSeconds).toBeGreaterThan(3_500);
      expect(requests).toBe(1);
    },
  );

  test("nobody listens", async () => {
    const meetbot = createMeetbot({ apiKey: KEY, baseUrl: "http://127.0.0.1:9", firstPauseMs: 1, maxRetries: 1 });
    await expect(meetbot.getJob("job_1")).rejects.toThrow(/^127\.0\.0\.1:9 could not be reached: /);
  });
});

describe("answers that end the call at once", () => {
  test.each<[number, typeof MeetbotHttpError]>([
    [400, MeetbotValidationError],
    [401, MeetbotUnauthorizedError],
    [402, MeetbotHttpError],
    [403, MeetbotForbiddenError],
    [404, MeetbotNotFoundError],
    [409, MeetbotConflictError],
    [410, MeetbotNotFoundError],
    [422, MeetbotValidationError],
    [501, MeetbotServerError],
  ])("%d is an error of its class with status, code, message and issues", async (status, kind) => {
    const issues = [{ path: ["meetingUrl"], message: "expected discord://GUILD_ID/CHANNEL_ID" }];
    const body = { error: "a_code", code: "a_code", message: "one sentence", issues };
    const { error, requests } = await failureOf([{ status, body }]);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ status, code: "a_code", message: "one sentence", issues, body, name: kind.name });
    expect(requests).toBe(1);
  });

  test("a refusal without JSON keeps its status", async () => {
    const { error } = await failureOf([{ status: 403, headers: { "content-type": "text/html" }, body: "<h1>No" }]);
    expect(error).toMatchObject({ status: 403, code: undefined, issues: [], body: undefined });
    expect((error as Error).message).toBe("the service answered with HTTP status 403");
  });

  test.each<[string, Treatment, RegExp]>([
    ["a page", { status: 200, headers: { "content-type": "text/html" }, body: "<h1>Hi" }, /expected application\/json/],
    ["no type", { status: 200, body: "{}" }, /of no type/],
    ["broken JSON", { status: 200, headers: { "content-type": "application/json" }, body: '{"id":' }, /not valid JSON/],
    ["nothing", { status: 200, headers: { "content-type": "application/json" } }, /not valid JSON/],
    ["null", { status: 200, headers: { "content-type": "application/json" }, body: "null" }, /it has no id/],
    ["a list", { status: 200, body: [] }, /it has no id/],
    ["another object", { status: 200, body: { status: "ok", id: 7 } }, /it has no id/],
  ])("%s instead of JSON", async (_name, treatment, message) => {
    const { error, requests } = await failureOf([treatment]);
    expect(error).toBeInstanceOf(MeetbotResponseError);
    expect((error as Error).message).toMatch(message);
    expect(requests).toBe(1);
  });

  test.each([301, 302, 303, 307, 308])(
    "%d: a redirect is not followed, so the key goes nowhere else",
    async (status) => {
      const other = await scriptedServer(GOOD);
      const { error } = await failureOf([{ status, headers: { location: `${other.url}/secret-path` } }]);
      expect(error).toBeInstanceOf(MeetbotResponseError);
      expect((error as Error).message).toContain(`redirect to ${new URL(other.url).host}`);
      expect((error as Error).message).not.toContain("secret-path");
      expect(other.seen).toEqual([]);
    },
  );
});

test("JSON of something that is not the service is refused by every method.", async () => {
  const { meetbot } = await clientOf([{ status: 200, body: { status: "ok" } }]);
  const file = { name: "a", bytes: 1, mimeType: "", sha256: null, uri: "", url: "http://127.0.0.1:1" };
  const calls = [
    ...[() => meetbot.dispatchBot(INPUT), () => meetbot.getJob("1"), () => meetbot.listBots()],
    ...[() => meetbot.updateJob("1", {}), () => meetbot.cancelJob("1"), () => meetbot.leaveBot("1")],
    ...[() => meetbot.sendChatMessage("1", "hi"), () => meetbot.listDeliveries("1"), () => meetbot.listRecordings()],
    ...[() => meetbot.resendDelivery("1", "2"), () => meetbot.getRecording("1"), () => meetbot.getReport("1")],
    ...[() => meetbot.deleteRecording("1"), () => meetbot.getUsage(), () => meetbot.getConsumer()],
    () => meetbot.downloadFile("1", { ...file, urlExpiresAt: "2026-01-01T00:00:00Z" }, { maxRetries: 0 }).next(),
  ];
  for (const [index, call] of calls.entries()) {
    await expect(call(), `call ${index}`).rejects.toThrow(MeetbotError);
  }
});

describe("answers without an end", () => {
  test("JSON that is small only on the wire is not read into the memory", { timeout: 120_000 }, async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, " "), { level: 9 });
    const { error, requests } = await failureOf([
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb);
      },
    ]);
    expect(error).toBeInstanceOf(MeetbotResponseError);
    expect([(error as Error).message, requests]).toEqual(["the answer has more than 268435456 bytes", 1]);
  });

  test("a refusal's beginning is enough", async () => {
    const endless: Treatment = (_request, response) => {
      response.writeHead(400, { "content-type": "application/json" });
      const write = (): void => {
        if (!response.destroyed) response.write("x".repeat(100_000), write);
      };
      write();
    };
    const { error } = await failureOf([endless]);
    expect(error).toMatchObject({ name: "MeetbotValidationError", status: 400, body: undefined });
  });

  test("a body that comes bit by bit forever ends with the time for the attempt", async () => {
    const dripping: Treatment = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 10);
      response.once("close", () => clearInterval(timer));
    };
    const { error, requests } = await failureOf([dripping], { timeoutMs: 100, maxRetries: 1 });
    expect(error).toBeInstanceOf(MeetbotTimeoutError);
    expect(requests).toBe(2);
  });
});

test("A date in Retry-After counts from the service's time, whatever the clock here says.", async () => {
  const headers = { date: "Sat, 09 May 2026 14:00:00 GMT", "retry-after": "Sat, 09 May 2026 14:01:00 GMT" };
  const { error, requests } = await failureOf([{ status: 503, headers }]);
  expect([(error as MeetbotServerError).retryAfterSeconds, requests]).toEqual([60, 1]);
});

test("A clock that is set while a request waits changes nothing.", async () => {
  const { meetbot } = await clientOf([{ status: 503 }, GOOD]);
  const call = meetbot.dispatchBot(INPUT);
  const jump = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
  onTestFinished(() => jump.mockRestore());
  expect(await call).toEqual({ id: "job_1" });
});

describe("a signal of the caller", () => {
  test("ends a request, and its reason is thrown", async () => {
    const { meetbot } = await clientOf(["silence"]);
    const controller = new AbortController();
    const call = meetbot.getJob("job_1", { signal: controller.signal });
    const reason = new Error("the page was left");
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test("ends the wait for a retry", async () => {
    const controller = new AbortController();
    const { server, meetbot } = await clientOf([{ status: 503, headers: { "retry-after": "15" } }]);
    const call = meetbot.getJob("job_1", { signal: controller.signal });
    const stop = setInterval(() => {
      if (server.seen.length === 1) controller.abort();
    }, 20);
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    clearInterval(stop);
    expect(server.seen).toHaveLength(1);
  });

  test("that is aborted already sends nothing", async () => {
    const { server, meetbot } = await clientOf([GOOD]);
    await expect(meetbot.dispatchBot(INPUT, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(server.seen).toEqual([]);
  });
});

describe("the API key", () => {
  test("is sent as a bearer token, and is in no form of the client", async () => {
    const { server, meetbot } = await clientOf([GOOD]);
    await meetbot.dispatchBot(INPUT);
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    const forms = [inspect(meetbot, { depth: 9, showHidden: true }), JSON.stringify(meetbot), String(meetbot)];
    expect(forms.join("\n")).not.toContain(KEY);
    expect(Reflect.ownKeys(meetbot)).toEqual([]);
  });

  test("is taken out of what a server repeats", async () => {
    const echo: Treatment = (request, response) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ code: "odd", message: `you sent ${request.headers.authorization}` }));
    };
    const { error } = await failureOf([echo]);
    expect((error as Error).message).toBe("you sent Bearer [API key]");
  });

  test.each(["", "mb_live_", "secret", `${KEY}\n`, `Bearer ${KEY}`, "mb_test_ä"])(
    "is refused without being shown if it is none: %j",
    (apiKey) => {
      const error = caught(() => new MeetBot({ apiKey, baseUrl: "http://127.0.0.1" }));
      expect(error).toBeInstanceOf(MeetbotInputError);
      expect((error as Error).message).toMatch(/^apiKey: /);
      if (apiKey !== "" && apiKey !== "mb_live_") expect((error as Error).message).not.toContain(apiKey.trim());
    },
  );
});

describe("options that are wrong are named", () => {
  test.each<[string, MeetBotOptions]>([
    ["baseUrl", { baseUrl: "api.meetbot.dev" }],
    ["baseUrl", { baseUrl: "ftp://127.0.0.1" }],
    ["baseUrl", { baseUrl: "https://user:word@127.0.0.1" }],
    ["baseUrl", { baseUrl: "https://127.0.0.1/?key=1" }],
    ["timeoutMs", { timeoutMs: 0 }],
    ["totalTimeoutMs", { totalTimeoutMs: 1.5 }],
    ["maxRetries", { maxRetries: -1 }],
    ["firstPauseMs", { firstPauseMs: 0 }],
    ["maxRetryAfterMs", { maxRetryAfterMs: Number.NaN }],
  ])("%s: %j", (name, options) => {
    const error = caught(() => new MeetBot({ apiKey: KEY, baseUrl: "http://127.0.0.1", ...options }));
    expect(error).toBeInstanceOf(MeetbotInputError);
    expect((error as Error).message).toMatch(new RegExp(`^${name}: expected `));
  });

  test.each(["", ".", "..", "a/b", "a?b", "ä", "x".repeat(129)])(
    "an id that would be another address: %j",
    async (id) => {
      const { server, meetbot } = await clientOf([GOOD]);
      await expect(meetbot.deleteRecording(id)).rejects.toThrow(/^id: expected /);
      expect(server.seen).toEqual([]);
    },
  );
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
