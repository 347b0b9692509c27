import type { WatchedJob } from "../../src/cli/view/watch-lines.ts";
import type { LiveJob } from "../../src/sdk/types.ts";

type Participant = LiveJob["participants"][number];

/** What a worker says about a call with these people in it. */
export function liveJob(overrides: Partial<LiveJob> = {}, names: readonly string[] = ["Ada"]): LiveJob {
  return {
    id: "job_1",
    externalId: null,
    platform: "discord",
    meetingUrl: "discord://1/2",
    metadata: { discord: { guildId: "1", channelId: "2", textChannelId: null } },
    channel: { id: "2", name: "Stand-up" },
    guild: { id: "1", name: "Acme" },
    status: "recording",
    paused: false,
    stopped: false,
    startedAt: "2026-11-30T09:00:00.000Z",
    elapsedSeconds: 65,
    connection: "live",
    participants: names.map((displayName, index) =>
      participant(displayName, { id: `${index}`, speaking: index === 0 }),
    ),
    speakers: [],
    autoLeave: [],
    uploads: { waitingFiles: 2, waitingBytes: 1_500_000, storedFiles: 4, storedBytes: 9_000_000, failedFiles: 0 },
    warnings: [],
    exitReason: null,
    exitDetail: null,
    failure_code: null,
    failure_detail: null,
    manifestUri: null,
    ...overrides,
  };
}

export function participant(displayName: string, more: Partial<Participant> = {}): Participant {
  return {
    ...{ id: "0", username: "someone", displayName, bot: false, speakerLabel: "A" },
    ...{ present: true, spoke: false, speaking: false, consent: "not_asked", ...more },
  };
}

/** A job in a call, as somebody knows it who watches it. */
export function watchedJob(overrides: Partial<WatchedJob> = {}): WatchedJob {
  return {
    ...{ id: "job_1", status: "recording", isPaused: false, joinsInMs: undefined, live: liveJob() },
    ...{ liveAgeMs: 0, isLost: false },
    ...overrides,
  };
}
