import type { Manifest, ManifestParticipant } from "../session/manifest.ts";
import type { RecordingFiles } from "../session/recording-files.ts";
import { factsOf, gapInWords, megabytes, technicalFactsOf } from "./facts.ts";
import { audioBlock, MAX_EMBEDDED_BYTES, PAGE_END, type PageAssets, pageHead } from "./html.ts";
import { mentionsOf } from "./mentions.ts";
import { toMessages } from "./messages.ts";
import type { PageData, PagePerson, PageSpeaker, Span } from "./page-data.ts";
import { addressOf, filesOf } from "./page-files.ts";
import { type ReadAudio, readAudio } from "./read-audio.ts";
import { type ReadRecording, readRecording } from "./read-recording.ts";
import { whyEmpty } from "./why-empty.ts";

export interface ReportOptions {
  readonly assets: PageAssets;
  /** Whether the page contains the sound; undefined to decide by its size. */
  readonly embed: boolean | undefined;
  /** Whether the page contains the text of deleted messages. */
  readonly showDeleted: boolean;
  /** Folders from the page to the recording; undefined if there is no relative path. */
  readonly folderPath: readonly string[] | undefined;
  readonly onProgress: (readMs: number, allMs: number) => void;
  /** Called with a sentence for each thing that the page lacks; the page shows them too. */
  readonly onWarning: (text: string) => void;
}

/** The browser parses and reads clips in blocks. */
const CLIPS_PER_BLOCK = 16;

/**
 * Makes the report of a recording: one HTML page, in chunks, in the order in which they are written.
 *
 * @throws InputError if the manifest is missing or cannot be read
 */
export async function* makeReport(files: RecordingFiles, options: ReportOptions): AsyncGenerator<string> {
  const recording = await readRecording(files);
  const { tracks } = recording.manifest;
  const audioLeftOut = whyLeftOut(recording.manifest, options.embed);
  const byStart = tracks.toSorted((left, right) => left.startOffsetMs - right.startOffsetMs);
  const keepClips = audioLeftOut === undefined;
  const { onProgress, onWarning } = options;
  const { durationSeconds } = recording.manifest;
  const audio = await readAudio({ files, tracks: byStart, durationSeconds, keepClips, onProgress });
  for (const text of [...recording.warnings, ...audio.warnings]) onWarning(text);
  yield pageHead(toPageData(recording, audio, { audioLeftOut, ...options }), options.assets);
  for (let first = 0; first < audio.clips.length; first += CLIPS_PER_BLOCK) {
    const block = audio.clips.slice(first, first + CLIPS_PER_BLOCK);
    yield audioBlock(
      first / CLIPS_PER_BLOCK,
      block.map(({ ogg }) => ogg),
    );
  }
  yield PAGE_END;
}

function whyLeftOut({ tracks }: Manifest, embed: boolean | undefined): string | undefined {
  const bytes = tracks.reduce((sum, track) => sum + track.bytes, 0);
  if (embed === false) return "The sound was left out of this report on request (--no-embed).";
  if (embed === true || bytes <= MAX_EMBEDDED_BYTES) return undefined;
  return `The sound was left out of this report: ${megabytes(bytes)} are too much for most browsers. Make the report with --embed to include it.`;
}

type Shown = Pick<ReportOptions, "showDeleted" | "folderPath"> & Pick<PageData, "audioLeftOut">;

function toPageData(
  { manifest, events, chat, warnings }: ReadRecording,
  audio: ReadAudio,
  { audioLeftOut, showDeleted, folderPath }: Shown,
): PageData {
  const { channel, guild, jobId, startedAt, endedAt, durationSeconds, participants, speakers } = manifest;
  const talkspurts = new Map<string, Span[]>(speakers.map(({ id }) => [id, []]));
  for (const event of events) {
    if (event.type === "talkspurt") talkspurts.get(event.speakerId)?.push([rounded(event.atMs), rounded(event.endMs)]);
  }
  const heard = new Set(speakers.map(({ id }) => id));
  const indexes = new Map(speakers.map(({ id }, index) => [id, index]));
  return {
    channel: channel.name,
    guild: guild.name,
    jobId,
    startedAt,
    endedAt,
    durationMs: durationSeconds * 1_000,
    facts: factsOf(manifest),
    technicalFacts: technicalFactsOf(manifest),
    whyEmpty: whyEmpty(manifest),
    warnings: [...manifest.warnings.map(({ text }) => text), ...warnings, ...audio.warnings],
    speakers: speakers.map(({ id, displayName }) => ({
      ...speakerOf(manifest, id, displayName),
      talkspurts: talkspurts.get(id) ?? [],
      waveform: audio.waveforms.get(id) ?? [],
    })),
    listeners: participants.filter(({ id }) => !heard.has(id)).map(personOf),
    gaps: manifest.gaps.map(({ startMs, endMs, reason }) => ({
      fromMs: rounded(startMs),
      toMs: rounded(endMs),
      reason: gapInWords(reason),
    })),
    messages: chat === undefined ? undefined : toMessages(chat, { showDeleted }),
    mentions: mentionsOf(chat ?? [], manifest),
    files: folderPath === undefined ? [] : filesOf(manifest, indexes),
    filesAt: addressOf(folderPath ?? []),
    clips: audio.clips.map(({ speakerId, startSample, samples, leadSamples }) => [
      indexes.get(speakerId) ?? -1,
      startSample,
      samples,
      leadSamples,
    ]),
    clipsPerBlock: CLIPS_PER_BLOCK,
    audioLeftOut,
  };
}

function speakerOf(
  { participants, tracks }: Manifest,
  id: string,
  displayName: string,
): Omit<PageSpeaker, "talkspurts" | "waveform"> {
  const participant = participants.find((one) => one.id === id);
  const person =
    participant === undefined
      ? { name: displayName, username: "", bot: false, present: [], withheld: [] }
      : personOf(participant);
  const own = tracks.filter(({ speakerId }) => speakerId === id);
  const packets = own.reduce((sum, { packets }) => sum + packets.received, 0);
  const talkTimeMs = participant?.talkTimeMs ?? 0;
  return {
    ...person,
    label: participant?.speakerLabel ?? "",
    // A worker that was killed in the middle of a sentence may not have counted it.
    talkTimeMs: talkTimeMs === 0 && packets > 0 ? undefined : talkTimeMs,
    packets,
    lost: own.reduce((sum, { packets }) => sum + packets.lost, 0),
  };
}

function personOf({ displayName, username, bot, present, withheld }: ManifestParticipant): PagePerson {
  return { name: displayName, username, bot, present: present.map(toSpan), withheld: withheld.map(toSpan) };
}

function toSpan({ fromMs, toMs }: ManifestParticipant["present"][number]): Span {
  return [rounded(fromMs), rounded(toMs)];
}

/** The page shows nothing finer. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds);
}
