import { spawnSync } from "node:child_process";
import { createHmac, randomBytes, randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { meetbotSignature } from "../../src/delivery/signature.ts";
import { MeetbotInputError, type ReceivedWebhook, verifyWebhookSignature } from "../../src/sdk/index.ts";
import { missing } from "../support/audio-programs.ts";
import { verifyMeetbotWebhook } from "./recipes/webhook.ts";

interface Case {
  readonly body: Buffer;
  readonly header: string;
  readonly secret: string;
}

/** Bodies of every length around SHA-256's blocks and beyond, with signatures that are right, of others, or broken. */
function someCase(number: number): Case {
  const body = randomBytes(number < 300 ? number : randomInt(20_000));
  const secret = `whsec_${randomBytes(1 + (number % 90)).toString("base64")}`;
  const hex = createHmac("sha256", secret).update(body).digest("hex");
  const other = createHmac("sha256", secret).update("another body").digest("hex");
  const last = hex.endsWith("0") ? "1" : "0";
  const headers = [hex, hex, hex.toUpperCase(), other, `${hex.slice(0, -1)}${last}`, hex.slice(0, -2), ""];
  const text = headers[number % headers.length] ?? "";
  return { body, secret, header: number % 11 === 5 ? text : `sha256=${text}` };
}

const CASES = Array.from({ length: 1_000 }, (_, number) => someCase(number));
const OURS = CASES.map((each) => Number(verifyWebhookSignature(each))).join("");

/** What a program of another language says, as zeros and ones. */
function verdictsOf(command: string, args: readonly string[], cwd?: string): string {
  const lines = CASES.map(({ body, ...rest }) => JSON.stringify({ ...rest, body: body.toString("base64") }));
  const options = { input: `${lines.join("\n")}\n`, encoding: "utf8", cwd, maxBuffer: 1 << 26 } as const;
  const { stdout, stderr, status } = spawnSync(command, args, options);
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

describe("on 1,000 random bodies the SDK agrees with the reference's recipe", () => {
  test("in JavaScript", () => {
    const theirs = CASES.map(({ body, header, secret }) => Number(verifyMeetbotWebhook(body, header, secret)));
    expect(OURS).toBe(theirs.join(""));
    expect(OURS).toContain("0");
    expect(OURS.match(/1/g)?.length).toBeGreaterThan(300);
  });

  test.skipIf(missing("python3"))("in Python", () => {
    expect(OURS).toBe(verdictsOf("python3", ["test/sdk/recipes/webhook.py"]));
  });

  // The first run compiles Go's own library.
  test.skipIf(missing("go"))("in Go", { timeout: 300_000 }, () => {
    expect(OURS).toBe(verdictsOf("go", ["run", "main.go", "webhook.go"], "test/sdk/recipes/go"));
  });
});

describe("verifying a webhook", () => {
  const body = '{"event":"job.finalized","data":{"text":"größer 🎙"}}';
  const [older, newer] = ["whsec_b2xkZXI=", "whsec_bmV3ZXI="] as const;
  const header = meetbotSignature([newer, older], Buffer.from(body));

  test.each<[string, ReceivedWebhook["body"]]>([
    ["text", body],
    ["Buffer", Buffer.from(body)],
    ["Uint8Array", new TextEncoder().encode(body)],
    ["ArrayBuffer", new TextEncoder().encode(body).buffer],
  ])("takes the body as %s", (_name, given) => {
    expect(verifyWebhookSignature({ body: given, header, secret: newer })).toBe(true);
  });

  test("accepts any signature of a list, while a secret is rotated", () => {
    for (const secret of [newer, older]) expect(verifyWebhookSignature({ body, header, secret })).toBe(true);
    expect(verifyWebhookSignature({ body, header: header.replace(",", " , "), secret: older })).toBe(true);
    expect(verifyWebhookSignature({ body, header: header.split(","), secret: older })).toBe(true);
    expect(verifyWebhookSignature({ body, header, secret: "whsec_b3RoZXI=" })).toBe(false);
  });

  test.each([null, undefined, "", "sha256=", "sha1=00", `sha256=${"g".repeat(64)}`, [], ","])(
    "refuses a header without a signature: %j",
    (none) => {
      expect(verifyWebhookSignature({ body, header: none, secret: newer })).toBe(false);
    },
  );

  test("refuses a signature with something behind it, which Node's own decoder of hex would overlook", () => {
    const [signature = ""] = header.split(",");
    expect(verifyWebhookSignature({ body, header: signature, secret: newer })).toBe(true);
    expect(verifyWebhookSignature({ body, header: `${signature}zz`, secret: newer })).toBe(false);
  });

  test.each([undefined, ""])("throws without a secret: anybody could sign with an empty one (%j)", (secret) => {
    const forged = `sha256=${createHmac("sha256", "").update(body).digest("hex")}`;
    const call = () => verifyWebhookSignature({ body, header: forged, secret: secret as string });
    expect(call).toThrow(MeetbotInputError);
    expect(call).toThrow(/^secret: /);
  });

  test("throws if the body was parsed already", () => {
    const parsed = JSON.parse(body);
    expect(() => verifyWebhookSignature({ body: parsed, header, secret: newer })).toThrow(/^body: expected the raw/);
  });
});
