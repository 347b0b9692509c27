import { InputError } from "../errors.ts";
import { EVENTS_FILE, MAX_LOG_BYTES } from "../session/job-files.ts";
import { readJsonLines } from "../session/json-lines.ts";
import type { RecordingFiles } from "../session/recording-files.ts";
import { sessionEvent } from "../session/session-events.ts";
import type { ExportedSpeaker } from "./speakers.ts";

/** A talkspurt with its speaker's name. Times are on the session clock. */
export interface SpokenTurn {
  readonly startMs: number;
  readonly endMs: number;
  readonly name: string;
}

/**
 * The talkspurts of `events.jsonl`, by their start; those of the speakers that are given.
 *
 * @throws InputError if the file is missing or a line is not what its schema says
 */
export async function readTurns(files: RecordingFiles, speakers: readonly ExportedSpeaker[]): Promise<SpokenTurn[]> {
  const bytes = await files.read(EVENTS_FILE, MAX_LOG_BYTES);
  if (bytes === undefined) throw new InputError(`${EVENTS_FILE}: missing; it says who spoke when`);
  const names = new Map(speakers.map(({ id, name }) => [id, name]));
  const { lines, refused } = readJsonLines(bytes, sessionEvent);
  const [first] = refused;
  if (first !== undefined) {
    throw new InputError(`${EVENTS_FILE}:${first.number}: ${first.problem}; verify lists all faults`);
  }
  const turns = lines.flatMap((event) => {
    const name = event.type === "talkspurt" ? names.get(event.speakerId) : undefined;
    return event.type === "talkspurt" && name !== undefined ? [{ startMs: event.atMs, endMs: event.endMs, name }] : [];
  });
  return turns.sort((left, right) => left.startMs - right.startMs || left.endMs - right.endMs);
}
