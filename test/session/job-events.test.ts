import { expect, test } from "vitest";
import {
  competingBotDetected,
  jobFailed,
  jobFinalized,
  jobStatusChanged,
  recordingPermissionResponse,
  usageRecorded,
} from "../../src/session/build-job-events.ts";
import { onceKeyOf } from "../../src/session/job-events.ts";
import type { Manifest } from "../../src/session/manifest.ts";
import type { JobState } from "../../src/session/state.ts";

const JOB = { jobId: "job_1", externalId: null, guildId: "1", channelId: "2", textChannelId: null };
const PERSON = { id: "4", username: "otter", displayName: "Otter", bot: true };
const MANIFEST = { exitReason: "alone_in_room", failureCode: null } as Manifest;
const END = { exitReason: "alone_in_room", detail: "everybody left" } as const;
const FAILURE = { failureCode: "network_loss", detail: "lost" } as const;
const RECORDING: JobState = { status: "recording", paused: false };

test("Each event that a job has only once has one key, whatever else it says.", () => {
  const keys = [
    jobFinalized(JOB, { manifest: MANIFEST, manifestUri: "file:///manifest.json", recordedMs: 0 }),
    jobFailed(JOB, { ...FAILURE, recordedMs: 0 }),
    usageRecorded(JOB, 60_000, null),
    jobStatusChanged(JOB, RECORDING, { status: "finalizing", end: END, recorded: true }),
    jobStatusChanged(JOB, RECORDING, { status: "completed", end: END }),
    jobStatusChanged(JOB, RECORDING, { status: "failed", ...FAILURE }),
    jobStatusChanged(JOB, RECORDING, { status: "cancelled", end: END }),
  ].map(onceKeyOf);
  expect(keys).not.toContain(undefined);
  expect(new Set(keys).size).toBe(keys.length);
  expect(onceKeyOf(usageRecorded(JOB, 0, "lobby_timeout"))).toBe(onceKeyOf(usageRecorded(JOB, 60_000, null)));
});

test("Events that may repeat have no key.", () => {
  const states: readonly JobState[] = [
    { status: "queued" },
    { status: "joining" },
    { status: "in_call", stopped: false },
    RECORDING,
  ];
  const events = [
    ...states.map((state) => jobStatusChanged(JOB, { status: "queued" }, state)),
    competingBotDetected(JOB, PERSON, true),
    recordingPermissionResponse(JOB, PERSON, true),
  ];
  expect(events.map(onceKeyOf)).toEqual(events.map(() => undefined));
});
