import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Envelope } from "../../src/session/job-events.ts";
import { CHANNEL_ID, person, toneCall } from "../support/tone-call.ts";
import { type ScriptedAnswer, WebhookReceiver } from "../support/webhook-receiver.ts";
import { type RecordOptions, recordFixture, runCommand } from "../support/worker.ts";

const CALL = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 50, leavesAtMs: 1_500 }]);
const WHOLE_JOB = ["joining", "in_call", "recording", "finalizing", "completed", "bot.usage_recorded", "job.finalized"];

const stepOf = ({ data, event }: Envelope): string => (data.event === "job.status_changed" ? data.status : event);

/** Events in the order in which they were accepted first. */
function acceptedBy({ requests }: WebhookReceiver): string[] {
  return [...new Map(requests.map(({ envelope }) => [envelope.deliveryId, envelope])).values()].map(stepOf);
}

function toward(receiver: WebhookReceiver): Record<string, string> {
  return {
    MEETBOT_WEBHOOK_URL: receiver.url,
    MEETBOT_WEBHOOK_SECRET: "whsec_recognisable_secret",
    MEETBOT_WEBHOOK_ALLOW_PRIVATE: "true",
  };
}

async function recordToward(receiver: WebhookReceiver, options: RecordOptions = {}) {
  return await recordFixture(CALL, {
    ...options,
    environment: { ...toward(receiver), ...options.environment },
  });
}

describe.concurrent("a webhook", () => {
  it("and an ingest endpoint get each step once, in order, before the worker exits", async () => {
    await using receiver = await WebhookReceiver.start();
    await using ingest = await WebhookReceiver.start();
    const recorded = await recordToward(receiver, {
      environment: { MEETBOT_INGEST_URL: ingest.url, MEETBOT_INGEST_TOKEN: "ingest_recognisable_token" },
    });
    expect(recorded.exitCode).toBe(0);
    for (const endpoint of [receiver, ingest]) {
      expect(endpoint.requests.map(({ envelope }) => stepOf(envelope))).toEqual(WHOLE_JOB);
      expect(endpoint.deliveryIds).toEqual(receiver.deliveryIds);
    }
    expect(ingest.requests[0]?.headers.authorization).toBe("Bearer ingest_recognisable_token");
    const written = JSON.stringify([
      recorded.stderr,
      recorded.stdout,
      receiver.requests.map(({ envelope }) => envelope),
    ]);
    expect(written).not.toContain("recognisable");
  });

  it.each<[string, ScriptedAnswer[]]>([
    ["fails for a while", [{ status: 500 }, { status: 503 }, { status: 200 }, { status: 502 }]],
    ["asks for time", [{ status: 429, headers: { "retry-after": "1" } }]],
    ["cuts connections", ["reset", "reset"]],
    ["hangs", ["hang"]],
  ])("that %s gets each event again with its own id, and none before the one ahead of it", async (_, answers) => {
    await using receiver = await WebhookReceiver.start(...answers);
    const { exitCode } = await recordToward(receiver);
    expect(exitCode).toBe(0);
    expect(acceptedBy(receiver)).toEqual(WHOLE_JOB);
    const refused = answers.filter((answer) => typeof answer === "string" || answer.status !== 200).length;
    expect(receiver.requests).toHaveLength(WHOLE_JOB.length + refused);
    const [first, second] = receiver.requests;
    expect(first?.envelope).toMatchObject({ attempt: 1 });
    expect(second?.envelope).toMatchObject({ attempt: 2, deliveryId: first?.envelope.deliveryId });
  });

  it.each<[string, ScriptedAnswer]>([
    ["redirects", { status: 307, headers: { location: "http://127.0.0.1:9/elsewhere" } }],
    ["refuses", { status: 401 }],
  ])("that %s keeps the spool, exit 5, until recover can deliver it", async (_, answer) => {
    await using receiver = await WebhookReceiver.start(...Array.from({ length: 40 }, () => answer));
    const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const { exitCode, manifest } = await recordToward(receiver, { environment: { MEETBOT_SPOOL_DIR: spool } });
    expect(exitCode).toBe(5);
    expect(manifest.failureCode).toBeNull();
    const asked = receiver.requests.length;
    receiver.script.length = 0;
    const recovered = await runCommand(["recover", "--journal-storage", join(spool, "test")], toward(receiver));
    expect(recovered.exitCode).toBe(0);
    expect(receiver.requests.slice(asked).map(({ envelope }) => stepOf(envelope))).toEqual(WHOLE_JOB);
    expect(await readdir(spool)).toEqual([]);
  });

  it.each<[string, ScriptedAnswer]>([
    ["keeps the body of its answer open", "trickle"],
    ["sends a body without end", "flood"],
  ])("that %s holds nothing up", async (_, answer) => {
    await using receiver = await WebhookReceiver.start(...Array.from({ length: 40 }, () => answer));
    const { exitCode } = await recordToward(receiver);
    expect(exitCode).toBe(0);
    expect(receiver.requests.map(({ envelope }) => stepOf(envelope))).toEqual(WHOLE_JOB);
  });

  it("that is gone for good affects neither the exit code nor the spool, and is contacted once per event", async () => {
    await using receiver = await WebhookReceiver.start(...Array.from({ length: 40 }, () => ({ status: 410 })));
    const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const { exitCode, stderr } = await recordToward(receiver, { environment: { MEETBOT_SPOOL_DIR: spool } });
    expect(exitCode).toBe(0);
    expect(receiver.requests.map(({ envelope }) => stepOf(envelope))).toEqual(WHOLE_JOB);
    expect(stderr).toContain("nobody accepts these events any more");
    expect(await readdir(spool)).toEqual(["test~undelivered.jsonl"]);
    const all = await runCommand(["recover", "--all", spool], toward(receiver));
    expect(all.exitCode).toBe(0);
    expect(receiver.requests).toHaveLength(WHOLE_JOB.length);
  });

  it("of another customer does not get what was meant for the first one", async () => {
    await using receiver = await WebhookReceiver.start(...Array.from({ length: 40 }, () => ({ status: 401 })));
    await using stranger = await WebhookReceiver.start();
    const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await recordToward(receiver, { environment: { MEETBOT_SPOOL_DIR: spool } });
    const { exitCode, stderr } = await runCommand(
      ["recover", "--journal-storage", join(spool, "test")],
      toward(stranger),
    );
    expect(exitCode).toBe(5);
    expect(stderr).toContain("the outbox holds events for another webhook address");
    expect(stranger.requests).toEqual([]);
  });

  it("in a private network is refused before the bot joins, unless it is allowed", async () => {
    await using receiver = await WebhookReceiver.start();
    const refused = recordToward(receiver, { environment: { MEETBOT_WEBHOOK_ALLOW_PRIVATE: "false" } });
    await expect(refused).rejects.toThrow("MEETBOT_WEBHOOK_URL");
    expect(receiver.requests).toEqual([]);
  });
});

describe("a job that cannot join", () => {
  it("reports why", async () => {
    await using receiver = await WebhookReceiver.start();
    const joining = recordToward(receiver, { loopback: { deniedPermissions: { [CHANNEL_ID]: ["connect"] } } });
    await expect(joining).rejects.toThrow("no manifest; the worker exited 1");
    expect(receiver.requests.map(({ envelope }) => stepOf(envelope))).toEqual(["joining", "failed", "job.failed"]);
    expect(receiver.requests.at(-1)?.envelope.data).toMatchObject({ failure_code: "host_denied_admission" });
  });
});
