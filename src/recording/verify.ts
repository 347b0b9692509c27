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
import { checkJsonLines, type LineSchema, wholeLines } from "../session/json-lines.ts";
import type { Manifest, ManifestAttachment, ManifestTrack } from "../session/manifest.ts";
import { parseManifest, type RecordingFiles } from "../session/recording-files.ts";
import { sessionEvent } from "../session/session-events.ts";
import { counted } from "../text/counted.ts";

export interface VerifyResult {
  /** One line for each fault, naming the file; empty if the recording matches its manifest. */
  readonly faults: readonly string[];
  /** The number of faults, including those that are only counted because a file has too many. */
  readonly faultCount: number;
  readonly manifest: Manifest | undefined;
}

/**
 * Checks a recording against its manifest: every file exists with the given size and hash, every audio page is intact
 * with correct sample counts, durations and packet counts add up, and each log line matches its schema.
 */
export async function verifyRecording(files: RecordingFiles): Promise<VerifyResult> {
  const bytes = await readOrFault(files, MANIFEST_FILE, MAX_MANIFEST_BYTES);
  if (typeof bytes === "string") return noManifest(bytes);
  if (bytes === undefined) return noManifest(`${MANIFEST_FILE}: missing; the job is not finished`);
  const manifest = parseManifest(bytes);
  if (typeof manifest === "string") return noManifest(`${MANIFEST_FILE}: ${manifest}`);

  const faults = new Faults();
  faults.add(checkSums(manifest));
  for (const track of manifest.tracks) faults.add(beyondTheEnd(track, manifest.durationSeconds));
  for (const track of manifest.tracks) await checkTrack(files, track, faults);
  await checkLines(files, { name: EVENTS_FILE, schema: sessionEvent, expected: undefined }, faults);
  const { chatUri, chatEvents } = manifest;
  if (chatUri !== undefined) {
    await checkLines(files, { name: CHAT_FILE, schema: chatEvent, expected: chatEvents }, faults);
  }
  for (const attachment of manifest.attachments ?? []) faults.add(await checkAttachment(files, attachment));
  return { ...faults.all(), manifest };
}

function noManifest(fault: string): VerifyResult {
  return { faults: [fault], faultCount: 1, manifest: undefined };
}

/** The faults of a recording. */
class Faults {
  readonly #lines: string[] = [];
  #count = 0;

  add(faults: Iterable<string>): void {
    for (const fault of faults) this.addMany(fault, 1);
  }

  /** @param text one line that gives the number of several faults */
  addMany(text: string, count: number): void {
    this.#lines.push(text);
    this.#count += count;
  }

  all(): Pick<VerifyResult, "faults" | "faultCount"> {
    return { faults: this.#lines, faultCount: this.#count };
  }
}

/** The result for one log. */
const MAX_LINES_NAMED = 10;

/** Returns the file, a sentence if it cannot be read, or undefined if it is missing. */
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

async function checkTrack(files: RecordingFiles, track: ManifestTrack, faults: Faults): Promise<void> {
  const name = partFileName(track.speakerId, track.part);
  const bytes = await readOrFault(files, name, Math.min(track.bytes, MAX_FILE_BYTES));
  if (!Buffer.isBuffer(bytes)) return faults.add([bytes ?? `${name}: missing`]);
  faults.add(checkBytes(name, bytes, track));
  const report = checkOggOpus(bytes);
  faults.add(report.faults.map((fault) => `${name}: ${fault}`));
  const more = report.faultCount - report.faults.length;
  if (more > 0) faults.addMany(`${name}: ${counted(more, "more fault")}`, more);
  const durationMs = samplesToMs(report.durationSamples);
  if (durationMs !== track.durationMs) {
    faults.add([`${name}: lasts ${durationMs} ms, the manifest says ${track.durationMs}`]);
  }
  const { received } = track.packets;
  const certain = report.packets.filter((packet) => !mayBeFill(packet)).length;
  if (received < certain || received > report.packets.length) {
    faults.add([`${name}: ${certain} to ${report.packets.length} received packets, the manifest says ${received}`]);
  }
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

interface LogCheck {
  readonly name: string;
  readonly schema: LineSchema<unknown>;
  /** The number of lines according to the manifest. */
  readonly expected: number | undefined;
}

async function checkLines(files: RecordingFiles, { name, schema, expected }: LogCheck, faults: Faults): Promise<void> {
  const bytes = await readOrFault(files, name, MAX_LOG_BYTES);
  if (!Buffer.isBuffer(bytes)) return faults.add([bytes ?? `${name}: missing`]);
  let count = 0;
  const { refused, refusedCount, unreadCount, wholeBytes, isClean } = checkJsonLines(wholeLines(bytes), schema, () => {
    count += 1;
  });
  if (wholeBytes < bytes.length) faults.add([`${name}: the last line is cut off`]);
  const named = refused.slice(0, MAX_LINES_NAMED);
  faults.add(named.map(({ number, problem }) => `${name}:${number}: ${problem}`));
  const more = refusedCount - unreadCount - named.length;
  const unread = unreadCount === 0 ? "" : `; the ${counted(unreadCount, "line")} after them were not read`;
  if (more > 0) faults.addMany(`${name}: ${counted(more, "more wrong line")}${unread}`, more);
  if (refusedCount === 0 && !isClean) faults.add([`${name}: zeros between its lines`]);
  count += refusedCount;
  if (expected !== undefined && count !== expected) {
    faults.add([`${name}: ${counted(count, "line")}, the manifest says ${expected}`]);
  }
}
