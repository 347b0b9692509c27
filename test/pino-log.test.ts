import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { createLog, Redactor } from "../src/pino-log.ts";

const TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.GhIjKl.a-recognisable-token-0123456789";

/** What logging writes. */
async function written(act: (log: ReturnType<typeof createLog>) => void, isTTY = false): Promise<string> {
  const destination = Object.assign(new PassThrough(), { isTTY });
  const log = createLog({ level: "trace", redactor: new Redactor([TOKEN]), destination });
  act(log);
  log.info({}, "the last line");
  let text = "";
  for await (const chunk of destination) {
    text += String(chunk);
    if (text.includes("the last line")) break;
  }
  return text;
}

function errorWith(message: string): Error {
  const error = new Error(message, { cause: new Error(`caused by ${message}`) });
  return Object.assign(error, { request: { headers: { "x-bot": message } } });
}

const base64 = base64Of(TOKEN);
const bytes = Buffer.from(TOKEN);
/** Pieces out of the token's middle, in each form in which it might get through. */
const TRACES = [
  base64.slice(0, 40),
  base64Of(`user:${TOKEN}!`).slice(20, 60),
  base64Of(`users:${TOKEN}`).slice(20, 60),
  bytes.toString("hex", 20, 40),
  inspect(bytes.subarray(20, 40)).slice(8, -1),
  [...bytes.subarray(20, 40)].join(","),
];

function base64Of(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("the token never reaches a log", () => {
  test.each<[string, (log: ReturnType<typeof createLog>) => void]>([
    ["in a message", (log) => log.info({}, `logging in with ${TOKEN}`)],
    ["in a field", (log) => log.info({ value: TOKEN }, "field")],
    ["as a key", (log) => log.info({ [TOKEN]: 1 }, "key")],
    ["deep in objects and lists", (log) => log.info({ a: { b: [{ c: { d: { e: [`x${TOKEN}y`] } } }] } }, "deep")],
    ["in an error, its stack, its cause and its fields", (log) => log.error({ err: errorWith(TOKEN) }, "failed")],
    ["in an error that is the whole entry", (log) => log.error(errorWith(TOKEN))],
    ["in JSON within JSON", (log) => log.info({ body: JSON.stringify({ d: { token: TOKEN } }) }, "body")],
    ["at trace level", (log) => log.trace({ source: "discord" }, `[WS] identify ${TOKEN}`)],
    ["in Base64 of more than the token", (log) => log.info({ value: base64Of(`user:${TOKEN}!`) }, "basic")],
    ["in Base64 one byte further on", (log) => log.info({ value: base64Of(`users:${TOKEN}`) }, "basic")],
    ["in a Buffer that was inspected", (log) => log.info({}, inspect(Buffer.from(TOKEN)))],
    ["in hexadecimal", (log) => log.info({}, Buffer.from(TOKEN).toString("hex"))],
    ["as numbers in a text", (log) => log.info({}, JSON.stringify([...Buffer.from(TOKEN)]))],
    ["in a child's bindings", (log) => log.child({ session: TOKEN }).info({}, "child")],
    ["in Base64", (log) => log.info({ value: base64 }, base64)],
    ["in Base64 without padding", (log) => log.info({ value: base64.replace(/=+$/, "") }, "unpadded")],
    ["URL-encoded", (log) => log.info({ url: `https://example.org/?t=${encodeURIComponent(TOKEN)}` }, "url")],
  ])("%s", async (_, act) => {
    for (const isTTY of [false, true]) {
      const text = await written(act, isTTY);
      expect(text).toContain("[redacted]");
      expect(text).not.toContain("recognisable");
      for (const trace of TRACES) expect(text).not.toContain(trace);
    }
  });
});

test("Secrets of other systems are recognised by their keys.", async () => {
  const text = await written((log) => {
    log.info({ token: "voice-token" }, "top");
    log.info({ d: { token: "voice-token", secret_key: [1, 2, 3], guild_id: "1" } }, "one down");
    log.info({ request: { headers: { authorization: "Bot voice-token" } } }, "two down");
  });
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.slice(0, 3)).toMatchObject([
    { token: "[redacted]" },
    { d: { token: "[redacted]", secret_key: "[redacted]", guild_id: "1" } },
    { request: { headers: { authorization: "[redacted]" } } },
  ]);
});

test("Secrets of other systems are recognised by their keys at any depth, in any case, and in JSON within text.", async () => {
  const text = await written((log) => {
    log.info({ a: { b: { c: { voiceToken: "voice-token" } } } }, "deep");
    log.info({ headers: { Authorization: "Bot voice-token" } }, "upper case");
    log.debug({}, `[WS] >> ${JSON.stringify({ op: 0, d: { server_id: "1", token: "voice-token" } })}`);
    log.debug({}, `[WS] << ${JSON.stringify({ op: 4, d: { mode: "aead", secret_key: [101, 102, 103] } })}`);
    log.debug({}, "GET https://user:voice-token@example.org/ with Authorization: Bot voice-token-of-somebody-else");
  });
  expect(text).not.toContain("voice-token");
  expect(text).not.toContain("101,102");
  expect(text).toContain("server_id");
  expect(text).toContain("example.org");
});

test("Bytes are logged as a count, and never make logging throw.", async () => {
  const text = await written((log) => {
    log.info({ body: Buffer.from(TOKEN), list: new Uint8Array(bytes), a: { b: Buffer.from("xyz") } }, "bytes");
    log.error({ err: Object.assign(new Error("bad certificate"), { cert: { raw: bytes } }) }, "failed");
    log.info({ empty: {}, levels: [1, 2, 3] }, "no bytes");
  });
  const [fields, error, others] = text.split("\n").map((line) => (line === "" ? {} : JSON.parse(line)));
  expect(fields).toMatchObject({
    body: `[${bytes.length} bytes]`,
    list: `[${bytes.length} bytes]`,
    a: { b: "[3 bytes]" },
  });
  expect(error.err.cert).toEqual({ raw: `[${bytes.length} bytes]` });
  expect(others).toMatchObject({ empty: {}, levels: [1, 2, 3] });
});

test("A log line is one JSON object, without host name or process id.", async () => {
  const text = await written((log) => log.warn({ code: "x" }, "two\nlines"));
  const [first = ""] = text.split("\n");
  const { time, ...rest } = JSON.parse(first);
  expect(rest).toEqual({ level: 40, code: "x", msg: "two\nlines" });
  expect(Number.isInteger(time)).toBe(true);
});

test("On a terminal a log line is readable.", async () => {
  expect(await written((log) => log.info({}, "hello"), true)).toMatch(/INFO.*: .*hello/);
});

test("Levels below the configured one are not written.", async () => {
  const destination = new PassThrough();
  const log = createLog({ level: "warn", redactor: new Redactor([]), destination });
  log.info({}, "too quiet");
  log.warn({}, "loud enough");
  const [chunk] = await destination.take(1).toArray();
  expect(String(chunk)).toContain("loud enough");
});

describe("the redactor", () => {
  test("removes secrets with special characters from JSON and URLs", () => {
    const secret = 'pass"word\\with+slash/é';
    const redactor = new Redactor([secret]);
    const once = JSON.stringify({ secret });
    for (const text of [secret, once, JSON.stringify({ once }), `?s=${encodeURIComponent(secret)}`]) {
      expect(redactor.redact(text)).not.toContain("slash");
    }
  });

  test("recognises both alphabets of Base64", () => {
    const secret = "?>?>?>?>~~~~";
    const redactor = new Redactor([secret]);
    const standard = Buffer.from(secret).toString("base64");
    expect(standard).toMatch(/[+/]/);
    expect(redactor.redact(standard)).toBe("[redacted]");
    expect(redactor.redact(Buffer.from(secret).toString("base64url"))).toBe("[redacted]");
  });

  test("replaces a secret that contains another one as a whole", () => {
    for (const secrets of [
      ["secret-one", "secret-one-and-more"],
      ["secret-one-and-more", "secret-one"],
    ]) {
      expect(new Redactor(secrets).redact("x secret-one-and-more y")).toBe("x [redacted] y");
    }
  });

  test("can be given secrets later", () => {
    const redactor = new Redactor([]);
    redactor.add("a-new-secret");
    expect(redactor.redact("a-new-secret a-new-secret")).toBe("[redacted] [redacted]");
  });

  test("ignores values that are too short to be secrets", () => {
    expect(new Redactor(["", "abc"]).redact("abc def")).toBe("abc def");
  });
});

test.each([false, true])(
  "A stranger's name cannot control the terminal that shows it; on a terminal: %s.",
  async (isTTY) => {
    const name = "\u202egnp.exe\u2066 \u009b31m \u001b[31m \u0000 \r\n{}\u2028";
    const text = await written((log) => log.info({ displayName: name }, "participant joined"), isTTY);
    const [line = ""] = text.split("the last line");
    expect(line).not.toContain("\u001b[31m");
    for (const character of ["\u202e", "\u2066", "\u009b", "\u0000", "\r", "\u2028"])
      expect(line).not.toContain(character);
    expect(line).toContain("gnp.exe");
    if (!isTTY) expect(JSON.parse(text.split("\n", 1)[0] ?? "")).toMatchObject({ displayName: name });
  },
);

test("If there is one job, every line has its id, including lines of child loggers.", async () => {
  const destination = new PassThrough();
  const log = createLog({ level: "info", jobId: "job_1", redactor: new Redactor([]), destination });
  log.info({}, "one");
  log.child({ source: "http" }).warn({}, "two");
  const lines = String(destination.read()).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { jobId: "job_1", msg: "one" },
    { jobId: "job_1", source: "http", msg: "two" },
  ]);
});

test("On a terminal an ordinary error and a failure have no stack, and an internal error has one.", async () => {
  const error = new Error("the network is down", { cause: new Error("ENOTFOUND") });
  const ordinary = await written((log) => {
    log.error({ err: error, failureCode: "network_loss" }, "the network is down");
    log.warn({ err: error }, "nobody was informed");
  }, true);
  expect(ordinary).not.toContain("    at ");
  expect(ordinary).not.toContain("ERROR");
  expect(ordinary).toMatch(/WARN: nobody was informed .*"why":"the network is down: ENOTFOUND"/);
  const ours = await written((log) => {
    log.error({ err: error, failureCode: "internal_error" }, "the network is down");
    log.fatal({ err: error }, "uncaught");
  }, true);
  expect(ours.match(/stack/g)).toHaveLength(2);
});

test("No text can control the terminal, wherever it is in a line.", async () => {
  const hostile = "\u001b]0;PWNED\u0007\u001b[2J\u009b5;5H\r\n\u202e\u0000";
  const text = await written((log) => {
    log.info({ displayName: hostile, deep: [{ [hostile]: hostile }] }, `the channel "${hostile}"`);
    log.fatal({ err: new Error(hostile) }, hostile);
  }, true);
  // Only the printer's own colours are left.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const coloured = text.replaceAll(/\u001b\[\d{1,2}m/g, "");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what may not reach a terminal
  expect(coloured).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(coloured).toContain("]0;PWNED");
  // Nor does any of it begin a line of its own.
  expect(coloured.split("\n").filter((line) => /^(?:\ufffd|\\u)/.test(line))).toEqual([]);
});
