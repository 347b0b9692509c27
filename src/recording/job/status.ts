import type { CallEnd } from "../../session/exit.ts";
import type { Countdown } from "../../session/leaving/auto-leave.ts";
import type { ConnectionState, EncryptionState } from "../../session/shapes.ts";
import type { JobState } from "../../session/state.ts";
import type { SpeakerCounts } from "../call/datagram-counts.ts";
import type { LatencyCounts } from "../call/latencies.ts";
import type { JobRecord } from "./job-record.ts";
import type { UploadProgress } from "./uploader.ts";

/** The current state of a job, for monitoring. */
export interface JobSnapshot {
  readonly jobId: string;
  readonly state: JobState;
  /** Why the call ends, as soon as that is decided; the state may change slightly later. */
  readonly end: CallEnd | undefined;
  /** Time since the recording began; 0 before that. */
  readonly recordedMs: number;
  /** The job and its call according to the journal. Read it; never change it. */
  readonly record: JobRecord;
  /** Datagrams by fate, in total and for each speaker. */
  readonly datagrams: SpeakerCounts;
  readonly speakers: ReadonlyMap<string, SpeakerCounts>;
  /** The auto-leave rules that currently apply, the soonest first. */
  readonly countdowns: readonly Countdown[];
  /** Ids of those who speak now. */
  readonly speaking: ReadonlySet<string>;
  readonly uploads: UploadProgress;
  /** Bytes of the job on the local disk. */
  readonly spoolBytes: number;
  /** The manifest's address, once it is stored. */
  readonly manifestUri: string | undefined;
  readonly encryption: EncryptionState;
  /** Undefined if this process records no call. */
  readonly call: CallFigures | undefined;
}

/** The quality of reception. */
export interface CallFigures {
  /** Whether people can be heard; see `CallListener.connection`. */
  readonly connection: ConnectionState;
  /** How often the voice connection was lost. */
  readonly reconnects: number;
  /** Packets that wait for an earlier one. */
  readonly reorderDepth: number;
  /** How long the oldest packet of each page waited before the page was written, except for the last page of a file. */
  readonly pageLatency: LatencyCounts;
}
