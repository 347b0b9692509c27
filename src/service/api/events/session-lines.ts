import * as z from "zod";
import type { SessionEvent } from "../../../session/session-events.ts";

/** Session events that watchers get. The others describe the job's files, or repeat job events. */
const SHOWN: ReadonlySet<string> = new Set<SessionEvent["type"]>([
  "participant.join",
  "participant.leave",
  "participant.update",
  "talkspurt",
  "gap",
  "notice",
  "notice_spoken",
  "consent",
  "moved",
  "warning",
  "competing_bot",
  "auto_leave",
]);

const LINE_END = "\n".charCodeAt(0);
const typed = z.looseObject({ type: z.string() });

export interface SessionLine {
  readonly type: string;
  /** The line, without its end. */
  readonly text: string;
  /** The position after the line: where reading continues. */
  readonly next: number;
}

/**
 * The complete lines in some bytes of `events.jsonl` that watchers get.
 *
 * @param first the position of the first byte
 * @returns with the position after the last complete line, which is `first` if there is none
 */
export function sessionLines(
  bytes: Buffer,
  first: number,
): { readonly lines: readonly SessionLine[]; readonly next: number } {
  const lines: SessionLine[] = [];
  let begin = 0;
  for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, begin)) {
    const text = bytes.toString("utf8", begin, end);
    begin = end + 1;
    const type = typeOf(text);
    if (type !== undefined && SHOWN.has(type)) lines.push({ type, text, next: first + begin });
  }
  return { lines, next: first + begin };
}

/** Undefined for a line that was torn, as by a kill. */
function typeOf(line: string): string | undefined {
  try {
    return typed.safeParse(JSON.parse(line)).data?.type;
  } catch {
    return undefined;
  }
}
