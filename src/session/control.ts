import * as z from "zod";
import { withoutControls } from "../text/safe-text.ts";
import { MAX_MESSAGE_LENGTH, MAX_NOTE_AUTHOR_LENGTH, MAX_NOTE_LENGTH } from "./forms.ts";
import { jobStatus } from "./job-events.ts";

/** The requests and responses of a job's control API, the same at the worker's port and at the service's. */

export const controlResult = z
  .object({
    id: z.string(),
    jobId: z.string().meta({ description: "the same as id" }),
    status: jobStatus,
    paused: z.boolean(),
    changed: z.boolean().meta({ description: "false if the job was already in this state" }),
    channelId: z.string().optional().meta({ description: "of a message: the channel that it was posted in" }),
    messageId: z.string().optional().meta({ description: "id of the posted message" }),
    offsetMs: z.number().optional().meta({ description: "of a note: its moment, in ms since the recording began" }),
  })
  .meta({ id: "ControlResult", description: "The job after the request" });

export type ControlResult = z.infer<typeof controlResult>;

/** A person's answer whether they may be recorded. */
export const consentAnswer = z.object({
  userId: z.string().regex(/^\d{17,20}$/, "expected a Discord id of 17 to 20 digits"),
  granted: z.boolean().meta({ description: "false: nothing of this person is kept from now on" }),
  displayName: z.string().min(1).max(100).optional(),
  givenAt: z.iso
    .datetime({ error: "expected a time in UTC such as 2026-11-30T20:15:00Z" })
    .optional()
    .meta({ description: "when the person said it; an answer that they gave in the call since then counts instead" }),
});

const MESSAGE_ACCEPTS = `expected a text of 1 to ${MAX_MESSAGE_LENGTH} characters`;

export const chatMessage = z.object({
  message: z
    .string({ error: MESSAGE_ACCEPTS })
    .min(1, { error: MESSAGE_ACCEPTS })
    .refine((text) => [...text].length <= MAX_MESSAGE_LENGTH, `expected at most ${MAX_MESSAGE_LENGTH} characters`)
    .regex(/\S/, "expected more than white space")
    .meta({ maxLength: MAX_MESSAGE_LENGTH, description: "Discord's Markdown; mentions notify nobody" }),
});

const NOTE_ACCEPTS = `expected a text of 1 to ${MAX_NOTE_LENGTH} characters, not counting white space at its ends`;
const AUTHOR_ACCEPTS = `expected a name of 1 to ${MAX_NOTE_AUTHOR_LENGTH} characters`;

export const noteRequest = z.object({
  text: trimmedText(MAX_NOTE_LENGTH, NOTE_ACCEPTS).meta({
    ...{ maxLength: MAX_NOTE_LENGTH, description: "Discord's Markdown; white space at both ends is removed" },
  }),
  author: trimmedText(MAX_NOTE_AUTHOR_LENGTH, AUTHOR_ACCEPTS)
    .overwrite(withoutControls)
    .meta({ maxLength: MAX_NOTE_AUTHOR_LENGTH, description: "the name of who wrote it, for the report" })
    .optional(),
});

export type NoteRequest = z.infer<typeof noteRequest>;

/** Characters are counted without the white space at both ends, which is removed. */
function trimmedText(maxLength: number, accepts: string) {
  return z
    .string({ error: accepts })
    .overwrite((text) => text.trim())
    .min(1, { error: accepts })
    .refine((text) => [...text].length <= maxLength, accepts);
}

export const idempotencyKey = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: "the same key posts once; a repeated request gets the first one's answer" }),
});
