import type { Countdown } from "../../session/auto-leave.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { ConnectionState, EncryptionState } from "../../session/shapes.ts";
import type { JobState } from "../../session/state.ts";
import type { SpeakerCounts } from "../call/datagram-counts.ts";
import type { LatencyCounts } from "../call/latencies.ts";
import type { JobRecord } from "./job-record.ts";
import type { UploadProgress } from "./uploader.ts";

/** What a job is doing, for those who watch it. */
export interface JobSnapshot {
  readonly jobId: string;
  readonly state: JobState;
  /** Why the call ends, as soon as that is decided: the state may change a moment later. */
  readonly end: CallEnd | undefined;
  /** Since the recording began; 0 before. */
  readonly recordedMs: number;
  /** The job and its call according to the journal. Read it; never change it. */
  readonly record: JobRecord;
  /** Datagrams by fate, in all and for each speaker. */
  readonly datagrams: SpeakerCounts;
  readonly speakers: ReadonlyMap<string, SpeakerCounts>;
  /** Auto-leave rules that apply now, the soonest first. */
  readonly countdowns: readonly Countdown[];
  readonly uploads: UploadProgress;
  /** Bytes of the job that lie on the local disk. */
  readonly spoolBytes: number;
  /** Where the manifest is, once it is stored. */
  readonly manifestUri: string | undefined;
  readonly encryption: EncryptionState;
  /** Undefined if no call is recorded by this process. */
  readonly call: CallFigures | undefined;
}

/** How the call comes in. */
export interface CallFigures {
  /** Whether people can be heard; see `CallListener.connection`. */
  readonly connection: ConnectionState;
  /** How often the voice connection was lost. */
  readonly reconnects: number;
  /** Packets that wait for one before them. */
  readonly reorderDepth: number;
  /** How long the oldest packet of each page waited until it was handed to the disk; not of the last one of a file. */
  readonly pageLatency: LatencyCounts;
}
