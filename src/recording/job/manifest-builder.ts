import { samplesToMs } from "../../audio/opus-packet.ts";
import { type CallEnd, failureCodeOf } from "../../session/exit.ts";
import { CHAT_FILE, EVENTS_FILE } from "../../session/job-files.ts";
import type {
  Manifest,
  ManifestAttachment,
  ManifestParticipant,
  ManifestTrack,
  ProvisionalManifest,
} from "../../session/manifest.ts";
import type { FinishedFile, JobRecord, RecordedPart } from "./job-record.ts";

/**
 * Builds the manifest. Pure.
 *
 * @throws Error if the record has no recording, or one that has not ended
 */
export function buildManifest(record: JobRecord, uriOf: (name: string) => string): Manifest {
  if (record.end === undefined) throw new Error("a manifest is made when the call is over");
  const { end, atMs } = record.end;
  return { ...exitOf(end), ...describe(record, atMs, record.parts, uriOf) };
}

/**
 * Builds a provisional manifest of the files that are already stored. Pure.
 *
 * @throws Error if the record has no recording
 */
export function buildProvisionalManifest(
  record: JobRecord,
  nowMs: number,
  uriOf: (name: string) => string,
): ProvisionalManifest {
  const stored = record.parts.filter(({ file }) => record.stored.has(file.name));
  const { eventsUri, chatUri, chatEvents, attachments, ...rest } = describe(record, nowMs, stored, uriOf);
  return { status: "recording", ...rest };
}

function exitOf(end: CallEnd): Pick<Manifest, "exitReason" | "exitDetail" | "failureCode"> {
  return { exitReason: end.exitReason, exitDetail: end.detail, failureCode: failureCodeOf(end) };
}

function describe(
  record: JobRecord,
  durationMs: number,
  parts: readonly RecordedPart[],
  uriOf: (name: string) => string,
): Omit<Manifest, "exitReason" | "exitDetail" | "failureCode"> {
  const { job, recordingStart } = record;
  if (job === undefined || recordingStart === undefined) throw new Error("a manifest needs a recording");
  const { startedAt, place } = recordingStart;
  const chat = record.files.get(CHAT_FILE);
  const attachments = [...record.files.values()].flatMap((file) => attachmentOf(file, uriOf));
  return {
    schemaVersion: 1,
    platform: "discord",
    jobId: job.jobId,
    externalId: job.externalId,
    startedAt: startedAt.toISOString(),
    endedAt: new Date(startedAt.getTime() + durationMs).toISOString(),
    durationSeconds: durationMs / 1_000,
    guild: { id: place.guildId, name: place.guildName },
    channel: { id: place.channelId, name: place.channelName },
    textChannelId: job.textChannelId,
    consentMode: job.consent,
    speakers: record.speakerIds.map((id) => ({ id, displayName: record.people.get(id)?.displayName ?? id })),
    participants: participantsOf(record, durationMs),
    tracks: parts.map((part) => trackOf(part, uriOf)),
    events: record.rosterEvents,
    eventsUri: uriOf(EVENTS_FILE),
    ...(chat === undefined ? {} : { chatUri: uriOf(CHAT_FILE), chatEvents: chat.lines ?? 0 }),
    ...(attachments.length === 0 ? {} : { attachments }),
    e2ee: record.encryption,
    gaps: record.gaps,
    datagrams: record.datagrams,
    warnings: record.warnings,
    software: job.software,
  };
}

function trackOf(part: RecordedPart, uriOf: (name: string) => string): ManifestTrack {
  const { userId, number, startSamples, durationSamples, packets, file } = part;
  return {
    trackId: number === 1 ? userId : `${userId}-${number}`,
    kind: "per-speaker",
    format: "opus",
    speakerId: userId,
    part: number,
    uri: uriOf(file.name),
    bytes: file.bytes,
    sha256: file.sha256,
    encoding: { mimeType: "audio/ogg; codecs=opus" },
    startOffsetMs: samplesToMs(startSamples),
    durationMs: samplesToMs(durationSamples),
    packets: { ...packets },
  };
}

function attachmentOf(file: FinishedFile, uriOf: (name: string) => string): ManifestAttachment[] {
  if (file.attachment === undefined) return [];
  const { id: attachmentId, messageId, filename, contentType } = file.attachment;
  const { name, bytes, sha256 } = file;
  return [{ attachmentId, messageId, filename, contentType, uri: uriOf(name), bytes, sha256 }];
}

function participantsOf(record: JobRecord, durationMs: number): ManifestParticipant[] {
  return record.people.participants().map(({ present: visits, ...who }) => {
    const present = visits.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? durationMs }));
    return {
      ...who,
      talkTimeMs: samplesToMs(record.talkSamples(who.id)),
      datagrams: record.countsOf(who.id),
      present,
      consent: record.consents.stateOf(who.id),
      withheld: record.consents.withheld(who.id, present),
    };
  });
}
