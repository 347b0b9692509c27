import { spawnSync } from "node:child_process";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { missing } from "../../support/audio-programs.ts";
import { type ReceivedRequest, WebhookReceiver } from "../../support/webhook-receiver.ts";
import { newLedger, OLD_SECRET, SECRET } from "./support.ts";

const RECEIVERS = new URL("receivers/", import.meta.url).pathname;
const REFERENCE = {
  JavaScript: [process.execPath, `${RECEIVERS}reference.ts`],
  Python: ["python3", `${RECEIVERS}reference.py`],
} as const;

/** Runs the reference's own verifier on a request. */
function isGenuine(language: keyof typeof REFERENCE, body: Buffer, signature: string, secret: string): boolean {
  const [program, file] = REFERENCE[language];
  const env = { ...process.env, WEBHOOK_SECRET: secret };
  const { status, stderr } = spawnSync(program, [file, signature], { input: body, env });
  if (status === 0 || status === 1) return status === 0;
  throw new Error(stderr.toString("utf8"));
}

/** @param oldFor how long the old secret is valid from now on; undefined if the secret is not rotated */
async function received(oldFor?: number): Promise<ReceivedRequest> {
  await using receiver = await WebhookReceiver.start();
  const { ledger, sender, start, report, seal } = await newLedger();
  ledger.now = Date.now();
  if (oldFor !== undefined) {
    const rotate = (secret: string, oldUntil: number | null) =>
      ledger.store.rotateWebhookSecret("key_1", { at: ledger.now, newSealed: seal(secret, "key_1"), oldUntil });
    await rotate(OLD_SECRET, null);
    await rotate(SECRET, ledger.now + oldFor);
  }
  await start(1, receiver.url);
  await report(1, "joining");
  await sender().sendDue();
  const [request] = receiver.requests;
  if (request === undefined) throw new Error("nothing came");
  return request;
}

function standardHeaders({ headers }: ReceivedRequest): Record<string, string> {
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]));
}

describe.each([
  ["JavaScript", false],
  ["Python", missing("python3")],
] as const)("the reference's own verifier in %s", (language, skip) => {
  it.skipIf(skip)("takes the exact bytes that were sent, and no others", async () => {
    const { body, headers } = await received();
    const signature = String(headers["x-meetbot-signature"]);
    expect(isGenuine(language, body, signature, SECRET)).toBe(true);
    expect(isGenuine(language, body, signature, OLD_SECRET)).toBe(false);
    const parsed = Buffer.from(JSON.stringify(JSON.parse(body.toString("utf8")), null, 1));
    expect(isGenuine(language, parsed, signature, SECRET)).toBe(false);
    expect(headers).toMatchObject({ "x-meetbot-webhook-version": "2", "content-type": "application/json" });
  });

  it.skipIf(skip)("takes one entry of the list while the secret is rotated, with either secret", async () => {
    const { body, headers } = await received(60_000);
    const entries = String(headers["x-meetbot-signature"]).split(",");
    expect(entries).toHaveLength(2);
    for (const secret of [SECRET, OLD_SECRET]) {
      expect(entries.filter((entry) => isGenuine(language, body, entry, secret))).toHaveLength(1);
    }
    expect(isGenuine(language, body, entries[0] ?? "", SECRET)).toBe(true);
  });
});

describe("the library of Standard Webhooks", () => {
  it("takes what was sent, and refuses another body, secret, id and time", async () => {
    const request = await received();
    const headers = standardHeaders(request);
    const verify = (secret: string, more: object = {}, body = request.body) =>
      new Webhook(secret).verify(body.toString("utf8"), { ...headers, ...more });
    expect(verify(SECRET)).toEqual(JSON.parse(request.body.toString("utf8")));
    expect(headers["webhook-id"]).toBe(request.envelope.deliveryId);
    expect(() => verify(OLD_SECRET)).toThrow();
    expect(() => verify(SECRET, { "webhook-id": "dlv_other" })).toThrow();
    expect(() => verify(SECRET, { "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 1) })).toThrow();
    expect(() => verify(SECRET, {}, Buffer.concat([request.body, Buffer.from(" ")]))).toThrow();
  });

  it("takes either secret while it is rotated, and only the new one afterwards", async () => {
    const during = await received(60_000);
    for (const secret of [SECRET, OLD_SECRET]) {
      new Webhook(secret).verify(during.body.toString("utf8"), standardHeaders(during));
    }
    const after = await received(0);
    new Webhook(SECRET).verify(after.body.toString("utf8"), standardHeaders(after));
    expect(() => new Webhook(OLD_SECRET).verify(after.body.toString("utf8"), standardHeaders(after))).toThrow();
    expect(String(after.headers["x-meetbot-signature"])).not.toContain(",");
  });
});
