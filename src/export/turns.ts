import { InputError, messageOf } from "../errors.ts";
import type { RecordingFiles } from "../recording/verify.ts";
import { sessionEvent } from "../session/events.ts";
import { EVENTS_FILE, MAX_LOG_BYTES } from "../session/job-files.ts";
import { linesOf } from "../session/lines.ts";
import type { ExportedSpeaker } from "./speakers.ts";

/** A talkspurt with its speaker's name, on the session clock. */
export interface SpokenTurn {
  readonly startMs: number;
  readonly endMs: number;
  readonly name: string;
}

/**
 * The talkspurts of `events.jsonl`, by their start; those of the speakers that are given.
 *
 * @throws InputError where the file is missing or a line is not what its schema says
 */
export async function readTurns(files: RecordingFiles, speakers: readonly ExportedSpeaker[]): Promise<SpokenTurn[]> {
  const bytes = await files.read(EVENTS_FILE, MAX_LOG_BYTES);
  if (bytes === undefined) throw new InputError(`${EVENTS_FILE}: missing; who spoke when stands there`);
  const names = new Map(speakers.map(({ id, name }) => [id, name]));
  const turns: SpokenTurn[] = [];
  let number = 0;
  for (const line of linesOf(bytes)) {
    number += 1;
    if (line === "") continue;
    const event = parsed(line, number);
    if (event.type !== "talkspurt") continue;
    const name = names.get(event.speakerId);
    if (name !== undefined) turns.push({ startMs: event.atMs, endMs: event.endMs, name });
  }
  return turns.sort((left, right) => left.startMs - right.startMs || left.endMs - right.endMs);
}

function parsed(line: string, number: number) {
  try {
    return sessionEvent.parse(JSON.parse(line));
  } catch (error) {
    throw new InputError(`${EVENTS_FILE}:${number}: ${messageOf(error)}; verify tells all that is wrong`, {
      cause: error,
    });
  }
}
