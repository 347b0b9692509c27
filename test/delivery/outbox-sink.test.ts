import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { webhookDestination } from "../../src/delivery/destination.ts";
import { jobStatusChanged } from "../../src/session/build-job-events.ts";
import type { JobEvent } from "../../src/session/job-events.ts";
import { type ScriptedAnswer, WebhookReceiver } from "../support/webhook-receiver.ts";
import {
  ingestAt,
  JOB,
  MemoryLog,
  newFolder,
  numbered,
  numbersOf,
  ONCE,
  SECRET,
  sinkWith,
  TOKEN,
  webhookAt,
} from "./support.ts";

const OUTBOX = "outbox.jsonl";
const schema = new URL("../../config/schemas/event-envelope.schema.json", import.meta.url);
const ajv = new Ajv2020({ strict: true, strictRequired: false });
formats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));
/** The attempts for an event before its destination pauses. */
const TRIES = 6;

function times<Item>(count: number, item: Item): Item[] {
  return Array.from({ length: count }, () => item);
}

/** Emits events to a webhook that answers as scripted, and waits until it is settled. */
async function deliver(script: readonly ScriptedAnswer[], count = 1) {
  await using receiver = await WebhookReceiver.start(...script);
  const [log, directory] = [new MemoryLog(), newFolder()];
  const waits = script.some((answer) => answer === "hang" || answer === "trickle");
  const timeoutMs = waits ? 1_500 : 10_000;
  const eventSink = await sinkWith({ directory, log, timeoutMs, destinations: [webhookAt(receiver.url)] });
  for (let number = 1; number <= count; number += 1) await eventSink.emit(numbered(number));
  const { pending } = await eventSink.drain();
  await eventSink.close();
  return { pending, log, requests: receiver.requests, numbers: numbersOf(receiver.requests.map((r) => r.envelope)) };
}

describe("an event", () => {
  test("has the envelope of the schema, and the headers of its destination", async () => {
    await using customer = await WebhookReceiver.start();
    await using orchestrator = await WebhookReceiver.start();
    const eventSink = await sinkWith({
      directory: newFolder(),
      destinations: [webhookAt(customer.url), ingestAt(orchestrator.url)],
    });
    const events: JobEvent[] = [
      ...ONCE,
      numbered(1),
      jobStatusChanged(JOB, { status: "queued" }, { status: "joining" }),
    ];
    for (const event of events) await eventSink.emit(event);
    expect(await eventSink.drain()).toEqual({ pending: 0 });
    await eventSink.close();

    for (const { requests } of [customer, orchestrator]) {
      expect(requests.map(({ envelope }) => envelope.data)).toEqual(events);
      for (const { method, headers, envelope } of requests) {
        validate(envelope);
        expect(validate.errors ?? []).toEqual([]);
        expect(envelope).toMatchObject({ event: envelope.data.event, attempt: 1, version: 2 });
        expect(method).toBe("POST");
        expect(headers).toMatchObject({
          "content-type": "application/json",
          "x-meetbot-webhook-version": "2",
          "user-agent": "meetbot-discord/test",
        });
      }
    }
    expect(orchestrator.deliveryIds).toEqual(customer.deliveryIds);
    expect(new Set(customer.deliveryIds).size).toBe(events.length);
    for (const { headers } of customer.requests) {
      expect(headers["x-meetbot-signature"]).toMatch(/^sha256=[0-9a-f]{64}$/);
      expect(headers).not.toHaveProperty("authorization");
    }
    for (const { headers } of orchestrator.requests) {
      expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(headers).not.toHaveProperty("x-meetbot-signature");
    }
  });

  test("that a job has only once is accepted once, even after a restart", async () => {
    await using receiver = await WebhookReceiver.start();
    const directory = newFolder();
    for (let run = 0; run < 2; run += 1) {
      const eventSink = await sinkWith({ directory, destinations: [webhookAt(receiver.url)] });
      await Promise.all([...ONCE, ...ONCE].map((event) => eventSink.emit(event)));
      expect(await eventSink.drain()).toEqual({ pending: 0 });
      await eventSink.close();
    }
    expect(receiver.requests.map(({ envelope }) => envelope.event)).toEqual(ONCE.map(({ event }) => event));
  });

  test("is accepted and sent to nobody if there is no destination", async () => {
    const directory = newFolder();
    const eventSink = await sinkWith({ directory, destinations: [] });
    for (const event of ONCE) await eventSink.emit(event);
    expect(await eventSink.drain()).toEqual({ pending: 0 });
    await eventSink.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("a delivery", () => {
  test("includes events that are still being written when the rest is awaited (a cancelled job that ran twice)", async () => {
    await using receiver = await WebhookReceiver.start();
    const eventSink = await sinkWith({ directory: newFolder(), destinations: [webhookAt(receiver.url)] });
    void eventSink.emit(numbered(1));
    void eventSink.emit(numbered(2));
    expect(await eventSink.drain()).toEqual({ pending: 0 });
    await eventSink.close();
    expect(numbersOf(receiver.requests.map((r) => r.envelope))).toEqual([1, 2]);
  });

  test.each<[string, ScriptedAnswer[]]>([
    ["500 twice", times(2, { status: 500 })],
    ["408, 425 and 429", [{ status: 408 }, { status: 425 }, { status: 429 }]],
    ["no answer", ["hang"]],
    ["a connection that is cut", ["reset", "reset"]],
    ["429 with Retry-After", [{ status: 429, headers: { "retry-after": "0" } }]],
    ["503 until the last try", times(TRIES - 1, { status: 503 })],
  ])("is tried again after %s, with the same id and another number, before the next one", async (_, script) => {
    const { pending, requests, numbers } = await deliver(script, 2);
    expect(pending).toBe(0);
    expect(numbers).toEqual([...times(script.length + 1, 1), 2]);
    const first = requests.slice(0, -1).map(({ envelope }) => envelope);
    expect(new Set(first.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(first.map(({ attempt }) => attempt)).toEqual(first.map((_envelope, index) => index + 1));
    expect(new Set(first.map(({ emittedAt }) => emittedAt)).size).toBe(1);
  });

  test("is confirmed by its status line, without waiting for the body", async () => {
    await using receiver = await WebhookReceiver.start("flood", "trickle", { status: 200, body: "x".repeat(1 << 20) });
    const destinations = [webhookAt(receiver.url)];
    // Longer than this test may take.
    const eventSink = await sinkWith({ directory: newFolder(), destinations, timeoutMs: 600_000 });
    for (const number of [1, 2, 3]) await eventSink.emit(numbered(number));
    expect(await eventSink.drain()).toEqual({ pending: 0 });
    await eventSink.close();
    expect(receiver.requests).toHaveLength(3);
  });

  test.each([301, 302, 307, 308, 400, 401, 404, 413])(
    "that is answered with %d is tried once, stays pending, and is logged",
    async (status) => {
      const headers = { location: "http://127.0.0.1:1/elsewhere" };
      const { pending, requests, log } = await deliver([{ status, headers }]);
      expect({ pending, requests: requests.length }).toEqual({ pending: 1, requests: 1 });
      const [line] = log.lines.filter(({ level }) => level === "error");
      expect(line?.message).toMatch(
        new RegExp(`^webhook at http://127\\.0\\.0\\.1:\\d+ answered with ${status}; the event stays in the outbox$`),
      );
    },
  );

  test("is given up after five more attempts, until the next event allows new ones", async () => {
    await using receiver = await WebhookReceiver.start(...times(TRIES, { status: 500 }));
    const log = new MemoryLog();
    const eventSink = await sinkWith({ directory: newFolder(), log, destinations: [webhookAt(receiver.url)] });
    await eventSink.emit(numbered(1));
    await expect.poll(() => log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(receiver.requests).toHaveLength(TRIES);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(TRIES - 1);

    await eventSink.emit(numbered(2));
    expect(await eventSink.drain()).toEqual({ pending: 0 });
    await eventSink.close();
    const envelopes = receiver.requests.map(({ envelope }) => envelope);
    expect(numbersOf(envelopes)).toEqual([...times(TRIES + 1, 1), 2]);
    expect(envelopes.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 1]);
  });

  test.each([
    ["nothing", ""],
    ["no HTTP", "220 mail.example.org ESMTP\r\n"],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nbytes"],
    ["headers without end", `HTTP/1.1 200 OK\r\nx-much: ${"x".repeat(100_000)}`],
    ["half a status", "HTTP/1.1 20"],
  ])("that is answered with %s stays pending", async (_, bytes) => {
    await using server = createServer((socket) => {
      socket.on("error", () => undefined); // the worker hangs up on it
      socket.once("data", () => socket.end(bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const log = new MemoryLog();
    const destinations = [webhookAt(`http://127.0.0.1:${port}/`)];
    const eventSink = await sinkWith({ directory: newFolder(), log, destinations });
    await eventSink.emit(numbered(1));
    expect(await eventSink.drain()).toEqual({ pending: 1 });
    await eventSink.close();
    expect(log.lines).toHaveLength(TRIES);
    for (const { message } of log.lines) expect(message).toContain("could not be reached: ");
  });
});

describe("a destination that is down", () => {
  test("gets everything in order when it is up again", async () => {
    await using receiver = await WebhookReceiver.start();
    const eventSink = await sinkWith({ directory: newFolder(), destinations: [webhookAt(receiver.url)] });
    await receiver.down();
    for (const number of [1, 2, 3]) await eventSink.emit(numbered(number));
    expect(await eventSink.drain()).toEqual({ pending: 3 });
    await receiver.up();
    await eventSink.emit(numbered(4));
    expect(await eventSink.drain()).toEqual({ pending: 0 });
    await eventSink.close();
    expect(numbersOf(receiver.requests.map(({ envelope }) => envelope))).toEqual([1, 2, 3, 4]);
    expect(receiver.requests[0]?.envelope.attempt).toBeGreaterThan(TRIES);
  });

  test("gets what waits without another event if it is the service, which takes a silent worker for one that failed", async () => {
    await using service = await WebhookReceiver.start();
    const options = { directory: newFolder(), destinations: [ingestAt(service.url)], ingestAgainMs: 20 };
    const eventSink = await sinkWith(options);
    await service.down();
    await eventSink.emit(numbered(1));
    expect(await eventSink.drain()).toEqual({ pending: 1 });
    await service.up();
    await service.received(1);
    await eventSink.close();
  });

  test("does not delay other destinations", async () => {
    await using customer = await WebhookReceiver.start("hang", "hang", ...times(10, { status: 500 }));
    await using orchestrator = await WebhookReceiver.start();
    const destinations = [webhookAt(customer.url), ingestAt(orchestrator.url)];
    const eventSink = await sinkWith({ directory: newFolder(), destinations, timeoutMs: 60_000 });
    for (const number of [1, 2, 3]) await eventSink.emit(numbered(number));
    await orchestrator.received(3);
    expect(customer.requests).toHaveLength(1);
    await eventSink.close();
    expect(numbersOf(orchestrator.requests.map(({ envelope }) => envelope))).toEqual([1, 2, 3]);
  });
});

describe("an event that cannot be delivered", () => {
  const DAYS_MS = 86_400_000;

  /** Its record next to the job's folder. */
  function keptBeside(directory: string): unknown[] {
    const text = readFileSync(`${directory}~undelivered.jsonl`, "utf8");
    return text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  test("because its receiver is gone for good (410) is given up at once, kept with the reason, and not sent again", async () => {
    await using receiver = await WebhookReceiver.start(...times(2, { status: 410 }));
    await using orchestrator = await WebhookReceiver.start();
    const [log, directory] = [new MemoryLog(), newFolder()];
    const destinations = [webhookAt(receiver.url), ingestAt(orchestrator.url)];
    for (let run = 0; run < 2; run += 1) {
      const eventSink = await sinkWith({ directory, log, destinations });
      if (run === 0) for (const number of [1, 2]) await eventSink.emit(numbered(number));
      expect(await eventSink.drain()).toEqual({ pending: 0 });
      await eventSink.close();
    }
    expect([receiver, orchestrator].map(({ requests }) => requests.length)).toEqual([2, 2]);
    const origin = new URL(receiver.url).origin;
    const givenUp = [{ by: "webhook", at: expect.any(String), reason: `webhook at ${origin} answered with 410` }];
    expect(keptBeside(directory)).toEqual(
      [1, 2].map((number) => ({
        ...{ deliveryId: expect.any(String), emittedAt: expect.any(String) },
        givenUp,
        data: numbered(number),
      })),
    );
    expect(log.lines.some(({ level, message }) => level === "warn" && message.includes("they are kept in"))).toBe(true);
  });

  test("is kept without writing through a link that somebody put next to the job's folder", async () => {
    await using receiver = await WebhookReceiver.start({ status: 410 });
    const [directory, victim] = [newFolder(), join(newFolder(), "victim")];
    writeFileSync(victim, "mine");
    for (const suffix of ["", ".partial"]) symlinkSync(victim, `${directory}~undelivered.jsonl${suffix}`);
    const eventSink = await sinkWith({ directory, destinations: [webhookAt(receiver.url)] });
    await eventSink.emit(numbered(1));
    expect(await eventSink.drain()).toEqual({ pending: 0 });
    await eventSink.close();
    expect(readFileSync(victim, "utf8")).toBe("mine");
    expect(keptBeside(directory)).toMatchObject([{ data: numbered(1) }]);
  });

  test.each<[string, ScriptedAnswer, number]>([
    ["is refused", { status: 404 }, 1],
    ["fails", { status: 503 }, TRIES],
  ])("because it still %s three days later is given up then, and not before", async (_, answer, tries) => {
    await using receiver = await WebhookReceiver.start(...times(100, answer));
    const directory = newFolder();
    const destinations = [webhookAt(receiver.url)];
    const emittedMs = Date.now();
    const runAfter = async (ms: number): Promise<number> => {
      const clock = { wallTime: () => new Date(emittedMs + ms) };
      const eventSink = await sinkWith({ directory, destinations, clock });
      if (ms === 0) await eventSink.emit(numbered(1));
      const { pending } = await eventSink.drain();
      await eventSink.close();
      return pending;
    };
    expect([await runAfter(0), await runAfter(3 * DAYS_MS)]).toEqual([1, 1]);
    const asked = receiver.requests.length;
    expect([await runAfter(3 * DAYS_MS + 1), await runAfter(4 * DAYS_MS)]).toEqual([0, 0]);
    expect(receiver.requests.length - asked).toBe(tries);
    expect(keptBeside(directory)).toMatchObject([{ data: numbered(1), givenUp: [{ by: "webhook" }] }]);
  });

  test("because its address is no longer set is given up after three days, and sent to no other address", async () => {
    await using receiver = await WebhookReceiver.start();
    const directory = newFolder();
    const first = await sinkWith({ directory, destinations: [webhookAt(`${receiver.url}/old`)] });
    await first.close();
    await first.emit(numbered(1));
    const clock = { wallTime: () => new Date(Date.now() + 4 * DAYS_MS) };
    const later = await sinkWith({ directory, clock, destinations: [webhookAt(receiver.url)] });
    expect(await later.drain()).toEqual({ pending: 0 });
    await later.close();
    expect(receiver.requests).toEqual([]);
    expect(keptBeside(directory)).toMatchObject([{ data: numbered(1) }]);
  });
});

test("An event that cannot be written to disk is still sent, and the failure is logged.", async () => {
  await using receiver = await WebhookReceiver.start();
  const [directory, log] = [newFolder(), new MemoryLog()];
  const eventSink = await sinkWith({ directory, log, destinations: [webhookAt(receiver.url)] });
  mkdirSync(join(directory, OUTBOX));
  await eventSink.emit(numbered(1));
  expect(await eventSink.drain()).toEqual({ pending: 0 });
  await eventSink.close();
  expect(receiver.requests).toHaveLength(1);
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
    ["error", "the outbox cannot be written: this event may be lost in a crash"],
    ["error", "the outbox cannot be written: this event may be sent again in a crash"],
  ]);
});

test("Neither secrets nor the details of an address appear in the log or the outbox.", async () => {
  await using receiver = await WebhookReceiver.start(
    ...["hang", "reset"].map((answer) => answer as ScriptedAnswer),
    ...times(TRIES - 2, { status: 500 }),
  );
  const [directory, log] = [newFolder(), new MemoryLog()];
  const address = `${receiver.url.replace("//", "//user:hidden-password@")}/hidden-path?key=hidden-key`;
  const destinations = [webhookAt(address), ingestAt(`${address}&ingest`)];
  const eventSink = await sinkWith({ directory, log, destinations, timeoutMs: 250 });
  await eventSink.emit(numbered(1));
  await eventSink.drain();
  await eventSink.close();
  const written = log.text + readFileSync(join(directory, OUTBOX), "utf8");
  expect(written).toContain("could not be reached: no answer within 250 ms");
  for (const secret of [SECRET, TOKEN, "hidden", "127.0.0.1:1/"]) expect(written).not.toContain(secret);
  // It was used nevertheless.
  const { headers, path } = receiver.requests[0] ?? { headers: {}, path: "" };
  expect(path).toContain("/hidden-path?key=hidden-key");
  expect(headers.authorization).toMatch(/^(Basic|Bearer) /);
});

test("A webhook whose name resolves to a private network is not contacted.", async () => {
  await using receiver = await WebhookReceiver.start();
  const [log, url] = [new MemoryLog(), new URL(receiver.url)];
  const destination = webhookDestination({
    url: `http://localhost:${url.port}/hook`,
    secret: SECRET,
    allowPrivate: false,
  });
  const eventSink = await sinkWith({ directory: newFolder(), log, destinations: [destination] });
  await eventSink.emit(numbered(1));
  expect(await eventSink.drain()).toEqual({ pending: 1 });
  await eventSink.close();
  expect(receiver.requests).toEqual([]);
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]?.message).toMatch(
    /^webhook at http:\/\/localhost:\d+ could not be reached: localhost is (127\.0\.0\.1|::1), which is not a public address; the event stays in the outbox$/,
  );
});
