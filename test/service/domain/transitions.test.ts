import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobInput } from "../../../src/service/domain/job-input.ts";
import { isOver, type JobRow } from "../../../src/service/domain/job-row.ts";
import { nextJob } from "../../../src/service/domain/transitions.ts";
import { AT, FINALIZED, failedStatus, jobRow, runningJob, statusEvent } from "../support/job-rows.ts";

/** Applies inputs in order; those that are forbidden change nothing. */
function rowAfter(job: JobRow, ...inputs: JobInput[]): JobRow {
  let row = job;
  for (const input of inputs) row = { ...row, ...nextJob(row, input)?.patch };
  return row;
}

const reported = (event: (JobInput & { type: "worker_event" })["event"], attempt = 1): JobInput => ({
  ...{ type: "worker_event", at: AT + 1_000, attempt, event },
});

const CLAIM: JobInput = { type: "claimed", at: AT, task: "record", controlTokenSealed: "sealed" };
const gone = (attempt: number, remains: "nothing" | "unjoined" | "recorded" = "nothing"): JobInput => ({
  ...{ type: "worker_gone", at: AT + 5_000, attempt, how: "exit code 137", remains },
});
const cancel: JobInput = { type: "end_asked", at: AT, how: "cancel" };

describe("a job's states", () => {
  it("follow the worker's events to the end", () => {
    const launched: JobInput = { type: "launched", at: AT, attempt: 1, worker: "{}" };
    const job = rowAfter(jobRow({ status: "scheduled" }), { type: "due", at: AT }, CLAIM, launched);
    expect(job).toMatchObject({ status: "queued", attempt: 1, worker: "{}" });
    const names = ["joining", "in_call", "recording", "finalizing", "completed"] as const;
    const seen = names.map((name) =>
      rowAfter(job, ...names.slice(0, names.indexOf(name) + 1).map((n) => reported(statusEvent(n)))),
    );
    expect(seen.map(({ status }) => status)).toEqual(names);
    expect(seen.at(-1)).toMatchObject({ tokenSealed: null, endedAt: AT + 1_000 });
  });

  it("keep facts of the recording that come after the last state", () => {
    const job = rowAfter(runningJob({ status: "completed" }), reported(FINALIZED));
    expect(job).toMatchObject({ status: "completed", durationSeconds: 600, billed: true, exitReason: "alone_in_room" });
    expect(job.manifestUri).toBe("file:///recordings/job/manifest.json");
  });

  it("show a pause and a stopped recording", () => {
    const recording = runningJob({ status: "recording" });
    expect(rowAfter(recording, reported(statusEvent("recording", { paused: true })))).toMatchObject({ paused: true });
    const stopped = rowAfter(recording, reported(statusEvent("in_call", { previousStatus: "recording" })));
    expect(stopped).toMatchObject({ status: "in_call", stopped: true });
  });

  it.each<[string, JobRow, JobInput]>([
    ["an event that goes back", runningJob({ status: "finalizing" }), reported(statusEvent("recording"))],
    ["the current state", runningJob({ status: "recording" }), reported(statusEvent("recording"))],
    ["an event after the end", runningJob({ status: "failed" }), reported(statusEvent("completed"))],
    [
      "a failure after another end",
      runningJob({ status: "cancelled" }),
      reported({
        ...{
          event: "job.failed",
          jobId: FINALIZED.jobId,
          externalId: FINALIZED.externalId,
          metadata: FINALIZED.metadata,
        },
        ...{ status: "failed", failure_code: "internal_error", failureCode: "internal_error", durationSeconds: 0 },
        ...{ failure_detail: "why", failure_reason: "why", error: "why", billed: false },
      }),
    ],
    ["an event of another attempt", runningJob({ attempt: 2 }), reported(statusEvent("recording"), 1)],
    ["an event of a scheduled job", jobRow({ status: "scheduled" }), reported(statusEvent("joining"), 0)],
    ["a second claim", runningJob({ status: "queued" }), CLAIM],
    ["a claim of a job that must end", jobRow({ ending: "cancel" }), CLAIM],
    ["a claim of a scheduled job", jobRow({ status: "scheduled" }), CLAIM],
    ["a recovery of nothing", jobRow(), { ...CLAIM, task: "recover" } as JobInput],
    ["a time that came before", jobRow(), { type: "due", at: AT }],
    ["a missed time of a job that was started", runningJob(), { type: "missed", at: AT, detail: "late" }],
    [
      "the handle of another attempt",
      runningJob({ worker: null }),
      { type: "launched", at: AT, attempt: 2, worker: "" },
    ],
    ["the end of another attempt", runningJob(), gone(2)],
    ["the end of a worker that is known to be gone", jobRow({ attempt: 1 }), gone(1)],
    ["the end of a job that is over", runningJob({ status: "completed" }), cancel],
    ["the same request for the end again", runningJob({ ending: "cancel" }), cancel],
    ["a weaker request for the end", runningJob({ ending: "cancel" }), { type: "end_asked", at: AT, how: "leave" }],
    ["that a worker with a handle never started", runningJob(), { type: "not_started", at: AT, attempt: 1 }],
    ["stopping a worker that is gone", jobRow(), { type: "stopping", at: AT }],
    ["the silence of another attempt", runningJob(), { type: "silent", at: AT, attempt: 2 }],
    [
      "the silence of a worker that is being stopped",
      runningJob({ stopLevel: 1 }),
      { type: "silent", at: AT, attempt: 1 },
    ],
    ["silence before the first event", runningJob({ status: "queued" }), { type: "silent", at: AT, attempt: 1 }],
  ])("forbid %s", (_, job, input) => {
    expect(nextJob(job, input)).toBeUndefined();
  });
});

describe("a stop", () => {
  it("ends a job without a worker at once", () => {
    expect(rowAfter(jobRow(), cancel)).toMatchObject({ status: "cancelled", ending: "cancel", tokenSealed: null });
  });

  it("ends the job only when the worker's end confirms it (false 'stopped' answers)", () => {
    const asked = rowAfter(runningJob({ status: "joining" }), cancel);
    expect(asked).toMatchObject({ status: "joining", ending: "cancel" });
    expect(rowAfter(asked, gone(1))).toMatchObject({ status: "cancelled", claimedAt: null });
  });

  it("has a deadline as a row, then SIGTERM, then SIGKILL", () => {
    const job = runningJob({ status: "recording", startedAt: AT });
    expect(nextJob(job, cancel)?.timers).toEqual([{ kind: "stop", dueAt: AT + 30_000 }]);
    const stopping: JobInput = { type: "stopping", at: AT + 30_000 };
    expect(rowAfter(job, cancel, stopping)).toMatchObject({ stopLevel: 1 });
    expect(rowAfter(job, cancel, stopping, stopping, stopping)).toMatchObject({ stopLevel: 2, status: "recording" });
  });
});

describe("a worker that is gone", () => {
  it("is recovered if it left a recording, whatever the job's state", () => {
    for (const status of ["recording", "completed"] as const) {
      const job = runningJob({ status, startedAt: AT });
      const change = nextJob(job, gone(1, "recorded"));
      expect(change?.patch).toMatchObject({ claimedAt: null, recoveries: 1 });
      expect(change?.patch.status).toBeUndefined();
      expect(change?.timers).toContainEqual({ kind: "recover", dueAt: AT + 5_000 });
    }
  });

  it("is started again once if nothing was recorded", () => {
    const again = rowAfter(runningJob(), gone(1, "unjoined"));
    expect(again).toMatchObject({ status: "queued", retries: 1, abandonedAttempt: 1, claimedAt: null });
    const ended = rowAfter(again, CLAIM, gone(2));
    expect(ended).toMatchObject({ status: "failed", failureCode: "internal_error", attempt: 2 });
    expect(ended.failureDetail).toContain("exit code 137");
  });

  it("fails as dispatch_timeout if it never sent an event", () => {
    const late = (row: JobRow, attempt: number) => rowAfter(row, { type: "stopping", at: AT + 60_000 }, gone(attempt));
    const first = late(rowAfter(jobRow(), CLAIM), 1);
    expect(first).toMatchObject({ status: "queued", retries: 1 });
    expect(late(rowAfter(first, CLAIM), 2)).toMatchObject({ status: "failed", failureCode: "dispatch_timeout" });
  });

  it("fails as dispatch_timeout if it was stopped for being late, even if it ends in order", () => {
    const late = (row: JobRow, attempt: number) =>
      rowAfter(row, CLAIM, { type: "stopping", at: AT }, reported(statusEvent("cancelled"), attempt), gone(attempt));
    const first = late(jobRow(), 1);
    expect(first).toMatchObject({ status: "queued", retries: 1, claimedAt: null });
    expect(late(first, 2)).toMatchObject({ status: "failed", failureCode: "dispatch_timeout" });
  });

  it("or was never started does not count as a retry", () => {
    const job = rowAfter(jobRow(), CLAIM, { type: "not_started", at: AT, attempt: 1 });
    expect(job).toMatchObject({ status: "queued", claimedAt: null, retries: 0 });
    const cancelled = rowAfter(jobRow(), CLAIM, cancel, { type: "not_started", at: AT, attempt: 1 });
    expect(cancelled).toMatchObject({ status: "cancelled", claimedAt: null });
    const recovery: JobInput = { ...CLAIM, task: "recover" };
    const change = nextJob(rowAfter(jobRow({ recoveries: 1 }), recovery), { type: "not_started", at: AT, attempt: 1 });
    expect(change?.timers).toContainEqual({ kind: "recover", dueAt: AT });
  });

  it("is not started again if a recording had begun", () => {
    const job = runningJob({ status: "recording", startedAt: AT });
    expect(rowAfter(job, gone(1))).toMatchObject({ status: "failed", failureCode: "internal_error", retries: 0 });
  });
});

describe("a failure that the worker sends", () => {
  it("starts the job again once if a retry may help, and is not passed on", () => {
    const change = nextJob(runningJob(), reported(failedStatus("lobby_timeout")));
    expect(change).toMatchObject({ passOn: false, patch: { status: "queued", retries: 1, abandonedAttempt: 1 } });
    const job = rowAfter(runningJob(), reported(failedStatus("lobby_timeout")), gone(1));
    expect(job).toMatchObject({ status: "queued", claimedAt: null });
    const second = rowAfter(
      job,
      CLAIM,
      reported(statusEvent("joining"), 2),
      reported(failedStatus("lobby_timeout"), 2),
    );
    expect(second).toMatchObject({ status: "failed", failureCode: "lobby_timeout" });
  });

  it.each(["auth_failure", "host_denied_admission", "meeting_not_found"] as const)("is final for %s", (code) => {
    const change = nextJob(runningJob(), reported(failedStatus(code)));
    expect(change).toMatchObject({ passOn: true, patch: { status: "failed", failureCode: code } });
  });

  it("is final if the customer has asked for the end", () => {
    const job = runningJob({ ending: "cancel" });
    expect(rowAfter(job, reported(failedStatus("lobby_timeout"))).status).toBe("failed");
  });
});

const input: fc.Arbitrary<JobInput> = fc.oneof(
  fc.constant<JobInput>({ type: "due", at: AT }),
  fc.constant<JobInput>({ type: "missed", at: AT, detail: "late" }),
  fc
    .constantFrom("record", "recover")
    .map((task): JobInput => ({ type: "claimed", at: AT, task: task as "record", controlTokenSealed: "s" })),
  fc.nat(3).map((attempt): JobInput => ({ type: "not_started", at: AT, attempt })),
  fc.nat(3).map((attempt): JobInput => ({ type: "launched", at: AT, attempt, worker: "{}" })),
  fc
    .tuple(
      fc.nat(3),
      fc.constantFrom("joining", "in_call", "recording", "finalizing", "completed", "failed", "cancelled"),
    )
    .map(([attempt, status]) =>
      reported(status === "failed" ? failedStatus("lobby_timeout") : statusEvent(status as "joining"), attempt),
    ),
  fc.constantFrom("cancel", "leave").map((how): JobInput => ({ type: "end_asked", at: AT, how: how as "cancel" })),
  fc.constant<JobInput>({ type: "stopping", at: AT }),
  fc.nat(3).map((attempt): JobInput => ({ type: "silent", at: AT, attempt })),
  fc
    .tuple(fc.nat(3), fc.constantFrom("nothing", "unjoined", "recorded"))
    .map(([attempt, remains]) => gone(attempt, remains as "nothing")),
);

describe("any sequence of inputs", () => {
  it("never leaves a last state, never starts a second worker, and ends no job while its worker may run unseen", () => {
    fc.assert(
      fc.property(fc.constantFrom("scheduled", "queued"), fc.array(input, { maxLength: 40 }), (status, inputs) => {
        let job = jobRow({ status: status as "queued" });
        for (const each of inputs) {
          const change = nextJob(job, each);
          if (change === undefined) continue;
          const next = { ...job, ...change.patch };
          if (isOver(job.status)) expect(next.status).toBe(job.status);
          if (each.type === "claimed") expect(job.claimedAt).toBeNull();
          expect(next.attempt - job.attempt).toBe(each.type === "claimed" ? 1 : 0);
          expect(next.retries).toBeLessThanOrEqual(1);
          // Once a worker was claimed, only its own event or its known end ends the job.
          if (!isOver(job.status) && isOver(next.status) && job.claimedAt !== null) {
            expect(["worker_event", "worker_gone", "not_started"]).toContain(each.type);
          }
          if (isOver(next.status) && !isOver(job.status)) expect(next.tokenSealed).toBeNull();
          expect(next.worker !== null && next.claimedAt === null).toBe(false);
          job = next;
        }
      }),
      { numRuns: 500 },
    );
  });
});
