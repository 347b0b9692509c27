import { describe, expect, it } from "vitest";
import { person, toneCall } from "../support/tone-call.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
import { recordFixture } from "../support/worker.ts";

describe("a worker whose job a newer worker has", () => {
  it("leaves the call when the ingest endpoint answers 410, and keeps what it recorded", async () => {
    const gone = Array.from({ length: 20 }, () => ({ status: 410 }));
    await using ingest = await WebhookReceiver.start({ status: 200 }, { status: 200 }, ...gone);
    const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 3_000 }]);
    const { exitCode, manifest } = await recordFixture(fixture, {
      environment: { MEETBOT_INGEST_URL: ingest.url, MEETBOT_INGEST_TOKEN: "token-of-an-older-attempt" },
    });
    expect(exitCode).toBe(0);
    expect(manifest.exitReason).toBe("shutdown");
    expect(manifest.durationSeconds).toBeLessThan(30);
  });
});
