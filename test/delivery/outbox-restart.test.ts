import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JobEvent } from "../../src/session/job-events.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
import { ingestAt, MemoryLog, newFolder, numbered, numbersOf, ONCE, sinkWith, webhookAt } from "./support.ts";

const OUTBOX = "outbox.jsonl";

describe("closing", () => {
  test("stops a delivery under way, keeps what waits, and can be repeated", async () => {
    await using receiver = await WebhookReceiver.start("hang");
    const directory = newFolder();
    const options = { directory, destinations: [webhookAt(receiver.url)], timeoutMs: 60_000 };
    const eventSink = await sinkWith(options);
    await eventSink.emit(numbered(1));
    await receiver.received(1);
    await Promise.all([eventSink.close(), eventSink.close()]);
    await eventSink.emit(numbered(2));
    expect(await eventSink.drain()).toEqual({ pending: 2 });

    const next = await sinkWith(options);
    expect(await next.drain()).toEqual({ pending: 0 });
    await next.close();
    expect(numbersOf(receiver.requests.map(({ envelope }) => envelope))).toEqual([1, 1, 2]);
    expect(receiver.deliveryIds[1]).toBe(receiver.deliveryIds[0]);
    // How often the earlier run tried is not known.
    expect(receiver.requests.map(({ envelope }) => envelope.attempt)).toEqual([1, 2, 2]);
  });

  test("stops a pause between two attempts", async () => {
    await using receiver = await WebhookReceiver.start({ status: 503, headers: { "retry-after": "60" } });
    const log = new MemoryLog();
    const eventSink = await sinkWith({ directory: newFolder(), destinations: [webhookAt(receiver.url)], log });
    await eventSink.emit(numbered(1));
    await receiver.received(1);
    await expect.poll(() => log.lines.length).toBe(1);
    await eventSink.close();
    expect(receiver.requests).toHaveLength(1);
  });
});

describe("an outbox of an earlier run", () => {
  /** Leaves one unaccepted event for each of the two. */
  async function left(directory: string, customer: string, orchestrator: string): Promise<void> {
    const eventSink = await sinkWith({ directory, destinations: [webhookAt(customer), ingestAt(orchestrator)] });
    await eventSink.close();
    await eventSink.emit(numbered(1));
  }

  test("is sent only to the address that it was meant for", async () => {
    await using customer = await WebhookReceiver.start();
    await using other = await WebhookReceiver.start();
    await using orchestrator = await WebhookReceiver.start();
    const [directory, log] = [newFolder(), new MemoryLog()];
    await left(directory, customer.url, orchestrator.url);

    const destinations = [webhookAt(other.url), ingestAt(orchestrator.url)];
    const eventSink = await sinkWith({ directory, destinations, log });
    await eventSink.emit(numbered(2));
    expect(await eventSink.drain()).toEqual({ pending: 1 });
    await eventSink.close();
    expect(numbersOf(orchestrator.requests.map(({ envelope }) => envelope))).toEqual([1, 2]);
    expect(numbersOf(other.requests.map(({ envelope }) => envelope))).toEqual([2]);
    expect(customer.requests).toEqual([]);
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      [
        "warn",
        "the outbox holds events for another webhook address than MEETBOT_WEBHOOK_URL has now; they wait until it has that one again",
      ],
    ]);
  });

  test("waits if no address is set, and is sent when one is set again", async () => {
    await using customer = await WebhookReceiver.start();
    await using orchestrator = await WebhookReceiver.start();
    const [directory, log] = [newFolder(), new MemoryLog()];
    await left(directory, customer.url, orchestrator.url);
    const without = await sinkWith({ directory, destinations: [], log });
    expect(await without.drain()).toEqual({ pending: 1 });
    await without.close();
    expect(log.lines).toHaveLength(2);

    const again = await sinkWith({
      directory,
      destinations: [webhookAt(customer.url), ingestAt(orchestrator.url)],
    });
    expect(await again.drain()).toEqual({ pending: 0 });
    await again.close();
    expect([customer, orchestrator].map(({ requests }) => requests.length)).toEqual([1, 1]);
  });

  test("continues after a line that a crash cut off, and past a damaged line", async () => {
    await using receiver = await WebhookReceiver.start();
    const [directory, log] = [newFolder(), new MemoryLog()];
    await left(directory, receiver.url, receiver.url);
    const path = join(directory, OUTBOX);
    appendFileSync(path, '{"type":"event"}\n{"type":"event","deliveryId":"dlv_');
    const destinations = [webhookAt(receiver.url)];
    const eventSink = await sinkWith({ directory, destinations, log });
    await eventSink.emit(numbered(2));
    await eventSink.drain();
    await eventSink.close();
    expect(numbersOf(receiver.requests.map(({ envelope }) => envelope))).toEqual([1, 2]);
    expect(log.lines[0]).toMatchObject({ level: "error", fields: { line: 2 } });
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(["event", "event", "event", "accepted", "accepted"]);
  });
});

describe("the id of an event", () => {
  /** Emits events in a new folder, as a worker would after its spool was lost. */
  async function idsOf(events: readonly JobEvent[]): Promise<readonly string[]> {
    await using receiver = await WebhookReceiver.start();
    const eventSink = await sinkWith({ directory: newFolder(), destinations: [ingestAt(receiver.url)] });
    for (const event of events) await eventSink.emit(event);
    await eventSink.drain();
    await eventSink.close();
    return receiver.deliveryIds;
  }

  test("is derived from job and event, so it is the same after a crash", async () => {
    const events = [...ONCE, numbered(1), numbered(1), numbered(2)];
    const first = await idsOf(events);
    expect(await idsOf(events)).toEqual(first);
    expect(new Set(first).size).toBe(events.length);
    for (const id of first) expect(id).toMatch(/^dlv_[0-9A-HJKMNP-TV-Z]{26}$/);
  });
});

describe("a worker whose job was given to another worker", () => {
  test("is stopped by the ingest endpoint's 410, and by no other receiver", async () => {
    await using ingest = await WebhookReceiver.start({ status: 410 });
    await using customer = await WebhookReceiver.start({ status: 410 });
    let replaced = 0;
    for (const destination of [webhookAt(customer.url), ingestAt(ingest.url)]) {
      const onReplaced = () => {
        replaced += 1;
      };
      const eventSink = await sinkWith({ directory: newFolder(), destinations: [destination], onReplaced });
      await eventSink.emit(numbered(1));
      await eventSink.drain();
      await eventSink.close();
    }
    expect(replaced).toBe(1);
  });
});
