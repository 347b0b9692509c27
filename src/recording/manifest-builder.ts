import type { CallEnd } from "../session/exit.ts";
import { failureCodeOf } from "../session/exit.ts";
import { type Manifest, type ManifestParticipant, type ManifestTrack, samplesToMs } from "../session/manifest.ts";
import type { CallRecording } from "./call-recording.ts";
import type { CallPlace, EncryptionState } from "./ports.ts";
import type { FinishedPart } from "./track.ts";

export interface ManifestInput {
  readonly jobId: string;
  readonly externalId: string | null;
  readonly textChannelId: string | null;
  readonly software: Manifest["software"];
  readonly place: CallPlace;
  readonly encryption: EncryptionState;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly end: CallEnd;
  readonly call: CallRecording;
  readonly uriOf: (name: string) => string;
  /** Whether `chat.jsonl` is among the files. */
  readonly hasChat: boolean;
}

/** Names of a job's files beside the audio. */
export const EVENTS_FILE = "events.jsonl";
export const CHAT_FILE = "chat.jsonl";
export const MANIFEST_FILE = "manifest.json";

/** Puts together what was recorded. Pure. */
export function buildManifest(input: ManifestInput): Manifest {
  const { call, place, end, uriOf, durationMs, startedAt, hasChat } = input;
  const tracks = call.tracks.parts.map((part) => trackOf(part, uriOf));
  return {
    schemaVersion: 1,
    platform: "discord",
    jobId: input.jobId,
    externalId: input.externalId,
    exitReason: end.exitReason,
    exitDetail: end.detail,
    failureCode: failureCodeOf(end),
    startedAt: startedAt.toISOString(),
    endedAt: new Date(startedAt.getTime() + durationMs).toISOString(),
    durationSeconds: durationMs / 1_000,
    guild: { id: place.guildId, name: place.guildName },
    channel: { id: place.channelId, name: place.channelName },
    textChannelId: input.textChannelId,
    speakers: call.tracks.userIds.map((id) => ({ id, displayName: call.people.get(id)?.displayName ?? id })),
    participants: participantsOf(call, durationMs),
    tracks,
    events: call.rosterEvents,
    eventsUri: uriOf(EVENTS_FILE),
    ...(hasChat ? { chatUri: uriOf(CHAT_FILE), chatEvents: call.chatLines } : {}),
    e2ee: input.encryption,
    gaps: call.gaps,
    datagrams: call.datagrams.all(),
    warnings: call.warnings,
    software: input.software,
  };
}

function trackOf(part: FinishedPart, uriOf: (name: string) => string): ManifestTrack {
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

function participantsOf(call: CallRecording, durationMs: number): ManifestParticipant[] {
  return call.people.participants().map(({ present, ...who }) => ({
    ...who,
    talkTimeMs: samplesToMs(call.tracks.talkSamples(who.id)),
    datagrams: call.datagrams.of(who.id),
    present: present.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? durationMs })),
  }));
}
