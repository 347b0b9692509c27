import type {
  Job,
  JobChange as JobChangeText,
  JobRequest,
  JobsQuery,
  LiveJob,
  Manifest,
  RecordingAnswer,
  RecordingsQuery,
  RefusalBody,
  ServiceEvent,
  SessionEvent,
  UsageQueryText,
} from "./api-types.ts";

export type {
  Consumer,
  ControlResult,
  DeletedRecording,
  Delivery,
  Job,
  JobDetails,
  ListDeliveriesQuery,
  LiveJob,
  Manifest,
  NewWebhookSecret,
  RecordingSummary,
  SessionEvent,
  Usage,
} from "./api-types.ts";

/** Where a job is: `completed`, `failed` and `cancelled` are its ends. */
export type JobStatus = Job["status"];

/** Why a call ended. */
export type ExitReason = NonNullable<Job["exitReason"]>;

/** Why a job failed. Jobs on Discord never have `waiting_for_host` and `quota_exceeded`: other platforms do. */
export type FailureCode = NonNullable<Job["failure_code"]> | "waiting_for_host" | "quota_exceeded";

/** The service's own codes of refused requests. */
export type ErrorCode = RefusalBody["code"];

/** What is wrong with a field of a request. */
export interface Issue {
  readonly path: readonly string[];
  readonly message: string;
}

/** A time as text with `Z` or an offset, or a `Date`. */
export type Instant = string | Date;

type WithTime<Fields, Name extends keyof Fields> = Omit<Fields, Name> & { [Key in Name]?: Instant | undefined };

/** What to record. */
export type DispatchInput = WithTime<JobRequest, "joinAt">;

/** The same as `DispatchInput`. */
export type DispatchBotInput = DispatchInput;

/** What of a scheduled job to change. */
export type JobChange = WithTime<JobChangeText, "joinAt">;

export type ListJobsQuery = WithTime<JobsQuery, "createdAfter">;
export type ListRecordingsQuery = WithTime<RecordingsQuery, "createdAfter">;
export type UsageQuery = WithTime<UsageQueryText, "from" | "to">;

/** A recording, its manifest, and an address for each file. */
export type Recording = Omit<RecordingAnswer, "manifest" | "nextCursor"> & { readonly manifest: Manifest };

export type RecordingFile = Recording["files"][number];

/** One part of one speaker: one Ogg file. */
export type ManifestTrack = Manifest["tracks"][number];

export type ManifestParticipant = Manifest["participants"][number];

type WithAllCodes<Event> = Event extends { readonly data: { readonly failureCode: unknown } }
  ? Omit<Event, "data"> & {
      readonly data: Omit<Event["data"], "failure_code" | "failureCode"> & {
        readonly failure_code: FailureCode;
        readonly failureCode: FailureCode;
      };
    }
  : Event;

/** The body of a webhook. `event` says which one it is. */
export type WebhookEvent = WithAllCodes<ServiceEvent>;

type Watched<Event> = Event extends unknown ? Omit<Event, "attempt"> & { readonly id: string | null } : never;

/** What the worker in a call says, as soon as more than a countdown changes. */
export interface LiveMessage {
  readonly id: null;
  readonly event: "job.live";
  readonly data: LiveJob;
}

type OfSession<Event> = Event extends { readonly type: infer Name }
  ? { readonly id: string; readonly event: Name; readonly data: Event }
  : never;

/** What happens in the call: who comes, leaves and has spoken, and warnings. */
export type SessionMessage = OfSession<SessionEvent>;

/**
 * What `watchJob` gives. Job events and session events have the `id` to continue after. A newer service may send events
 * that this type does not have.
 */
export type JobMessage = Watched<WebhookEvent> | SessionMessage | LiveMessage;
