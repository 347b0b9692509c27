import * as z from "zod";
import { type MeetBot, MeetbotNotFoundError } from "../../sdk/index.ts";
import { pageQuery } from "../../service/api/operations/common.ts";
import { fields, instant } from "../../service/api/schemas/fields.ts";
import { recordingAnswer, recordingDeleted, recordingSummary } from "../../service/api/schemas/recording-answer.ts";
import { count } from "../../session/shapes.ts";
import { defineTool, ENDS, jobInput, READS, type Tool, ToolError } from "../tool.ts";

/** Recordings of calls. */

/** A long call has thousands of files; a model has no use for all of them. */
const MAX_LISTED = 200;

const recordingOutput = recordingAnswer.omit({ nextCursor: true }).extend({
  filesOmitted: count.meta({ description: "files beyond the first 200" }),
  tracksOmitted: count.meta({ description: "of the manifest, beyond the first 200" }),
});

const getRecording = defineTool({
  name: "get_recording",
  title: "Get a recording",
  description:
    "Get the recording of a job: the manifest (who spoke, when, one track per speaker) and an address for each file. Addresses in a bucket work for an hour; others need the API key. The manifest comes without its list of events, which is the file events.jsonl. A job has a recording when get_bot shows its manifestUri.",
  hints: READS,
  input: jobInput,
  output: recordingOutput,
  run: async ({ meetbot }, { id }, signal) => {
    const { manifest, files, ...recording } = await meetbot
      .getRecording(id, { signal })
      .catch((error: unknown) => whyMissing(meetbot, id, error, signal));
    const { events: _events, tracks = [], ...rest } = manifest;
    return {
      ...recording,
      manifest: { ...rest, tracks: tracks.slice(0, MAX_LISTED) },
      files: files.slice(0, MAX_LISTED),
      filesOmitted: Math.max(0, files.length - MAX_LISTED),
      tracksOmitted: Math.max(0, tracks.length - MAX_LISTED),
    };
  },
});

const OVER: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

/**
 * A job that is not over has a right id and no recording yet.
 *
 * @throws ToolError for such a job, otherwise the error itself
 */
async function whyMissing(meetbot: MeetBot, id: string, error: unknown, signal: AbortSignal): Promise<never> {
  if (!(error instanceof MeetbotNotFoundError) || error.code !== "not_found") throw error;
  const { status } = await meetbot.getJob(id, { signal }).catch((failed: unknown) => {
    throw failed instanceof MeetbotNotFoundError ? error : failed;
  });
  throw new ToolError(
    OVER.has(status)
      ? `Job ${id} is ${status} and has no recording. The id is right. Use get_bot to see why the job ended.`
      : `The recording of job ${id} is not there yet: the job is ${status}. The id is right. Wait until get_bot shows its manifestUri, then call get_recording again.`,
  );
}

const getTranscript = defineTool({
  name: "get_transcript",
  title: "Get a transcript",
  description:
    "Transcripts are not made by this service, so this always answers with an error. Use get_recording: each speaker is a track of their own, which any speech-to-text program can transcribe.",
  hints: READS,
  input: jobInput,
  output: z.object({ transcript: z.string() }),
  run: async () => {
    throw new ToolError(
      "This service makes no transcripts. Use get_recording for one audio track per speaker, and transcribe those with a program of your own.",
    );
  },
});

const listRecordings = defineTool({
  name: "list_recordings",
  title: "List recordings",
  description: "List recordings that are stored, newest first. Use get_recording with an id for its files.",
  hints: READS,
  input: fields({ ...pageQuery, createdAfter: instant.optional() }),
  output: z.object({
    data: z.array(recordingSummary),
    nextCursor: z.string().nullable().meta({ description: "for the argument cursor; null on the last page" }),
  }),
  run: async ({ meetbot }, query, signal) => {
    const { data, nextCursor } = await meetbot.listRecordings(query, { signal });
    return { data: [...data], nextCursor };
  },
});

const deleteRecording = defineTool({
  name: "delete_recording",
  title: "Delete a recording for good",
  description:
    "Permanently delete every file of a recording. It cannot be undone: ask the person before. The job must be over; leave_bot ends it.",
  hints: ENDS,
  input: jobInput,
  output: recordingDeleted,
  run: async ({ meetbot }, { id }, signal) => await meetbot.deleteRecording(id, { signal }),
});

export const RECORDING_TOOLS: readonly Tool[] = [getRecording, getTranscript, listRecordings, deleteRecording];
