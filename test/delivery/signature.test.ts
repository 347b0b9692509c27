import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
import { newFolder, numbered, SECRET, sinkWith, webhookAt } from "./support.ts";

const RECEIVERS = new URL("receivers/", import.meta.url).pathname;
const PAGE = readFileSync(new URL("../../docs/reference/webhooks.md", import.meta.url), "utf8");

/** The verdict of a customer's own code on a request. */
function isGenuine(command: string[], body: Buffer, signature: string, secret = SECRET): boolean {
  const [program = "", ...args] = command;
  const { status, error, stderr } = spawnSync(program, [...args, signature], {
    input: body,
    env: { ...process.env, WEBHOOK_SECRET: secret },
  });
  if (error !== undefined || (status !== 0 && status !== 1) || stderr.length > 0) {
    throw new Error(`${command.join(" ")} failed: ${error?.message ?? stderr.toString("utf8")}`);
  }
  return status === 0;
}

async function sign(): Promise<{ body: Buffer; signature: string }> {
  await using receiver = await WebhookReceiver.start();
  const eventSink = await sinkWith({ directory: newFolder(), destinations: [webhookAt(receiver.url)] });
  await eventSink.emit(numbered(1));
  await eventSink.drain();
  await eventSink.close();
  const [request] = receiver.requests;
  return { body: request?.body ?? Buffer.alloc(0), signature: String(request?.headers["x-meetbot-signature"]) };
}

describe.each([
  ["JavaScript", [process.execPath, `${RECEIVERS}verify.mjs`], false],
  ["Python", ["python3", `${RECEIVERS}verify.py`], missing("python3")],
] as const)("a receiver in %s", (_, command, skip) => {
  test.skipIf(skip)("accepts a valid signature", async () => {
    const { body, signature } = await sign();
    expect(isGenuine([...command], body, signature)).toBe(true);
  });

  test.skipIf(skip)(
    "refuses a changed byte, another secret, a changed signature, and a malformed signature",
    async () => {
      const { body, signature } = await sign();
      const changed = Buffer.from(body);
      changed.writeUInt8(changed.readUInt8(20) ^ 1, 20);
      expect(isGenuine([...command], changed, signature)).toBe(false);
      expect(isGenuine([...command], body, signature, `${SECRET}x`)).toBe(false);
      const last = signature.endsWith("0") ? "1" : "0";
      expect(isGenuine([...command], body, signature.slice(0, -1) + last)).toBe(false);
      for (const forged of [
        "none",
        "sha256=",
        "sha256=zz",
        "sha256=0",
        "sha256=é",
        `${signature}00`,
        signature.slice(0, -2),
      ]) {
        expect(isGenuine([...command], body, forged), forged).toBe(false);
      }
    },
  );
});

test("The receivers in the documentation are the ones tested here.", () => {
  const body = (name: string, from: string): string => {
    const source = readFileSync(`${RECEIVERS}${name}`, "utf8");
    const begin = source.indexOf(from);
    return source.slice(begin, source.indexOf("\n\n", begin)).trimEnd();
  };
  expect(PAGE).toContain(body("verify.mjs", "export function verifyMeetbotWebhook"));
  expect(PAGE).toContain(body("verify.py", "def verify_meetbot_webhook"));
});
