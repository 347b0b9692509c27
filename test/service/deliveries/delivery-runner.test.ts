import { describe, expect, it } from "vitest";
import type { DeliveryStore } from "../../../src/service/ports/deliveries.ts";
import { WebhookReceiver } from "../../support/webhook-receiver.ts";
import { AT, FINALIZED } from "../support/job-rows.ts";
import { jobId } from "../support/store-rows.ts";
import { ledgerOf, MINUTE_MS, newLedger, SECRET } from "./support.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("a receiver that is down for an hour, and two restarts of the service", () => {
  it("gets each event once by its id and in order for its job; the history has each attempt; resending works", async () => {
    await using receiver = await WebhookReceiver.start();
    const { ledger, sender, start, report, restart } = await newLedger();
    const emitted = new Map<number, string[]>([1, 2, 3].map((number) => [number, []]));
    for (const number of emitted.keys()) await start(number, receiver.url);
    await receiver.down();
    let runner = sender();
    const script = ["joining", "in_call", "recording", "finalizing", "completed", FINALIZED] as const;
    for (let minute = 0; minute < 60; minute += 1) {
      ledger.now = AT + minute * MINUTE_MS;
      const event = script[minute / 10];
      for (const [number, ids] of emitted) if (event !== undefined) ids.push(await report(number, event));
      await runner.sendDue();
      if (minute % 20 !== 19) continue;
      await runner.stop();
      await restart();
      runner = sender();
    }
    expect(receiver.requests).toEqual([]);
    await receiver.up();
    for (let minute = 60; minute < 180; minute += 1) {
      ledger.now = AT + minute * MINUTE_MS;
      await runner.sendDue();
    }
    expect(receiver.deliveryIds.toSorted()).toEqual([...emitted.values()].flat().toSorted());
    for (const [number, ids] of emitted) {
      const ofJob = receiver.requests.filter(({ envelope }) => envelope.data.jobId === jobId(number));
      expect(ofJob.map(({ envelope }) => envelope.deliveryId)).toEqual(ids);
      const rows = await ledgerOf(ledger.store, number);
      expect(rows.map(({ id, state }) => [id, state])).toEqual(ids.map((id) => [id, "delivered"]));
      const attempts = await ledger.store.attempts([ids[0] ?? ""], 100);
      expect(attempts.length).toBeGreaterThan(4);
      expect(attempts.at(-1)).toMatchObject({ number: attempts.length, status: 200, error: null });
      expect(attempts.slice(0, -1).every(({ status, error }) => status === null && error !== null)).toBe(true);
      expect(ofJob[0]?.envelope.attempt).toBe(attempts.length);
    }
    const [resent = ""] = emitted.get(2) ?? [];
    expect(await ledger.store.resend(resent, ledger.now)).toBe(true);
    await runner.sendDue();
    expect(receiver.deliveryIds.filter((id) => id === resent)).toHaveLength(2);
    expect(await ledger.store.delivery(resent)).toMatchObject({ state: "delivered" });
  });
});

describe("a delivery that is resent while it is being sent", () => {
  it("is sent again, and the history has both attempts", async () => {
    await using receiver = await WebhookReceiver.start("hang");
    const { ledger, sender, start, report } = await newLedger();
    await start(1, receiver.url);
    const id = await report(1, "joining");
    const sending = sender({ timeoutMs: 1_000 }).sendDue();
    await receiver.received(1);
    expect(await ledger.store.resend(id, ledger.now)).toBe(true);
    await sending;
    // Without the resend it would wait for minutes.
    expect(receiver.deliveryIds).toEqual([id, id]);
    expect(await ledger.store.delivery(id)).toMatchObject({ state: "delivered", attempts: 2 });
    expect((await ledger.store.attempts([id], 9)).map(({ status }) => status)).toEqual([null, 200]);
  });
});

describe("a service that dies between sending and noting it", () => {
  it("sends the event again with the same id when the lease ends, and not before", async () => {
    await using receiver = await WebhookReceiver.start();
    const { ledger, sender, start, report } = await newLedger();
    await start(1, receiver.url);
    const [first, second] = [await report(1, "joining"), await report(1, "in_call")];
    const noteAttempt: DeliveryStore["noteAttempt"] = async () => {
      throw new Error("killed");
    };
    const { store } = ledger;
    const dying = { claimDeliveries: store.claimDeliveries.bind(store), noteAttempt };
    await sender({ store: { ...dying, onJobChange: () => () => undefined } }).sendDue();
    ledger.now += 59_999;
    await sender().sendDue();
    expect(receiver.deliveryIds).toEqual([first]);
    ledger.now += 1;
    await sender().sendDue();
    expect(receiver.deliveryIds).toEqual([first, first, second]);
  });
});

describe("the answer of a receiver", () => {
  it("decides what follows: 410 ends it at once, Retry-After is respected, redirects are not followed, others are retried", async () => {
    await using other = await WebhookReceiver.start();
    await using receiver = await WebhookReceiver.start(
      { status: 429, headers: { "retry-after": "1200" } },
      { status: 302, headers: { location: other.url } },
      { status: 401 },
      { status: 410 },
    );
    const { ledger, sender, start, report } = await newLedger();
    await start(1, receiver.url);
    const id = await report(1, "joining");
    await sender().sendDue();
    expect((await ledger.store.delivery(id))?.nextAt).toBe(AT + 1_200_000);
    for (let again = 0; again < 2; again += 1) {
      ledger.now = (await ledger.store.delivery(id))?.nextAt ?? 0;
      await sender().sendDue();
      expect(await ledger.store.delivery(id)).toMatchObject({ state: "pending", attempts: again + 2 });
    }
    ledger.now = (await ledger.store.delivery(id))?.nextAt ?? 0;
    await sender().sendDue();
    expect(await ledger.store.delivery(id)).toMatchObject({ state: "dead", attempts: 4 });
    expect((await ledger.store.attempts([id], 100)).map(({ status }) => status)).toEqual([429, 302, 401, 410]);
    expect(other.requests).toEqual([]);
    await ledger.store.resend(id, ledger.now);
    await sender().sendDue();
    expect(await ledger.store.delivery(id)).toMatchObject({ state: "delivered", attempts: 5 });
  });

  it("is waited for 24 hours; then the event is a dead letter with the reason, and the next one follows", async () => {
    await using receiver = await WebhookReceiver.start(...Array.from({ length: 40 }, () => ({ status: 500 })));
    const { ledger, sender, start, report } = await newLedger();
    await start(1, receiver.url);
    const first = await report(1, "joining");
    while ((await ledger.store.delivery(first))?.state === "pending" && ledger.now < AT + 48 * HOUR_MS) {
      await sender().sendDue();
      ledger.now += 5 * MINUTE_MS;
    }
    const attempts = await ledger.store.attempts([first], 100);
    expect(await ledger.store.delivery(first)).toMatchObject({ state: "dead", attempts: attempts.length });
    expect(attempts.at(-1)?.error).toMatch(/^webhook at http:\/\/127\.0\.0\.1:\d+ answered with 500$/);
    const lastAt = attempts.at(-1)?.at ?? 0;
    expect(lastAt).toBeGreaterThan(AT + 21 * HOUR_MS);
    expect(lastAt).toBeLessThanOrEqual(AT + 24 * HOUR_MS);
    receiver.script.length = 0;
    const second = await report(1, "in_call");
    await sender().sendDue();
    expect(receiver.deliveryIds.at(-1)).toBe(second);
  });

  it("may be missing or endless: no other customer waits for it", async () => {
    await using hanging = await WebhookReceiver.start(...Array.from({ length: 80 }, () => "hang" as const));
    await using flooding = await WebhookReceiver.start("flood", "trickle");
    await using quick = await WebhookReceiver.start();
    const { sender, start, report, addKey } = await newLedger();
    await addKey({ id: "key_2" });
    for (let number = 1; number <= 80; number += 1) {
      await start(number, hanging.url);
      await report(number, "joining");
    }
    for (const [number, url] of [flooding.url, flooding.url, quick.url].entries()) {
      await start(90 + number, url, { keyId: "key_2" });
      await report(90 + number, "joining");
    }
    const runner = sender({ timeoutMs: 60_000 });
    const sending = runner.sendDue();
    await Promise.all([quick.received(1), flooding.received(2)]);
    // At most two claims of eight are of the customer whose receiver hangs.
    expect(hanging.requests.length).toBeLessThanOrEqual(16);
    await runner.stop();
    await sending;
  });
});

describe("a request to a receiver", () => {
  it("leaves no secrets, paths and queries in attempts and logs", async () => {
    await using receiver = await WebhookReceiver.start({ status: 500 }, "reset");
    const { ledger, sender, start, report, log } = await newLedger();
    const url = `${receiver.url}/secret-path?token=secret-query`.replace("//", "//user:secret-password@");
    await start(1, url);
    const id = await report(1, "joining");
    await sender().sendDue();
    ledger.now += HOUR_MS;
    await sender().sendDue();
    await receiver.down();
    ledger.now += HOUR_MS;
    await sender().sendDue();
    expect(receiver.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from("user:secret-password").toString("base64")}`,
    );
    const told = JSON.stringify(await ledger.store.attempts([id], 100)) + log.text;
    expect(await ledger.store.attempts([id], 100)).toHaveLength(3);
    expect(told).toContain("answered with 500");
    for (const secret of ["secret-", SECRET, SECRET.slice(6), "/hook"]) expect(told).not.toContain(secret);
  });

  it("does not go to private addresses and http:// unless the operator allows it", async () => {
    await using receiver = await WebhookReceiver.start();
    const { ledger, sender, start, report } = await newLedger();
    const port = new URL(receiver.url).port;
    const urls = [receiver.url, `https://127.0.0.1:${port}/`, `https://localhost:${port}/`, `https://[::1]:${port}/`];
    for (const [number, url] of urls.entries()) {
      await start(number, url);
      const id = await report(number, "joining");
      await sender({ allowPrivate: false }).sendDue();
      const [attempt] = await ledger.store.attempts([id], 100);
      expect(attempt?.error).toMatch(/expected an https:|public address/);
      expect(await ledger.store.delivery(id)).toMatchObject({ state: "pending" });
    }
    expect(receiver.requests).toEqual([]);
  });

  it("is still made for the events of a revoked key's jobs", async () => {
    await using receiver = await WebhookReceiver.start();
    const { ledger, sender, start, report } = await newLedger();
    await start(1, receiver.url);
    const id = await report(1, "joining");
    await ledger.store.revokeKey("key_1", ledger.now);
    await sender().sendDue();
    expect(receiver.deliveryIds).toEqual([id]);
  });

  it("waits until the sealing key is back if its secrets cannot be opened", async () => {
    await using receiver = await WebhookReceiver.start();
    const { ledger, sender, sealer, start, report } = await newLedger();
    await start(1, receiver.url);
    const id = await report(1, "joining");
    const open = (): string => {
      throw new Error("the sealing key 0123abcd is missing; put it back behind the newer ones");
    };
    await sender({ sealer: { ...sealer, open } }).sendDue();
    expect((await ledger.store.attempts([id], 100))[0]?.error).toContain("the sealing key 0123abcd is missing");
    ledger.now += HOUR_MS;
    await sender().sendDue();
    expect(receiver.deliveryIds).toEqual([id]);
  });
});

describe("a sender that runs", () => {
  it("sends events of a job at once, and stops without losing the running ones", async () => {
    await using receiver = await WebhookReceiver.start({ status: 200 }, "hang");
    const { ledger, sender, start, report } = await newLedger();
    await start(1, receiver.url);
    const runner = sender();
    runner.start();
    const first = await report(1, "joining");
    await receiver.received(1);
    const second = await report(1, "in_call");
    await receiver.received(2);
    await runner.stop();
    expect(await ledger.store.delivery(second)).toMatchObject({ state: "pending", attempts: 0 });
    ledger.now += 60_000;
    await sender().sendDue();
    expect(receiver.deliveryIds).toEqual([first, second, second]);
  });
});
