import { describe, expect, it } from "vitest";
import type { JobRow } from "../../../src/service/domain/job-row.ts";
import { obstaclesOf, VERBS } from "../../../src/service/domain/verbs.ts";
import { jobRow, runningJob } from "../support/job-rows.ts";

const able = (job: JobRow) => VERBS.filter((verb) => obstaclesOf(job)[verb] === null);

describe("what a job can be asked for", () => {
  it.each<[string, JobRow, readonly string[]]>([
    ["scheduled", jobRow({ status: "scheduled" }), ["leave", "cancel"]],
    ["queued, without a worker", jobRow(), ["leave", "cancel"]],
    ["joining", runningJob({ status: "joining" }), ["leave", "cancel"]],
    ["in the call", runningJob({ status: "in_call" }), ["message", "leave", "cancel"]],
    ["in the call, stopped", runningJob({ status: "in_call", stopped: true }), ["message", "leave", "cancel"]],
    [
      "recording",
      runningJob({ status: "recording" }),
      ["pause", "stop", "note", "message", "permission", "leave", "cancel"],
    ],
    [
      "paused",
      runningJob({ status: "recording", paused: true }),
      ["resume", "stop", "message", "permission", "leave", "cancel"],
    ],
    ["recording, its worker gone", runningJob({ status: "recording", worker: null }), ["leave", "cancel"]],
    ["leaving", runningJob({ status: "recording", ending: "leave" }), ["cancel"]],
    ["being cancelled", runningJob({ status: "recording", ending: "cancel" }), []],
    ["completed", runningJob({ status: "completed" }), []],
    ["failed", runningJob({ status: "failed" }), []],
    ["cancelled", runningJob({ status: "cancelled" }), []],
  ])("is what its worker and the service would do: %s", (_, job, verbs) => {
    expect(able(job)).toEqual(verbs);
  });

  it("says why not, in the words of whoever would refuse", () => {
    expect(obstaclesOf(runningJob({ status: "recording", paused: true })).pause).toBe(
      "the job is paused; only a running recording can be paused",
    );
    expect(obstaclesOf(runningJob({ status: "recording", worker: null })).pause).toBe(
      "the job is recording, and no worker is in its call",
    );
    expect(obstaclesOf(runningJob({ status: "completed", ending: "leave" })).leave).toBe("the job is completed");
    expect(obstaclesOf(runningJob({ status: "completed", ending: "leave" })).pause).toBe(
      "the job is completed; only a running recording can be paused",
    );
    expect(obstaclesOf(runningJob({ status: "recording", ending: "leave" })).leave).toBe("the bot is leaving already");
  });
});
