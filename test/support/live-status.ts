import { noDrops } from "../../src/audio/fates.ts";
import type { LiveStatus } from "../../src/cli/view/live-view.ts";
import { JobRecord } from "../../src/recording/job/job-record.ts";

/** The status of a job in a call, for the live view. */
export function status(overrides: Partial<LiveStatus> = {}, names: readonly string[] = ["Ada"]): LiveStatus {
  const record = new JobRecord();
  for (const [index, displayName] of names.entries()) {
    record.people.join({ id: `${index}`, username: "someone", displayName, bot: false }, 0);
  }
  return {
    jobId: "job_1",
    state: { status: "recording", paused: false },
    recordedMs: 65_000,
    record,
    datagrams: { received: 110, written: 100, dropped: { ...noDrops(), auth_failed: 3, not_recording: 7 } },
    speakers: new Map(),
    countdowns: [],
    uploads: { waitingFiles: 2, waitingBytes: 1_500_000, storedFiles: 4, storedBytes: 9_000_000, failedFiles: 0 },
    spoolBytes: 2_500_000,
    call: undefined,
    ...overrides,
  };
}
