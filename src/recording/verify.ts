import { createHash } from "node:crypto";
import { checkOggOpus, mayBeFill } from "../audio/ogg-check.ts";
import { samplesToMs } from "../audio/opus-packet.ts";
import { InputError, messageOf, TooLongError, UnreadableFileError } from "../errors.ts";
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
import { type Manifest, type ManifestAttachment, type ManifestTrack, manifestSchema } from "../session/manifest.ts";
import { sessionEvent } from "../session/session-events.ts";
import { counted } from "../text/counted.ts";
import { printable } from "../text/safe-text.ts";

/** A finished job's files, wherever they lie. */
export interface RecordingFiles {
  /**
   * @returns undefined if there is no such file
   * @throws TooLongError if it has more than `maxBytes`; no more than that is read
   * @throws UnreadableFileError if it is something else than a file, or may not be read
   */
  read(name: string, maxBytes: number): Promise<Buffer | undefined>;
}

/** The same for files that are too long to be held whole. */
export interface RecordingStreams extends RecordingFiles {
  /** @throws InputError, on the first piece, where there is no such file */
  stream(name: string, signal?: AbortSignal): AsyncIterable<Buffer>;
}

export interface VerifyReport {
  /** One line a fault, each naming the file; empty where the recording is as its manifest says. */
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

/**
 * The manifest of a finished job.
 *
 * @throws InputError where there is none, or where it is not what its schema says
 */
export async function readManifest(files: RecordingFiles): Promise<Manifest> {
  return (await readManifestFile(files)).manifest;
}

/** The same, with the very bytes that it was read from. */
export async function readManifestFile(
  files: RecordingFiles,
): Promise<{ readonly manifest: Manifest; readonly bytes: Buffer }> {
  const bytes = await files.read(MANIFEST_FILE, MAX_MANIFEST_BYTES);
  if (bytes === undefined) {
    throw new InputError(
      `${MANIFEST_FILE}: missing; the job is not finished: let its worker end, or recover it from its spool`,
    );
  }
  const parsed = parseManifest(bytes);
  if (typeof parsed === "string") throw new InputError(`${MANIFEST_FILE}: ${parsed}`);
  return { manifest: parsed, bytes };
}

/** A file that is something else breaks every rule. */
const MAX_ISSUES = 3;
/** Of one log. */
const MAX_LINE_FAULTS = 100;

function parseManifest(bytes: Buffer): Manifest | string {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    return printable(messageOf(error));
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return twiceNamed(result.data) ?? result.data;
  const { issues } = result.error;
  const shown = issues.slice(0, MAX_ISSUES).map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`);
  const more = issues.length > MAX_ISSUES ? `; and ${issues.length - MAX_ISSUES} more` : "";
  return `not a manifest of version 1, or damaged (${shown.join("; ")}${more})`;
}

/** Two entries for one file would each replace what the other brought. */
function twiceNamed({ tracks, attachments = [] }: Manifest): string | undefined {
  const seen = new Set<string>();
  const names = [
    ...tracks.map(({ speakerId, part }) => partFileName(speakerId, part)),
    ...attachments.map(({ attachmentId, filename }) => attachmentFileName(attachmentId, filename)),
  ];
  for (const name of names) {
    if (seen.has(name)) return `names ${name} twice; it is damaged, or somebody has changed it`;
    seen.add(name);
  }
  return undefined;
}

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

/** Sound may be ahead of its arrival by seconds, but not by more. */
const TAIL_SECONDS = 60;

function beyondTheEnd(
  { speakerId, part, startOffsetMs, durationMs }: ManifestTrack,
  durationSeconds: number,
): string[] {
  const endSeconds = (startOffsetMs + durationMs) / 1_000;
  if (endSeconds <= durationSeconds + TAIL_SECONDS) return [];
  return [
    `${partFileName(speakerId, part)}: ends at ${Math.round(endSeconds)} s, the call at ${Math.round(durationSeconds)} s`,
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
