import { UnreadableFileError } from "../errors.ts";
import { callSeconds, hasPossibleLength } from "../session/call-length.ts";
import { type ChatEvent, chatEvent } from "../session/chat.ts";
import { CHAT_FILE, EVENTS_FILE, MAX_LOG_BYTES } from "../session/job-files.ts";
import { type LineSchema, readJsonLines } from "../session/json-lines.ts";
import type { Manifest } from "../session/manifest.ts";
import { type RecordingFiles, readManifest } from "../session/recording-files.ts";
import { type SessionEvent, sessionEvent } from "../session/session-events.ts";

/** A recording without its audio. */
export interface ReadRecording {
  readonly manifest: Manifest;
  readonly events: readonly SessionEvent[];
  /** Undefined if chat was not recorded. */
  readonly chat: readonly ChatEvent[] | undefined;
  /** Sentences about data that could not be read. */
  readonly warnings: readonly string[];
}

/**
 * Reads the manifest and the logs. Damaged lines and logs are left out, with a warning. A manifest is needed.
 *
 * @throws InputError if the manifest is missing or damaged
 */
export async function readRecording(files: RecordingFiles): Promise<ReadRecording> {
  const found = await readManifest(files);
  const manifest = { ...found, durationSeconds: callSeconds(found) };
  const warnings = hasPossibleLength(found)
    ? []
    : ["manifest.json gives a length that no call has. Times end with the last track."];
  const events = await readLines(files, EVENTS_FILE, sessionEvent, warnings);
  const chat = manifest.chatUri === undefined ? undefined : await readLines(files, CHAT_FILE, chatEvent, warnings);
  return { manifest, events, chat, warnings };
}

async function readLines<Line>(
  files: RecordingFiles,
  name: string,
  schema: LineSchema<Line>,
  warnings: string[],
): Promise<readonly Line[]> {
  const bytes = await files.read(name, MAX_LOG_BYTES).catch((error: unknown) => {
    if (error instanceof UnreadableFileError) return error;
    throw error;
  });
  if (!Buffer.isBuffer(bytes)) {
    warnings.push(`${name} ${bytes === undefined ? "is missing" : "is too long, or is not a file that can be read"}.`);
    return [];
  }
  const { lines, refusedCount } = readJsonLines(bytes, schema);
  if (refusedCount > 0) {
    const noun = refusedCount === 1 ? "line" : "lines";
    warnings.push(`${name}: ${refusedCount} ${noun} could not be read; left out here.`);
  }
  return lines;
}
