import { createHash } from "node:crypto";
import { checkOggOpus, mayBeFill } from "../audio/ogg/ogg-check.ts";
import { samplesToMs } from "../audio/opus-packet.ts";
import { TooLongError, UnreadableFileError } from "../errors.ts";
import { TAIL_SECONDS, trackEndSeconds } from "../session/call-length.ts";
import { chatEvent } from "../session/chat.ts";
import {
  attachmentFileName,
  CHAT_FILE,
  EVENTS_FILE,
  MANIFEST_FILE,
  MAX_FILE_BYTES,
  MAX_LOG_BYTES,
  MAX_MANIFEST_BYTES,
  partFileName,
} from "../session/job-files.ts";
import { type LineSchema, readJsonLines, wholeLines } from "../session/json-lines.ts";
import type { Manifest, ManifestAttachment, ManifestTrack } from "../session/manifest.ts";
import { parseManifest, type RecordingFiles } from "../session/recording-files.ts";
import { sessionEvent } from "../session/session-events.ts";
import { counted } from "../text/counted.ts";

export interface VerifyReport {
  /** One line a fault, each naming the file; empty if the recording is as its manifest says. */
  readonly faults: readonly string[];
  readonly manifest: Manifest | undefined;
}

/**
 * Checks a recording against its manifest: that every file is there with the size and hash promised, that every page
 * of the audio is whole and counts its samples right, that durations and packet numbers add up, that each line of the
 * logs is what its schema says.
 */
export async function verifyRecording(files: RecordingFiles): Promise<VerifyReport> {
  const bytes = await readOrFault(files, MANIFEST_FILE, MAX_MANIFEST_BYTES);
  if (typeof bytes === "string") return { faults: [bytes], manifest: undefined };
  if (bytes === undefined)
    return { faults: [`${MANIFEST_FILE}: missing; the job is not finished`], manifest: undefined };
  const parsed = parseManifest(bytes);
  if (typeof parsed === "string") return { faults: [`${MANIFEST_FILE}: ${parsed}`], manifest: undefined };

  const faults = [...checkSums(parsed)];
  faults.push(...parsed.tracks.flatMap((track) => beyondTheEnd(track, parsed.durationSeconds)));
  for (const track of parsed.tracks) faults.push(...(await checkTrack(files, track)));
  faults.push(...(await checkLines(files, EVENTS_FILE, sessionEvent, undefined)));
  if (parsed.chatUri !== undefined) faults.push(...(await checkLines(files, CHAT_FILE, chatEvent, parsed.chatEvents)));
  for (const attachment of parsed.attachments ?? []) faults.push(...(await checkAttachment(files, attachment)));
  return { faults, manifest: parsed };
}

/** Of one log. */
const MAX_LINE_FAULTS = 100;

/** The file; a sentence if it cannot be read; undefined if it is missing. */
async function readOrFault(
  files: RecordingFiles,
  name: string,
  maxBytes: number,
): Promise<Buffer | string | undefined> {
  try {
    return await files.read(name, maxBytes);
  } catch (error) {
    if (error instanceof TooLongError) return `${name}: more than ${maxBytes} bytes, the most that it may have`;
    if (error instanceof UnreadableFileError) return `${name}: not a file that can be read`;
    throw error;
  }
}

/** The times of start and end have whole milliseconds. */
const TIMES_DIFFER_SECONDS = 1;

function* checkSums({ datagrams, tracks, startedAt, endedAt, durationSeconds }: Manifest): Iterable<string> {
  const dropped = Object.values(datagrams.dropped).reduce((sum, count) => sum + count, 0);
  if (datagrams.received !== datagrams.written + dropped) {
    yield `${MANIFEST_FILE}: ${counted(datagrams.received, "datagram")} received, but ${datagrams.written} written and ${dropped} dropped`;
  }
  const lastedSeconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
  if (Math.abs(lastedSeconds - durationSeconds) > TIMES_DIFFER_SECONDS) {
    yield `${MANIFEST_FILE}: lasts ${durationSeconds} s, but ends ${lastedSeconds} s after its start`;
  }
  const written = tracks.reduce((sum, track) => sum + track.packets.received, 0);
  if (written !== datagrams.written) {
    yield `${MANIFEST_FILE}: ${counted(datagrams.written, "packet")} written, but the tracks hold ${written}`;
  }
}

function beyondTheEnd(track: ManifestTrack, durationSeconds: number): string[] {
  const endSeconds = trackEndSeconds(track);
  if (endSeconds <= durationSeconds + TAIL_SECONDS) return [];
  return [
    `${partFileName(track.speakerId, track.part)}: ends at ${Math.round(endSeconds)} s, the call at ${Math.round(durationSeconds)} s`,
  ];
}

async function checkTrack(files: RecordingFiles, track: ManifestTrack): Promise<string[]> {
  const name = partFileName(track.speakerId, track.part);
  const bytes = await readOrFault(files, name, Math.min(track.bytes, MAX_FILE_BYTES));
  if (typeof bytes === "string") return [bytes];
  if (bytes === undefined) return [`${name}: missing`];
  const faults = checkBytes(name, bytes, track);
  const report = checkOggOpus(bytes);
  faults.push(...report.faults.map((fault) => `${name}: ${fault}`));
  const durationMs = samplesToMs(report.durationSamples);
  if (durationMs !== track.durationMs) {
    faults.push(`${name}: lasts ${durationMs} ms, the manifest says ${track.durationMs}`);
  }
  const { received } = track.packets;
  const certain = report.packets.filter((packet) => !mayBeFill(packet)).length;
  if (received < certain || received > report.packets.length) {
    faults.push(`${name}: ${certain} to ${report.packets.length} received packets, the manifest says ${received}`);
  }
  return faults;
}

async function checkAttachment(files: RecordingFiles, attachment: ManifestAttachment): Promise<string[]> {
  const name = attachmentFileName(attachment.attachmentId, attachment.filename);
  const bytes = await readOrFault(files, name, Math.min(attachment.bytes, MAX_FILE_BYTES));
  if (typeof bytes === "string") return [bytes];
  return bytes === undefined ? [`${name}: missing`] : checkBytes(name, bytes, attachment);
}

function checkBytes(name: string, bytes: Buffer, expected: { bytes: number; sha256: string }): string[] {
  const faults: string[] = [];
  if (bytes.length !== expected.bytes) {
    faults.push(`${name}: ${counted(bytes.length, "byte")}, the manifest says ${expected.bytes}`);
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== expected.sha256) faults.push(`${name}: sha256 ${sha256}, the manifest says ${expected.sha256}`);
  return faults;
}

async function checkLines(
  files: RecordingFiles,
  name: string,
  schema: LineSchema<unknown>,
  expected: number | undefined,
): Promise<string[]> {
  const bytes = await readOrFault(files, name, MAX_LOG_BYTES);
  if (typeof bytes === "string") return [bytes];
  if (bytes === undefined) return [`${name}: missing`];
  const { lines, refused, refusedCount, wholeBytes, isClean } = readJsonLines(wholeLines(bytes), schema);
  const faults = wholeBytes < bytes.length ? [`${name}: the last line is cut off`] : [];
  const shown = refused.slice(0, MAX_LINE_FAULTS - faults.length);
  faults.push(...shown.map(({ number, problem }) => `${name}:${number}: ${problem}`));
  if (refusedCount > shown.length)
    faults.push(`${name}: ${counted(refusedCount - shown.length, "more line")} like these`);
  if (refusedCount === 0 && !isClean) faults.push(`${name}: zeros between its lines`);
  const count = lines.length + refusedCount;
  if (expected !== undefined && count !== expected) {
    faults.push(`${name}: ${counted(count, "line")}, the manifest says ${expected}`);
  }
  return faults;
}
