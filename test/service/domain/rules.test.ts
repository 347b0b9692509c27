import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELIVERY_LIMIT_MS, nextDeliveryAt, recoveryPauseMs } from "../../../src/service/domain/backoff.ts";
import { missedFrom } from "../../../src/service/domain/late.ts";
import { leaveRules } from "../../../src/service/domain/leave-behavior.ts";
import { judge, type Verdict } from "../../../src/service/domain/verdict.ts";
import { workerSettings } from "../../../src/service/domain/worker-settings.ts";
import { AT } from "../support/job-rows.ts";

const UNTRACKED: Verdict = { kind: "untracked", evidence: "no process 4711" };
const UNKNOWN: Verdict = { kind: "unknown", why: "the API does not answer" };

describe("a verdict on a worker", () => {
  it("ends nothing if the probe failed (a probe from another PID namespace)", () => {
    expect(judge(UNKNOWN, null, AT)).toEqual({ kind: "wait", untrackedSince: null });
    expect(judge(UNKNOWN, AT - 3_600_000, AT)).toEqual({ kind: "wait", untrackedSince: null });
  });

  it("counts a worker without a trace as gone only after 10 minutes without a break, and gives the evidence", () => {
    expect(judge(UNTRACKED, null, AT)).toEqual({ kind: "wait", untrackedSince: AT });
    expect(judge(UNTRACKED, AT, AT + 599_999)).toEqual({ kind: "wait", untrackedSince: AT });
    expect(judge(UNTRACKED, AT, AT + 600_000)).toEqual({
      ...{ kind: "gone", exitCode: null },
      how: "no trace of it for 10 minutes: no process 4711",
    });
  });

  it("believes the launcher that says how the worker ended", () => {
    expect(judge({ kind: "gone", how: "exit code 2", exitCode: 2 }, null, AT)).toMatchObject({ kind: "gone" });
  });

  it("never ends a job by a sequence without ten minutes of untracked verdicts", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(UNTRACKED, UNKNOWN), fc.nat(299_000))), (looks) => {
        let [since, now, trackless]: [number | null, number, number] = [null, AT, AT];
        for (const [verdict, afterMs] of looks) {
          now += afterMs;
          if (verdict === UNKNOWN || since === null) trackless = now;
          const judgement = judge(verdict, since, now);
          if (judgement.kind === "gone") expect(now - trackless).toBeGreaterThanOrEqual(600_000);
          since = judgement.kind === "wait" ? judgement.untrackedSince : null;
        }
      }),
    );
  });
});

describe("the late policy", () => {
  it("is a window of 10 minutes by default, and a minute for a job that must not be late", () => {
    expect(missedFrom({ joinAt: AT, late: "join", lateWindowMs: 600_000 })).toBe(AT + 600_000);
    expect(missedFrom({ joinAt: AT, late: "skip", lateWindowMs: 600_000 })).toBe(AT + 60_000);
  });
});

describe("leaveBehavior", () => {
  it.each([
    ["when-host-leaves", {}],
    ["after-silence:300s", { MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "300" }],
    [
      "explicit",
      {
        MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS: "0",
        MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "0",
        MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "0",
      },
    ],
  ])("%s sets the worker's rules", (behavior, settings) => {
    expect(leaveRules(behavior)).toEqual({ settings });
  });

  it.each(["after-silence:0s", "after-silence:86401s", "after-silence:5m", "", "never"])("refuses %s", (behavior) => {
    expect(leaveRules(behavior)).toEqual({ refusal: expect.stringContaining('expected "when-host-leaves"') });
  });
});

describe("the worker's settings of a request", () => {
  it("are its rules and the allowed settings; the most specific one wins", () => {
    expect(
      workerSettings({
        leaveBehavior: "after-silence:300s",
        autoLeave: { afterSilenceSeconds: 20, onBotDetected: true },
        recording: { rotate: "never", consent: "none", autoLeaveAfterSilenceSeconds: 5 },
      }),
    ).toEqual({
      settings: {
        MEETBOT_ROTATE: "never",
        MEETBOT_CONSENT: "none",
        MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "20",
        MEETBOT_AUTO_LEAVE_ON_BOT_DETECTED: "true",
      },
    });
  });

  it("refuse settings that belong to the operator, and name each wrong field", () => {
    const recording = { botToken: "x", storageUri: "file:/", spoolDir: "/", httpPort: 1, noticeAudio: "/etc/passwd" };
    const refused = workerSettings({ recording: { ...recording, rotate: "daily", rotateSilenceSeconds: null } });
    expect("problems" in refused && refused.problems.map(({ path }) => path[1])).toEqual([
      ...Object.keys(recording),
      "rotate",
      "rotateSilenceSeconds",
    ]);
    const late = workerSettings({ autoLeave: { afterMaxSeconds: -1 } });
    expect(late).toEqual({
      problems: [{ path: ["autoLeave", "afterMaxSeconds"], message: expect.stringContaining("-1") }],
    });
  });
});

describe("the pauses of a delivery", () => {
  const options = { since: AT, now: AT, retryAfterMs: 0, random: 0 };

  it("grow from 5 seconds to 2 hours", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 20].map((attempts) => (nextDeliveryAt({ ...options, attempts }) ?? 0) - AT);
    expect(pauses.map((ms) => ms / 1_000)).toEqual([5, 30, 120, 600, 1_800, 3_600, 7_200, 7_200]);
  });

  it("respect the receiver's Retry-After", () => {
    expect(nextDeliveryAt({ ...options, attempts: 1, retryAfterMs: 40_000 })).toBe(AT + 40_000);
  });

  it("end with a dead letter after 24 hours and not before", () => {
    let [now, attempts]: [number, number] = [AT, 0];
    for (;;) {
      attempts += 1;
      const next = nextDeliveryAt({ ...options, now, attempts });
      if (next === undefined) break;
      now = next;
    }
    expect(now - AT).toBeLessThanOrEqual(DELIVERY_LIMIT_MS);
    expect(now - AT).toBeGreaterThan(DELIVERY_LIMIT_MS - 7_200_000);
  });

  it("let recovery continue for longer than a day", () => {
    let total = 0;
    for (let recoveries = 0; ; recoveries += 1) {
      const pause = recoveryPauseMs(recoveries);
      if (pause === undefined) break;
      total += pause;
    }
    expect(total).toBeGreaterThan(20 * 3_600_000);
  });
});
