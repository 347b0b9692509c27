import type { Countdown } from "../session/auto-leave.ts";
import type { JobState } from "../session/state.ts";
import type { SpeakerCounts } from "./datagram-counts.ts";
import type { UploadProgress } from "./uploader.ts";

/** What a job is doing, for those who watch it. */
export interface JobStatusReport {
  readonly jobId: string;
  readonly state: JobState;
  /** Since the recording began; 0 before. */
  readonly recordedMs: number;
  /** Datagrams by fate, in all and for each speaker. */
  readonly datagrams: SpeakerCounts;
  readonly speakers: ReadonlyMap<string, SpeakerCounts>;
  /** Auto-leave rules that apply now, the soonest first. */
  readonly countdowns: readonly Countdown[];
  readonly uploads: UploadProgress;
}
