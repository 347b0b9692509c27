import * as z from "zod";

/** A line of the file in which a worker notes its logins (MEETBOT_LOGINS_FILE). Times are epoch milliseconds. */
const loginNote = z.object({
  at: z.number(),
  /** What Discord says is left after this login; null if it was not asked. */
  limit: z.object({ total: z.number().int(), remaining: z.number().int(), resetAt: z.number() }).nullable(),
});

export type LoginNote = z.infer<typeof loginNote>;

/** A last line without its end is still being written, so it is left for the next look. */
export function readLoginNotes(text: string): LoginNote[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => loginNote.parse(JSON.parse(line)));
}
