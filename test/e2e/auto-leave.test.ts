import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CallEvent, CallFixture, CallUser } from "../../src/fixture/call-script.ts";
import { type SessionEvent, sessionEvent } from "../../src/session/session-events.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
import { type Recorded, recordFixture } from "../support/worker.ts";

const ADA = person(1);
const KENTA = person(2);
const JUKEBOX: CallUser = { ...person(3, "jukebox"), bot: true };
const CRAIG: CallUser = { ...person(4, "Craig"), bot: true };

/** All rules are off except the cap, which no test reaches. */
const OFF = {
  MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS: "0",
  MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "0",
  MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "0",
  MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS: "60",
};

const joins = (user: CallUser, atMs = 0, muted = false): CallEvent => ({
  type: "join",
  atMs,
  user,
  flags: { selfMute: muted, selfDeaf: muted },
});
const leaves = (user: CallUser, atMs: number): CallEvent => ({ type: "leave", atMs, userId: user.id });
const quiet = (...events: CallEvent[]): CallFixture => toneCall([], { events });

async function linesOf({ directory }: Recorded): Promise<SessionEvent[]> {
  const text = await readFile(join(directory, "events.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => sessionEvent.parse(JSON.parse(line)));
}

/** The one line that says which rule ended the call, and that what comes after it is the end. */
async function autoLeaveOf(recorded: Recorded) {
  const lines = await linesOf(recorded);
  const found = lines.filter((line) => line.type === "auto_leave");
  expect(found).toHaveLength(1);
  const [line] = found;
  if (line === undefined) throw new Error("no rule ended the call");
  const finalizing = lines.find((other) => other.type === "state" && other.status === "finalizing");
  expect(finalizing).toMatchObject({ detail: line.detail });
  expect(recorded.manifest).toMatchObject({ exitReason: line.rule, exitDetail: line.detail });
  // It held for all of its threshold, without what was not counted.
  expect(line.atMs - line.sinceMs - line.evidence.uncountedMs).toBeGreaterThanOrEqual(line.thresholdMs);
  return line;
}

describe.concurrent("a worker leaves automatically", () => {
  it("if no human joins, whichever bots are there and play", async () => {
    const bots = toneCall([{ user: JUKEBOX, speaksFromMs: 100, packetCount: 100 }], { events: [joins(CRAIG)] });
    const recorded = await recordFixture(bots, {
      environment: { ...OFF, MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS: "1" },
    });
    expect(recorded.exitCode).toBe(0);
    expect(recorded.manifest).toMatchObject({ exitReason: "nobody_joined", failureCode: "lobby_timeout" });
    expect(await autoLeaveOf(recorded)).toMatchObject({
      thresholdMs: 1_000,
      sinceMs: 0,
      evidence: { humansPresent: [], humanSeen: false, lastToLeave: null, lastVoice: null, uncountedMs: 0 },
      detail: "no person joined within 1 s of the bot connecting; 2 bots stayed, and bots do not count as company",
    });
  });

  it("after the last person has left, unless they come back in time", async () => {
    const call = toneCall([{ user: ADA, speaksFromMs: 100, packetCount: 75, leavesAtMs: 1_800 }], {
      events: [joins(JUKEBOX), joins(KENTA, 2_400), leaves(KENTA, 2_700)],
    });
    const recorded = await recordFixture(call, {
      environment: { ...OFF, MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "3" },
    });
    const { evidence, sinceMs } = await autoLeaveOf(recorded);
    expect(recorded.manifest.exitReason).toBe("alone_in_room");
    expect(evidence).toMatchObject({ humansPresent: [], botsPresent: [JUKEBOX.id], humanSeen: true });
    expect(evidence.lastToLeave).toEqual({ id: KENTA.id, atMs: sinceMs });
    expect(evidence.lastVoice?.id).toBe(ADA.id);
  });

  it("if nobody has sent voice; muted people count as present, and a bot that plays does not count", async () => {
    const call = toneCall(
      [
        { user: ADA, speaksFromMs: 100, packetCount: 10 },
        { user: JUKEBOX, speaksFromMs: 100, packetCount: 150 },
      ],
      { events: [joins(KENTA, 0, true)] },
    );
    const recorded = await recordFixture(call, {
      environment: {
        ...OFF,
        MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
        MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS: "1",
        MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "2",
      },
    });
    const { evidence, sinceMs } = await autoLeaveOf(recorded);
    expect(recorded.manifest.exitReason).toBe("silence_timeout");
    expect([...evidence.humansPresent].sort()).toEqual([ADA.id, KENTA.id]);
    expect(evidence.lastVoice).toEqual({ id: ADA.id, atMs: sinceMs });
  });

  it("at the maximum duration, even if people are talking", async () => {
    const call = toneCall([{ user: ADA, speaksFromMs: 0, packetCount: 500 }]);
    const recorded = await recordFixture(call, { environment: { ...OFF, MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS: "2" } });
    expect(await autoLeaveOf(recorded)).toMatchObject({
      rule: "max_duration",
      thresholdMs: 2_000,
      sinceMs: 0,
      evidence: { humansPresent: [ADA.id], lastVoice: { id: ADA.id } },
    });
  });

  it("but not while voice is disconnected, which is not counted", async () => {
    const recorded = await recordFixture(quiet(joins(ADA), leaves(ADA, 300)), {
      environment: { ...OFF, MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1" },
      during: async (worker, loopback) => {
        await worker.until("participant left");
        loopback.faults.closeVoice(4006);
      },
    });
    const { evidence, detail } = await autoLeaveOf(recorded);
    expect(recorded.manifest.gaps).toMatchObject([{ reason: "reconnect" }]);
    const [{ startMs, endMs } = { startMs: 0, endMs: 0 }] = recorded.manifest.gaps;
    expect(evidence.uncountedMs).toBeGreaterThan(0);
    expect(Math.abs(evidence.uncountedMs - (endMs - startMs))).toBeLessThan(1);
    expect(detail).toContain("not counting ");
  });

  it("but not while the gateway is disconnected and voice continues, because a person may have joined", async () => {
    const recorded = await recordFixture(quiet(joins(ADA), leaves(ADA, 300)), {
      environment: { ...OFF, MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1" },
      during: async (worker, loopback) => {
        await worker.until("participant left");
        loopback.faults.dropGateway();
      },
    });
    const { evidence } = await autoLeaveOf(recorded);
    expect(recorded.manifest).toMatchObject({ exitReason: "alone_in_room", gaps: [] });
    expect(evidence.uncountedMs).toBeGreaterThan(0);
  });
});

describe.concurrent("another recorder in the channel", () => {
  const call = (other: CallUser): CallFixture =>
    toneCall([{ user: ADA, speaksFromMs: 100, packetCount: 30, leavesAtMs: 1_500 }], {
      events: [joins(other, 300), leaves(other, 800), joins(other, 1_000), leaves(other, 1_200)],
    });

  async function record(other: CallUser, leaveOnBotDetected: boolean) {
    await using receiver = await WebhookReceiver.start();
    const recorded = await recordFixture(call(other), {
      environment: {
        ...OFF,
        MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
        MEETBOT_AUTO_LEAVE_ON_BOT_DETECTED: String(leaveOnBotDetected),
        MEETBOT_WEBHOOK_URL: receiver.url,
        MEETBOT_WEBHOOK_SECRET: "whsec_0123456789abcdef",
        MEETBOT_WEBHOOK_ALLOW_PRIVATE: "true",
      },
    });
    const reported = receiver.requests.map(({ envelope }) => envelope);
    return { recorded, reported: reported.filter(({ event }) => event === "bot.competing_bot_detected") };
  }

  it("ends the call if the settings ask for it, and is reported once", async () => {
    const { recorded, reported } = await record(CRAIG, true);
    expect(recorded.exitCode).toBe(0);
    expect(recorded.manifest).toMatchObject({ exitReason: "competing_bot", failureCode: null });
    expect(await autoLeaveOf(recorded)).toMatchObject({
      evidence: { recordersPresent: [{ id: CRAIG.id, knownBy: "name" }], humansPresent: [ADA.id] },
      detail: `another recorder is in the channel: bot ${CRAIG.id}, known by its name`,
    });
    expect(reported.map(({ data }) => data)).toMatchObject([
      { participant: { id: CRAIG.id, bot: true }, leftMeeting: true },
    ]);
  });

  it("is reported once if the worker stays, however often the recorder returns", async () => {
    const { recorded, reported } = await record(CRAIG, false);
    expect(recorded.manifest.exitReason).toBe("alone_in_room");
    const noticed = (await linesOf(recorded)).filter(({ type }) => type === "competing_bot");
    expect(noticed).toMatchObject([{ participant: { id: CRAIG.id }, knownBy: "name", leaves: false }]);
    expect(reported.map(({ data }) => data)).toMatchObject([{ participant: { id: CRAIG.id }, leftMeeting: false }]);
  });

  it.each<[string, CallUser]>([
    ["a person of such a name", { ...CRAIG, bot: false }],
    ["a bot that only plays music", JUKEBOX],
  ])("is not %s", async (_, other) => {
    const { recorded, reported } = await record(other, true);
    expect(recorded.manifest.exitReason).toBe("alone_in_room");
    expect((await linesOf(recorded)).filter(({ type }) => type === "competing_bot")).toEqual([]);
    expect(reported).toEqual([]);
  });
});
