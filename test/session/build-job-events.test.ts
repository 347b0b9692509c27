import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import type { FailureCode } from "../../src/errors.ts";
import {
  competingBotDetected,
  jobFailed,
  jobFinalized,
  jobStatusChanged,
  recordingPermissionResponse,
  usageOf,
  usageRecorded,
} from "../../src/session/build-job-events.ts";
import { FAILURES } from "../../src/session/exit.ts";
import { envelope, type JobEvent } from "../../src/session/job-events.ts";
import type { Manifest } from "../../src/session/manifest.ts";
import type { JobState } from "../../src/session/state.ts";

const schema = new URL("../../config/schemas/event-envelope.schema.json", import.meta.url);
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
formats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));

// More than an event may hold, as a caller's objects may be.
const JOB = { jobId: "job_1", externalId: null, guildId: "1", channelId: "2", textChannelId: "3", botToken: "secret" };
const PERSON = { id: "4", username: "otter", displayName: "Otter", bot: true, email: "secret" };
const MANIFEST = {
  exitReason: "alone_in_room",
  failureCode: null,
  startedAt: "2026-01-15T09:00:00.000Z",
  endedAt: "2026-01-15T10:10:53.250Z",
  durationSeconds: 4_253.25,
} as Manifest;
const MANIFEST_URI = "s3://bucket/recordings/job_1/manifest.json";
const RECORDING: JobState = { status: "recording", paused: false };
const ENDED = { exitReason: "removed_from_meeting", detail: "somebody disconnected the bot" } as const;
const FAILED: JobState = { status: "failed", failureCode: "removed_from_meeting", detail: ENDED.detail, end: ENDED };

function inEnvelope(data: JobEvent): object {
  const emittedAt = "2026-01-15T10:10:54.000Z";
  return { deliveryId: "dlv_01HXY1AB7M2QNTWA9YQRH5JEP6", event: data.event, emittedAt, attempt: 1, version: 2, data };
}

describe("every event", () => {
  const failure = { failureCode: "auth_failure", detail: "Discord refused the token", recordedMs: 0 } as const;

  test.each<[string, () => JobEvent]>([
    ["a status", () => jobStatusChanged(JOB, { status: "in_call", stopped: false }, RECORDING)],
    ["a failed status", () => jobStatusChanged(JOB, RECORDING, FAILED)],
    [
      "a finalized job",
      () => jobFinalized(JOB, { manifest: MANIFEST, manifestUri: MANIFEST_URI, recordedMs: 4_253_250 }),
    ],
    ["a failed job", () => jobFailed(JOB, failure)],
    ["a failed job with a partial recording", () => jobFailed(JOB, { ...failure, manifestUri: MANIFEST_URI })],
    ["usage", () => usageRecorded(JOB, 60_000, null)],
    ["another recorder", () => competingBotDetected(JOB, PERSON, true)],
    ["an answer", () => recordingPermissionResponse(JOB, PERSON, false)],
  ])("is valid by the schema that ships, names its job, and holds nothing else of it: %s", (_, build) => {
    const data = build();
    const sent = inEnvelope(data);
    validate(sent);
    expect(validate.errors ?? []).toEqual([]);
    expect(envelope.parse(sent)).toEqual(sent);
    expect(data).toMatchObject({ jobId: "job_1", externalId: null });
    expect(data.metadata).toEqual({ discord: { guildId: "1", channelId: "2", textChannelId: "3" } });
    expect(JSON.stringify(data)).not.toContain("secret");
  });

  test("is refused if its place has more than ids", () => {
    const data = usageRecorded(JOB, 0, null);
    const leaking = { ...data, metadata: { discord: { ...data.metadata.discord, botToken: "x" } } };
    expect(validate(inEnvelope(leaking))).toBe(false);
    expect(envelope.safeParse(inEnvelope(leaking)).success).toBe(false);
  });

  test("is refused in the envelope of another event", () => {
    const other = { ...inEnvelope(usageRecorded(JOB, 0, null)), event: "job.finalized" };
    expect(validate(other)).toBe(false);
  });
});

describe("a status", () => {
  test("gives the previous status, and whether recording is paused", () => {
    const paused: JobState = { status: "recording", paused: true };
    expect(jobStatusChanged(JOB, RECORDING, paused)).toMatchObject({
      status: "recording",
      previousStatus: "recording",
      paused: true,
    });
    expect(jobStatusChanged(JOB, paused, RECORDING).paused).toBe(false);
  });

  test("says why a call ended, and has the failure code if it failed", () => {
    expect(jobStatusChanged(JOB, RECORDING, FAILED)).toMatchObject({
      status: "failed",
      exitReason: "removed_from_meeting",
      failure_code: "removed_from_meeting",
      failure_detail: ENDED.detail,
      failure_reason: ENDED.detail,
    });
    const joining = jobStatusChanged(JOB, { status: "queued" }, { status: "joining" });
    expect(joining).toMatchObject({ status: "joining", paused: false });
    expect(joining).not.toHaveProperty("failure_code");
    expect(joining).not.toHaveProperty("exitReason");
  });
});

describe("a failed job", () => {
  test("also has its sentence under the name of version 1", () => {
    const data = jobFailed(JOB, { failureCode: "host_denied_admission", detail: "the channel is full", recordedMs: 0 });
    expect(data).toMatchObject({
      status: "failed",
      failure_code: "host_denied_admission",
      failure_detail: "the channel is full",
      failure_reason: "the channel is full",
      error: "the channel is full",
      billed: false,
    });
    expect(data).not.toHaveProperty("manifestUri");
  });

  test("names its partial recording and the recording's duration", () => {
    const failure = {
      failureCode: "network_loss",
      detail: "lost",
      recordedMs: 61_500,
      manifestUri: MANIFEST_URI,
    } as const;
    expect(jobFailed(JOB, failure)).toMatchObject({ manifestUri: MANIFEST_URI, durationSeconds: 61.5, billed: true });
  });

  test("can have each existing failure code", () => {
    for (const failureCode of Object.keys(FAILURES) as FailureCode[]) {
      expect(validate(inEnvelope(jobFailed(JOB, { failureCode, detail: "x", recordedMs: 1 })))).toBe(true);
    }
  });
});

test("A finalized job says where its manifest is, and how the job ended.", () => {
  expect(jobFinalized(JOB, { manifest: MANIFEST, manifestUri: MANIFEST_URI, recordedMs: 4_253_250 })).toMatchObject({
    status: "completed",
    manifestUri: MANIFEST_URI,
    durationSeconds: 4_253.25,
    billed: true,
  });
  const cancelled = { ...MANIFEST, exitReason: "cancelled" } as const;
  expect(jobFinalized(JOB, { manifest: cancelled, manifestUri: MANIFEST_URI, recordedMs: 0 }).status).toBe("cancelled");
  const failed = { ...MANIFEST, failureCode: "network_loss" } as const;
  expect(jobFinalized(JOB, { manifest: failed, manifestUri: MANIFEST_URI, recordedMs: 0 }).status).toBe("failed");
});

test.each([
  [0, null, 0, false],
  [59_999, null, 59, false],
  [60_000, null, 60, true],
  [4_253_900, "network_loss", 4_253, true],
  [300_000, "lobby_timeout", 0, false],
] as const)("Of %d ms (%s), %d s are used, billed: %s.", (recordedMs, failureCode, seconds, billed) => {
  expect(usageOf(recordedMs, failureCode)).toEqual({ seconds, billed });
  expect(usageRecorded(JOB, recordedMs, failureCode)).toMatchObject({ job_id: "job_1", seconds, billed });
});
