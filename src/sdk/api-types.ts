/**
 * The types of the job service's requests and answers. `npm run generate` writes this file from the service's OpenAPI
 * document and from the schemas of job events and manifests. A test fails if they differ.
 */

/** A job */
export type Job = {
  id: string;
  externalId: string | null;
  /** test: a recorded call on a loopback Discord */
  mode: "live" | "test";
  platform: "discord";
  /** discord://GUILD_ID/CHANNEL_ID */
  meetingUrl: string;
  displayName: string | null;
  status: "scheduled" | "queued" | "joining" | "in_call" | "recording" | "finalizing" | "completed" | "failed" | "cancelled";
  /** true only with the status recording */
  paused: boolean;
  /** recording was stopped, and the bot stays in the channel (in_call) */
  stopped: boolean;
  /** the end that was asked for, until the worker's end is known; the status stays as it is. null when the job is over */
  ending: "cancel" | "leave" | null;
  metadata: {
    discord: {
      guildId: string;
      channelId: string;
      textChannelId: string | null;
    };
    [key: string]: unknown;
  };
  /** which ones are set */
  webhooks: {
    onFinalize: boolean;
    onStatus: boolean;
  };
  /** as requested */
  autoLeave: {
    [key: string]: unknown;
  } | null;
  leaveBehavior: string | null;
  /** as requested */
  recording: {
    [key: string]: unknown;
  } | null;
  joinAt: string;
  late: "join" | "skip";
  lateWindowSeconds: number;
  /** how many workers were started for the job */
  attempt: number;
  createdAt: string;
  updatedAt: string;
  /** when the recording began */
  startedAt: string | null;
  endedAt: string | null;
  /** recorded seconds */
  durationSeconds: number | null;
  billed: boolean | null;
  exitReason: "alone_in_room" | "silence_timeout" | "max_duration" | "nobody_joined" | "competing_bot" | "leave_requested" | "stop_requested" | "shutdown" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "cancelled" | "internal_error" | null;
  exitDetail: string | null;
  failure_code: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | "dispatch_timeout" | null;
  /** the same as failure_code */
  failureCode: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | "dispatch_timeout" | null;
  failure_detail: string | null;
  manifestUri: string | null;
  recordingDeletedAt: string | null;
  /** what of the request has no effect */
  warnings: string[];
};

/** A job, and what its worker says now */
export type JobDetails = {
  id: string;
  externalId: string | null;
  /** test: a recorded call on a loopback Discord */
  mode: "live" | "test";
  platform: "discord";
  /** discord://GUILD_ID/CHANNEL_ID */
  meetingUrl: string;
  displayName: string | null;
  status: "scheduled" | "queued" | "joining" | "in_call" | "recording" | "finalizing" | "completed" | "failed" | "cancelled";
  /** true only with the status recording */
  paused: boolean;
  /** recording was stopped, and the bot stays in the channel (in_call) */
  stopped: boolean;
  /** the end that was asked for, until the worker's end is known; the status stays as it is. null when the job is over */
  ending: "cancel" | "leave" | null;
  metadata: {
    discord: {
      guildId: string;
      channelId: string;
      textChannelId: string | null;
    };
    [key: string]: unknown;
  };
  /** which ones are set */
  webhooks: {
    onFinalize: boolean;
    onStatus: boolean;
  };
  /** as requested */
  autoLeave: {
    [key: string]: unknown;
  } | null;
  leaveBehavior: string | null;
  /** as requested */
  recording: {
    [key: string]: unknown;
  } | null;
  joinAt: string;
  late: "join" | "skip";
  lateWindowSeconds: number;
  /** how many workers were started for the job */
  attempt: number;
  createdAt: string;
  updatedAt: string;
  /** when the recording began */
  startedAt: string | null;
  endedAt: string | null;
  /** recorded seconds */
  durationSeconds: number | null;
  billed: boolean | null;
  exitReason: "alone_in_room" | "silence_timeout" | "max_duration" | "nobody_joined" | "competing_bot" | "leave_requested" | "stop_requested" | "shutdown" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "cancelled" | "internal_error" | null;
  exitDetail: string | null;
  failure_code: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | "dispatch_timeout" | null;
  /** the same as failure_code */
  failureCode: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | "dispatch_timeout" | null;
  failure_detail: string | null;
  manifestUri: string | null;
  recordingDeletedAt: string | null;
  /** what of the request has no effect */
  warnings: string[];
  /** what the worker says now; null if no worker runs or answers */
  live: LiveJob | null;
  /** why `live` is null, if a worker should be there */
  liveProblem: string | null;
};

/** The job of this worker */
export type LiveJob = {
  id: string;
  externalId: string | null;
  platform: "discord";
  /** discord://GUILD_ID/CHANNEL_ID */
  meetingUrl: string;
  metadata: {
    discord: {
      guildId: string;
      channelId: string;
      textChannelId: string | null;
    };
  };
  /** where the bot is, or was last. A person may have moved it. Null until the recording begins */
  channel: {
    id: string;
    name: string;
  } | null;
  /** the server. Null until the recording begins */
  guild: {
    id: string;
    name: string;
  } | null;
  status: "queued" | "joining" | "in_call" | "recording" | "finalizing" | "completed" | "failed" | "cancelled";
  /** true only with the status recording */
  paused: boolean;
  /** recording was stopped, and the bot stays in the channel (in_call) */
  stopped: boolean;
  /** null until the recording has begun */
  startedAt: string | null;
  /** since the recording began; no longer counts once it is over */
  elapsedSeconds: number;
  /** whether people can be heard now; null if there is no call */
  connection: "live" | "reconnecting" | "unheard" | null;
  /** everybody who was in the channel, in the order of joining */
  participants: {
    id: string;
    username: string;
    displayName: string;
    bot: boolean;
    speakerLabel: string;
    present: boolean;
    spoke: boolean;
    /** whether sound of theirs came in the last moments */
    speaking: boolean;
    consent: "granted" | "declined" | "unanswered" | "not_asked";
  }[];
  /** everybody who was heard, in the order of first speech */
  speakers: {
    id: string;
    displayName: string;
  }[];
  /** the time left for each auto-leave rule that applies now, shortest first */
  autoLeave: {
    exitReason: "alone_in_room" | "silence_timeout" | "max_duration" | "nobody_joined" | "competing_bot" | "leave_requested" | "stop_requested" | "shutdown" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "cancelled" | "internal_error";
    remainingSeconds: number;
    thresholdSeconds: number;
    /** why the countdown waits: what the worker does not know now; null if it runs */
    waitsFor: "reconnecting" | "unheard" | "gateway_lost" | null;
  }[];
  uploads: {
    waitingFiles: number;
    waitingBytes: number;
    storedFiles: number;
    storedBytes: number;
    /** files that were given up; they stay in the spool */
    failedFiles: number;
  };
  warnings: {
    code: string;
    text: string;
  }[];
  /** from finalizing on */
  exitReason: "alone_in_room" | "silence_timeout" | "max_duration" | "nobody_joined" | "competing_bot" | "leave_requested" | "stop_requested" | "shutdown" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "cancelled" | "internal_error" | null;
  exitDetail: string | null;
  failure_code: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | null;
  failure_detail: string | null;
  /** null until the manifest is stored */
  manifestUri: string | null;
};

/** The job after the request */
export type ControlResult = {
  id: string;
  /** the same as id */
  jobId: string;
  status: "queued" | "joining" | "in_call" | "recording" | "finalizing" | "completed" | "failed" | "cancelled";
  paused: boolean;
  /** false if the job was already in this state */
  changed: boolean;
  /** of a message: the channel that it was posted in */
  channelId?: string | undefined;
  /** id of the posted message */
  messageId?: string | undefined;
  /** of a note: its moment, in ms since the recording began */
  offsetMs?: number | undefined;
};

/** A job event for one webhook, and each attempt to deliver it */
export type Delivery = {
  /** the event's `deliveryId` */
  id: string;
  event: string;
  webhook: "onStatus" | "onFinalize";
  /** dead: given up after 24 hours; it can be resent */
  state: "pending" | "delivered" | "dead";
  emittedAt: string;
  /** null unless pending */
  nextAttemptAt: string | null;
  /** the newest 20, oldest first */
  attempts: {
    number: number;
    at: string;
    /** HTTP status; null without an answer */
    status: number | null;
    latencyMs: number;
    error: string | null;
  }[];
  /** the event's data */
  data: {
    [key: string]: unknown;
  };
};

/** A recording */
export type RecordingSummary = {
  /** the job's id */
  id: string;
  externalId: string | null;
  startedAt: string | null;
  endedAt: string | null;
  durationSeconds: number | null;
  manifestUri: string;
  /** when it is deleted; null for never */
  retentionUntil: string | null;
};

/** A recording, its manifest and an address for each file */
export type RecordingAnswer = {
  /** the job's id */
  id: string;
  externalId: string | null;
  startedAt: string | null;
  endedAt: string | null;
  durationSeconds: number | null;
  manifestUri: string;
  /** when it is deleted; null for never */
  retentionUntil: string | null;
  /** schemas/manifest.schema.json */
  manifest: {
    [key: string]: unknown;
  };
  /** in the order of the manifest */
  files: {
    name: string;
    bytes: number;
    mimeType: string;
    /** from the manifest; null if it has none for this file */
    sha256: string | null;
    /** where the storage has it */
    uri: string;
    /** where it can be downloaded: presigned for a bucket, else at this service */
    url: string;
    /** of a presigned address; null if it stays */
    urlExpiresAt: string | null;
  }[];
  /** for the query `cursor`; null with the last files */
  nextCursor: string | null;
};

/** Why a request was refused */
export type RefusalBody = {
  error: "invalid_input" | "unauthorized" | "operators_only" | "not_found" | "method_not_allowed" | "request_timeout" | "wrong_state" | "bot_busy" | "secret_overlap" | "chat_unavailable" | "stale_attempt" | "recording_deleted" | "login_expired" | "payload_too_large" | "unsupported_media_type" | "range_not_satisfiable" | "unexpected_host" | "idempotency_conflict" | "quota_exceeded" | "logins_spent" | "rate_limited" | "report_busy" | "headers_too_large" | "internal_error" | "discord_unreachable" | "store_unavailable" | "storage_unavailable" | "worker_unreachable";
  /** the same as error */
  code: "invalid_input" | "unauthorized" | "operators_only" | "not_found" | "method_not_allowed" | "request_timeout" | "wrong_state" | "bot_busy" | "secret_overlap" | "chat_unavailable" | "stale_attempt" | "recording_deleted" | "login_expired" | "payload_too_large" | "unsupported_media_type" | "range_not_satisfiable" | "unexpected_host" | "idempotency_conflict" | "quota_exceeded" | "logins_spent" | "rate_limited" | "report_busy" | "headers_too_large" | "internal_error" | "discord_unreachable" | "store_unavailable" | "storage_unavailable" | "worker_unreachable";
  /** one sentence for people */
  message: string;
  /** what is wrong with each field */
  issues?: {
    path: string[];
    message: string;
  }[] | undefined;
};

export type JobRequest = {
  /** your own id; a second request with it is answered with the job that is there */
  externalId?: string | undefined;
  /** discord://GUILD_ID/CHANNEL_ID; a channel's link is accepted too */
  meetingUrl?: string | undefined;
  /** the same as meetingUrl */
  url?: string | undefined;
  platform?: "discord" | undefined;
  discord?: {
    /** required with a live key; no answer ever shows it */
    botToken?: string | undefined;
    /** the server, if `meetingUrl` does not name it */
    guildId?: string | undefined;
    /** the voice channel, if `meetingUrl` does not name it */
    channelId?: string | undefined;
    /** the text channel to record; without it, chat is not recorded */
    textChannelId?: string | null | undefined;
  } | undefined;
  webhooks?: {
    /** gets `job.finalized` and `job.failed` */
    onFinalize?: string | undefined;
    /** gets every other job event */
    onStatus?: string | undefined;
  } | undefined;
  /** ignored: on Discord a bot has the application's name */
  displayName?: string | undefined;
  /** only with a test key: the recorded call to play */
  sandbox?: {
    fixture?: string | undefined;
  } | undefined;
  /** when to join the call; without it, at once */
  joinAt?: string | undefined;
  /** what to do if the service could not start the job in time: join within the window, or fail */
  late?: "join" | "skip" | undefined;
  /** with late `join`; default 600 */
  lateWindowSeconds?: number | undefined;
  /** thresholds of the auto-leave rules; 0 turns a rule off */
  autoLeave?: {
    afterEntryDelaySeconds?: number | undefined;
    afterSoloSeconds?: number | undefined;
    afterSilenceSeconds?: number | undefined;
    afterMaxSeconds?: number | undefined;
    onBotDetected?: boolean | undefined;
  } | undefined;
  leaveBehavior?: string | undefined;
  /** your own JSON object, shown with the job; at most 16384 bytes */
  metadata?: {
    [key: string]: unknown;
  } | undefined;
  /** the worker's own settings, by their config keys */
  recording?: {
    /** `download` also stores the files attached to messages; `metadata` only describes them */
    chatAttachments?: "metadata" | "download" | undefined;
    /** with `download`: larger files are not stored, with a warning */
    chatAttachmentsMaxFileMb?: number | undefined;
    /** with `download`: limit for all attached files of a job together */
    chatAttachmentsMaxTotalMb?: number | undefined;
    /** leave if no person has joined since the bot connected; 0 turns the rule off */
    autoLeaveAfterEntryDelaySeconds?: number | undefined;
    /** leave if everybody has left; a person who comes back resets the time; 0 turns the rule off */
    autoLeaveAfterSoloSeconds?: number | undefined;
    /** leave if people are there and nobody speaks; 0 turns the rule off */
    autoLeaveAfterSilenceSeconds?: number | undefined;
    /** leave this long after the bot connected; 0 turns the rule off */
    autoLeaveAfterMaxSeconds?: number | undefined;
    /** leave if another recorder is in the channel: a bot with a known id or name, never a person */
    autoLeaveOnBotDetected?: boolean | "true" | "false" | undefined;
    /** when a speaker's file ends and the next one begins */
    rotate?: "utterance" | "duration" | "never" | undefined;
    /** with `utterance`: a silence of this length ends a file */
    rotateSilenceSeconds?: number | undefined;
    /** with `utterance` and `duration`: the longest file */
    maxPartSeconds?: number | undefined;
    /** who is informed or asked before being recorded */
    consent?: "none" | "notice" | "opt-out" | "opt-in" | undefined;
    /** message at the start of the recording; `off` posts nothing */
    notice?: string | undefined;
    /** message at the end of the recording; `off` posts nothing */
    noticeEnd?: string | undefined;
    /** language of the default texts and the buttons */
    noticeLanguage?: "en" | "de" | undefined;
    /** a message of the same bot that carries the notice and its buttons already; no other is posted at the start */
    noticeMessage?: string | undefined;
    /** people who refused before the call */
    consentDeclined?: string | undefined;
    /** people who allowed it before the call */
    consentGranted?: string | undefined;
    /** text in front of the bot's nickname while it records, such as `[REC] ` */
    nicknamePrefix?: string | undefined;
    /** what to do if somebody moves the bot to another voice channel */
    onMoved?: "follow" | "leave" | undefined;
    /** join even if the bot is in a voice channel of the server through another session; that session then loses its call */
    takeover?: boolean | "true" | "false" | undefined;
    /** also record audio without end-to-end encryption in an encrypted call; Discord's own clients do not play it. The manifest counts it (`e2ee.plaintextPackets`) */
    recordPlaintext?: boolean | "true" | "false" | undefined;
  } | undefined;
};

export type JobChange = {
  /** when to join the call; without it, at once */
  joinAt?: string | undefined;
  /** what to do if the service could not start the job in time: join within the window, or fail */
  late?: "join" | "skip" | undefined;
  /** with late `join`; default 600 */
  lateWindowSeconds?: number | undefined;
  /** thresholds of the auto-leave rules; 0 turns a rule off */
  autoLeave?: {
    afterEntryDelaySeconds?: number | undefined;
    afterSoloSeconds?: number | undefined;
    afterSilenceSeconds?: number | undefined;
    afterMaxSeconds?: number | undefined;
    onBotDetected?: boolean | undefined;
  } | undefined;
  leaveBehavior?: string | undefined;
  /** your own JSON object, shown with the job; at most 16384 bytes */
  metadata?: {
    [key: string]: unknown;
  } | undefined;
  /** the worker's own settings, by their config keys */
  recording?: {
    /** `download` also stores the files attached to messages; `metadata` only describes them */
    chatAttachments?: "metadata" | "download" | undefined;
    /** with `download`: larger files are not stored, with a warning */
    chatAttachmentsMaxFileMb?: number | undefined;
    /** with `download`: limit for all attached files of a job together */
    chatAttachmentsMaxTotalMb?: number | undefined;
    /** leave if no person has joined since the bot connected; 0 turns the rule off */
    autoLeaveAfterEntryDelaySeconds?: number | undefined;
    /** leave if everybody has left; a person who comes back resets the time; 0 turns the rule off */
    autoLeaveAfterSoloSeconds?: number | undefined;
    /** leave if people are there and nobody speaks; 0 turns the rule off */
    autoLeaveAfterSilenceSeconds?: number | undefined;
    /** leave this long after the bot connected; 0 turns the rule off */
    autoLeaveAfterMaxSeconds?: number | undefined;
    /** leave if another recorder is in the channel: a bot with a known id or name, never a person */
    autoLeaveOnBotDetected?: boolean | "true" | "false" | undefined;
    /** when a speaker's file ends and the next one begins */
    rotate?: "utterance" | "duration" | "never" | undefined;
    /** with `utterance`: a silence of this length ends a file */
    rotateSilenceSeconds?: number | undefined;
    /** with `utterance` and `duration`: the longest file */
    maxPartSeconds?: number | undefined;
    /** who is informed or asked before being recorded */
    consent?: "none" | "notice" | "opt-out" | "opt-in" | undefined;
    /** message at the start of the recording; `off` posts nothing */
    notice?: string | undefined;
    /** message at the end of the recording; `off` posts nothing */
    noticeEnd?: string | undefined;
    /** language of the default texts and the buttons */
    noticeLanguage?: "en" | "de" | undefined;
    /** a message of the same bot that carries the notice and its buttons already; no other is posted at the start */
    noticeMessage?: string | undefined;
    /** people who refused before the call */
    consentDeclined?: string | undefined;
    /** people who allowed it before the call */
    consentGranted?: string | undefined;
    /** text in front of the bot's nickname while it records, such as `[REC] ` */
    nicknamePrefix?: string | undefined;
    /** what to do if somebody moves the bot to another voice channel */
    onMoved?: "follow" | "leave" | undefined;
    /** join even if the bot is in a voice channel of the server through another session; that session then loses its call */
    takeover?: boolean | "true" | "false" | undefined;
    /** also record audio without end-to-end encryption in an encrypted call; Discord's own clients do not play it. The manifest counts it (`e2ee.plaintextPackets`) */
    recordPlaintext?: boolean | "true" | "false" | undefined;
  } | undefined;
};

export type DeletedRecording = {
  id: string;
  deletedAt: string;
  /** how many were deleted, and looked for again */
  files: number;
};

export type Usage = {
  from: string;
  to: string;
  /** recorded in all */
  seconds: number;
  /** of jobs with at least 60 recorded seconds */
  billedSeconds: number;
  days: {
    day: string;
    seconds: number;
    billedSeconds: number;
    jobs: number;
  }[];
  jobs: {
    jobId: string;
    externalId: string | null;
    endedAt: string;
    seconds: number;
    billed: boolean;
  }[];
};

export type Consumer = {
  id: string;
  name: string;
  key: {
    id: string;
    name: string;
    /** the first characters of the key */
    shownPrefix: string;
    mode: "live" | "test";
    role: "customer" | "operator";
    createdAt: string;
    /** until when the webhook secret before is valid too; null if it is not */
    previousSecretValidUntil: string | null;
  };
  limits: {
    /** live jobs at the same time; 0 allows none */
    maxConcurrent: number;
    requestsPerSecond: number;
  };
};

export type NewWebhookSecret = {
  /** shown only now */
  webhookSecret: string;
  /** until when the webhook secret before is valid too; null if it is not */
  previousValidUntil: string | null;
};

export type JobsQuery = {
  /** items on a page */
  limit?: number | undefined;
  cursor?: string | undefined;
  status?: "scheduled" | "queued" | "joining" | "in_call" | "recording" | "finalizing" | "completed" | "failed" | "cancelled" | undefined;
  platform?: "discord" | undefined;
  externalId?: string | undefined;
  createdAfter?: string | undefined;
};

export type RecordingsQuery = {
  /** items on a page */
  limit?: number | undefined;
  cursor?: string | undefined;
  createdAfter?: string | undefined;
};

export type ListDeliveriesQuery = {
  /** items on a page */
  limit?: number | undefined;
  cursor?: string | undefined;
};

export type UsageQueryText = {
  /** 30 days ago if it is not given */
  from?: string | undefined;
  /** now if it is not given */
  to?: string | undefined;
};

export type Manifest = {
  schemaVersion: 1;
  platform: "discord";
  jobId: string;
  externalId: string | null;
  exitReason: "alone_in_room" | "silence_timeout" | "max_duration" | "nobody_joined" | "competing_bot" | "leave_requested" | "stop_requested" | "shutdown" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "cancelled" | "internal_error";
  exitDetail: string;
  failureCode: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | null;
  /** wall-clock time of session time 0 */
  startedAt: string;
  endedAt: string;
  durationSeconds: number;
  guild: {
    id: string;
    name: string;
  };
  channel: {
    id: string;
    name: string;
  };
  textChannelId: string | null;
  /** how people are informed or asked before they are recorded */
  consentMode: "none" | "notice" | "opt-out" | "opt-in";
  speakers: {
    id: string;
    displayName: string;
  }[];
  participants: {
    id: string;
    username: string;
    displayName: string;
    bot: boolean;
    /** A, B, C … by first words; the silent ones come after */
    speakerLabel: string;
    talkTimeMs: number;
    /** those known to be theirs, by fate */
    datagrams: {
      received: number;
      written: number;
      dropped: {
        not_rtp?: number | undefined;
        auth_failed?: number | undefined;
        replayed?: number | undefined;
        dave_undecryptable?: number | undefined;
        dave_plaintext?: number | undefined;
        unattributed?: number | undefined;
        late?: number | undefined;
        duplicate?: number | undefined;
        malformed_opus?: number | undefined;
        excess?: number | undefined;
        silence?: number | undefined;
        disk_refused?: number | undefined;
        padding_only?: number | undefined;
        not_recording?: number | undefined;
        [key: string]: number | undefined;
      };
    };
    present: {
      fromMs: number;
      toMs: number;
    }[];
    /** their last answer to whether they may be recorded */
    consent: "granted" | "declined" | "unanswered" | "not_asked";
    /** when they were in the channel and not recorded, because their consent was missing */
    withheld: {
      fromMs: number;
      toMs: number;
    }[];
  }[];
  tracks: {
    /** the speaker's id for the first part, <id>-2, <id>-3 … for those after it */
    trackId: string;
    kind: "per-speaker";
    format: "opus";
    speakerId: string;
    part: number;
    uri: string;
    bytes: number;
    sha256: string;
    encoding: {
      mimeType: "audio/ogg; codecs=opus";
    };
    /** session time of the file's first sample */
    startOffsetMs: number;
    /** what a decoder gives out, exactly */
    durationMs: number;
    packets: {
      /** packets of the speaker in this file */
      received: number;
      /** known by their sequence numbers not to have come in time */
      lost: number;
      late: number;
      duplicate: number;
      /** lost ones that the decoder fills in from what came before */
      concealed: number;
      undecryptable: number;
      unattributed: number;
    };
  }[];
  events: ({
    type: "participant.join";
    atMs: number;
    participant: {
      id: string;
      username: string;
      displayName: string;
      bot: boolean;
    };
    flags: {
      selfMute: boolean;
      selfDeaf: boolean;
      serverMute: boolean;
      serverDeaf: boolean;
      streaming: boolean;
      video: boolean;
      suppressed: boolean;
    };
    /** they were here when the recording began */
    presentAtStart?: true | undefined;
    /** they came from this voice channel of the server */
    movedFromChannelId?: string | undefined;
  } | {
    type: "participant.leave";
    atMs: number;
    participantId: string;
    /** they are in this voice channel of the server now */
    movedToChannelId?: string | undefined;
  })[];
  eventsUri: string;
  chatUri?: string | undefined;
  chatEvents?: number | undefined;
  /** files attached to messages that were fetched; absent if there are none */
  attachments?: {
    attachmentId: string;
    messageId: string;
    /** as the sender named it, which is not the stored file's name */
    filename: string;
    /** as Discord says */
    contentType: string | null;
    uri: string;
    bytes: number;
    sha256: string;
  }[] | undefined;
  e2ee: {
    daveProtocolVersion: number;
    epochs: number;
    plaintextPackets?: number | undefined;
  };
  gaps: {
    startMs: number;
    endMs: number;
    reason: "reconnect" | "unheard" | "paused" | "stopped";
  }[];
  /** every datagram that arrived, by its fate: received = written + the sum of dropped */
  datagrams: {
    received: number;
    written: number;
    dropped: {
      not_rtp?: number | undefined;
      auth_failed?: number | undefined;
      replayed?: number | undefined;
      dave_undecryptable?: number | undefined;
      dave_plaintext?: number | undefined;
      unattributed?: number | undefined;
      late?: number | undefined;
      duplicate?: number | undefined;
      malformed_opus?: number | undefined;
      excess?: number | undefined;
      silence?: number | undefined;
      disk_refused?: number | undefined;
      padding_only?: number | undefined;
      not_recording?: number | undefined;
      [key: string]: number | undefined;
    };
  };
  warnings: {
    code: string;
    text: string;
  }[];
  software: {
    name: string;
    version: string;
  };
};

export type ServiceEvent = {
  /** the same for each attempt and each destination, so that receivers can recognise a repetition */
  deliveryId: string;
  emittedAt: string;
  attempt: number;
  version: 2;
  event: "job.status_changed";
  data: {
    event: "job.status_changed";
    jobId: string;
    externalId: string | null;
    metadata: {
      discord: {
        guildId: string;
        channelId: string;
        textChannelId: string | null;
      };
    };
    status: "scheduled" | "queued" | "joining" | "in_call" | "recording" | "finalizing" | "completed" | "failed" | "cancelled";
    previousStatus: "scheduled" | "queued" | "joining" | "in_call" | "recording" | "finalizing" | "completed" | "failed" | "cancelled";
    /** whether the recording is paused; true only with the status `recording` */
    paused: boolean;
    /** from `finalizing` on, if a call had been joined */
    exitReason?: "alone_in_room" | "silence_timeout" | "max_duration" | "nobody_joined" | "competing_bot" | "leave_requested" | "stop_requested" | "shutdown" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "cancelled" | "internal_error" | undefined;
    exitDetail?: string | undefined;
    failure_code?: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | "dispatch_timeout" | undefined;
    /** one sentence for people */
    failure_detail?: string | undefined;
    /** the same as failure_detail, for receivers of version 1 */
    failure_reason?: string | undefined;
    /** the same as failure_detail, for receivers of version 1 */
    error?: string | undefined;
  };
} | {
  /** the same for each attempt and each destination, so that receivers can recognise a repetition */
  deliveryId: string;
  emittedAt: string;
  attempt: number;
  version: 2;
  event: "job.finalized";
  data: {
    event: "job.finalized";
    jobId: string;
    externalId: string | null;
    metadata: {
      discord: {
        guildId: string;
        channelId: string;
        textChannelId: string | null;
      };
    };
    /** `failed` if the call ended with a failure; the manifest then describes a partial recording */
    status: "completed" | "cancelled" | "failed";
    exitReason: "alone_in_room" | "silence_timeout" | "max_duration" | "nobody_joined" | "competing_bot" | "leave_requested" | "stop_requested" | "shutdown" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "cancelled" | "internal_error";
    startedAt: string;
    endedAt: string;
    durationSeconds: number;
    manifestUri: string;
    billed: boolean;
  };
} | {
  /** the same for each attempt and each destination, so that receivers can recognise a repetition */
  deliveryId: string;
  emittedAt: string;
  attempt: number;
  version: 2;
  event: "job.failed";
  data: {
    event: "job.failed";
    jobId: string;
    externalId: string | null;
    metadata: {
      discord: {
        guildId: string;
        channelId: string;
        textChannelId: string | null;
      };
    };
    status: "failed";
    failure_code: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | "dispatch_timeout";
    /** one sentence for people */
    failure_detail: string;
    /** the same as failure_detail, for receivers of version 1 */
    failure_reason: string;
    /** the same as failure_detail, for receivers of version 1 */
    error: string;
    failureCode: "auth_failure" | "meeting_not_found" | "host_denied_admission" | "lobby_timeout" | "removed_from_meeting" | "meeting_ended" | "network_loss" | "recording_disabled" | "internal_error" | "dispatch_timeout";
    /** of what was recorded; 0 if nothing was */
    durationSeconds: number;
    /** of the partial recording, if one is stored */
    manifestUri?: string | undefined;
    billed: boolean;
  };
} | {
  /** the same for each attempt and each destination, so that receivers can recognise a repetition */
  deliveryId: string;
  emittedAt: string;
  attempt: number;
  version: 2;
  event: "bot.usage_recorded";
  data: {
    event: "bot.usage_recorded";
    jobId: string;
    externalId: string | null;
    metadata: {
      discord: {
        guildId: string;
        channelId: string;
        textChannelId: string | null;
      };
    };
    /** the same as jobId */
    job_id: string;
    /** whole recorded seconds */
    seconds: number;
    /** true from 60 recorded seconds on */
    billed: boolean;
  };
} | {
  /** the same for each attempt and each destination, so that receivers can recognise a repetition */
  deliveryId: string;
  emittedAt: string;
  attempt: number;
  version: 2;
  event: "bot.competing_bot_detected";
  data: {
    event: "bot.competing_bot_detected";
    jobId: string;
    externalId: string | null;
    metadata: {
      discord: {
        guildId: string;
        channelId: string;
        textChannelId: string | null;
      };
    };
    /** the other recorder */
    participant: {
      id: string;
      username: string;
      displayName: string;
      bot: boolean;
    };
    /** whether the worker leaves because of it */
    leftMeeting: boolean;
  };
} | {
  /** the same for each attempt and each destination, so that receivers can recognise a repetition */
  deliveryId: string;
  emittedAt: string;
  attempt: number;
  version: 2;
  event: "bot.recording_permission_response";
  data: {
    event: "bot.recording_permission_response";
    jobId: string;
    externalId: string | null;
    metadata: {
      discord: {
        guildId: string;
        channelId: string;
        textChannelId: string | null;
      };
    };
    /** who answered */
    participant: {
      id: string;
      username: string;
      displayName: string;
      bot: boolean;
    };
    granted: boolean;
  };
} | {
  /** the same for each attempt and each destination, so that receivers can recognise a repetition */
  deliveryId: string;
  emittedAt: string;
  attempt: number;
  version: 2;
  event: "recording.deleted";
  data: {
    jobId: string;
    externalId: string | null;
    metadata: {
      discord: {
        guildId: string;
        channelId: string;
        textChannelId: string | null;
      };
    };
    event: "recording.deleted";
    /** how many were deleted, and looked for again */
    files: number;
  };
};

export type SessionEvent = {
  type: "participant.join";
  atMs: number;
  participant: {
    id: string;
    username: string;
    displayName: string;
    bot: boolean;
  };
  flags: {
    selfMute: boolean;
    selfDeaf: boolean;
    serverMute: boolean;
    serverDeaf: boolean;
    streaming: boolean;
    video: boolean;
    suppressed: boolean;
  };
  /** they were here when the recording began */
  presentAtStart?: true | undefined;
  /** they came from this voice channel of the server */
  movedFromChannelId?: string | undefined;
} | {
  type: "participant.leave";
  atMs: number;
  participantId: string;
  /** they are in this voice channel of the server now */
  movedToChannelId?: string | undefined;
} | {
  type: "participant.update";
  atMs: number;
  participant: {
    id: string;
    username: string;
    displayName: string;
    bot: boolean;
  };
  flags: {
    selfMute: boolean;
    selfDeaf: boolean;
    serverMute: boolean;
    serverDeaf: boolean;
    streaming: boolean;
    video: boolean;
    suppressed: boolean;
  };
} | {
  type: "state";
  atMs: number;
  at: string;
  status: string;
  detail?: string | undefined;
} | {
  type: "talkspurt";
  atMs: number;
  endMs: number;
  speakerId: string;
} | {
  type: "anchor";
  atMs: number;
  speakerId: string;
  ssrc: number;
  reason: "first" | "clock_skew" | "clock_jump";
  shiftMs: number;
} | {
  type: "gap";
  atMs: number;
  endMs: number;
  reason: "reconnect" | "unheard" | "paused" | "stopped";
} | {
  type: "part.open";
  atMs: number;
  speakerId: string;
  file: string;
} | {
  type: "part.close";
  atMs: number;
  endMs: number;
  speakerId: string;
  file: string;
} | {
  type: "notice";
  atMs: number;
  about: "start" | "end" | "permission";
  buttons: boolean;
  channelId: string;
  messageId: string;
} | {
  type: "notice_spoken";
  atMs: number;
} | {
  type: "consent";
  atMs: number;
  participant: {
    id: string;
    username: string;
    displayName: string;
    bot: boolean;
  };
  granted: boolean;
} | {
  type: "moved";
  atMs: number;
  channelId: string;
  channelName: string;
} | {
  type: "warning";
  atMs: number;
  code: string;
  text: string;
} | {
  type: "competing_bot";
  atMs: number;
  participant: {
    id: string;
    username: string;
    displayName: string;
    bot: boolean;
  };
  knownBy: "id" | "name";
  leaves: boolean;
} | {
  type: "auto_leave";
  atMs: number;
  rule: "max_duration" | "competing_bot" | "nobody_joined" | "alone_in_room" | "silence_timeout";
  thresholdMs: number;
  sinceMs: number;
  evidence: {
    /** ids; muted and deafened people are people */
    humansPresent: string[];
    botsPresent: string[];
    recordersPresent: {
      id: string;
      knownBy: "id" | "name";
    }[];
    /** whether a person was in the channel since the bot connected */
    humanSeen: boolean;
    /** of the people */
    lastToLeave: {
      id: string;
      atMs: number;
    } | null;
    /** sound from a person, not from a bot */
    lastVoice: {
      id: string;
      atMs: number;
    } | null;
    /** time since sinceMs in which something was unknown: not counted */
    uncountedMs: number;
  };
  detail: string;
};
