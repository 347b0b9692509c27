import type { JobSnapshot } from "../recording/job/status.ts";
import type { JobView } from "../session/job-view.ts";
import type { Participant } from "../session/roster.ts";

/** The response of `GET /api/v1/jobs/{id}`. */
export function viewOf(report: JobSnapshot): JobView {
  const { state, record, uploads } = report;
  const { externalId = null, guildId = "", channelId = "", textChannelId = null } = record.job ?? {};
  const participants = record.people.participants();
  const end = "end" in state ? state.end : undefined;
  const failed = state.status === "failed" ? state : undefined;
  return {
    id: report.jobId,
    externalId,
    platform: "discord",
    meetingUrl: `discord://${guildId}/${channelId}`,
    metadata: { discord: { guildId, channelId, textChannelId } },
    channel: record.channel ?? null,
    guild: guildOf(report),
    status: state.status,
    paused: isPaused(report),
    stopped: state.status === "in_call" && state.stopped,
    startedAt: record.recordingStart?.startedAt.toISOString() ?? null,
    elapsedSeconds: report.recordedMs / 1_000,
    connection: report.call?.connection ?? null,
    participants: participants.map(({ id, username, displayName, bot, speakerLabel }) => ({
      ...{ id, username, displayName, bot, speakerLabel },
      present: record.people.isPresent(id),
      spoke: record.people.hasSpoken(id),
      speaking: report.speaking.has(id),
      consent: record.consents.stateOf(id),
    })),
    speakers: participants
      .filter(({ id }) => record.people.hasSpoken(id))
      .sort(byLabel)
      .map(({ id, displayName }) => ({ id, displayName })),
    autoLeave: report.countdowns.map(({ exitReason, remainingMs, thresholdMs, waitingFor = null }) => ({
      exitReason,
      remainingSeconds: Math.max(0, remainingMs) / 1_000,
      thresholdSeconds: thresholdMs / 1_000,
      waitsFor: waitingFor,
    })),
    uploads: { ...uploads },
    warnings: record.warnings.map(({ code, text }) => ({ code, text })),
    exitReason: end?.exitReason ?? null,
    exitDetail: end?.detail ?? null,
    failure_code: failed?.failureCode ?? null,
    failure_detail: failed?.detail ?? null,
    manifestUri: report.manifestUri ?? null,
  };
}

function guildOf({ record: { recordingStart } }: JobSnapshot): JobView["guild"] {
  return recordingStart === undefined
    ? null
    : { id: recordingStart.place.guildId, name: recordingStart.place.guildName };
}

export function isPaused({ state }: JobSnapshot): boolean {
  return state.status === "recording" && state.paused;
}

/** A … Z, AA, AB … */
function byLabel(a: Participant, b: Participant): number {
  return a.speakerLabel.length - b.speakerLabel.length || (a.speakerLabel < b.speakerLabel ? -1 : 1);
}
