import { type ChatEvent, chatEvent } from "../../session/chat.ts";
import type { Consents } from "../../session/consent.ts";
import type { NoteRequest } from "../../session/control.ts";
import type { ChatEventBody } from "../ports/chat.ts";
import type { CallObserver } from "../ports/observer.ts";
import type { LineLog } from "./line-log.ts";
import type { RecordingGaps } from "./recording-gaps.ts";
import type { SessionClock } from "./session-clock.ts";

/**
 * Chat that may wait in memory for the local disk. Discord's longest messages have some 100 KB. A file whose waiting data
 * exceeds the spool's limit fails, and with it the whole job.
 */
const MAX_WAITING_BYTES = 2_000_000;

export interface ChatLinesOptions {
  /** Undefined if chat is not recorded. */
  readonly lines: LineLog<ChatEvent> | undefined;
  /** The file of the chat, which is made for the first note if chat is not recorded. */
  readonly linesForNotes: () => LineLog<ChatEvent>;
  readonly sessionClock: SessionClock;
  readonly gaps: RecordingGaps;
  readonly consents: Consents;
  /** The bot's own account, whose notices are always recorded. */
  readonly selfId: string;
  readonly observer: CallObserver | undefined;
  /** Called when a line was left out because it is malformed. @param reason which field, and what is expected */
  readonly onRefused: (reason: string) => void;
  /** Called when a line was left out because too many bytes of chat wait for the disk. */
  readonly onTooMuch: () => void;
}

/** Records the messages of the channel at their times, if they may be kept. */
export class ChatLines {
  readonly #options: ChatLinesOptions;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: ChatLinesOptions) {
    this.#options = options;
  }

  /** @returns whether it is recorded */
  add(body: ChatEventBody): boolean {
    const { gaps, lines, observer, sessionClock } = this.#options;
    const atMs = this.#timeOf(body);
    // A message that is backfilled after a gap may have been sent while the recording was paused.
    if (gaps.isWithheld || gaps.wasPausedAt(atMs)) return false;
    const writer = writerOf(body);
    if (writer !== undefined && !this.#mayKeep(writer, atMs)) return false;
    const line = { ...body, at: sessionClock.isoAt(atMs), offsetMs: atMs };
    // Discord may send anything, so the line is checked against its schema before it is written.
    const { error } = chatEvent.safeParse(line);
    if (error !== undefined) {
      const [issue] = error.issues;
      this.#options.onRefused(`${body.type}: ${issue?.path.join(".")}: ${issue?.message}`);
      return false;
    }
    if (lines?.writeIfRoom(line, MAX_WAITING_BYTES) === false) {
      this.#options.onTooMuch();
      return false;
    }
    this.#lastMs = atMs;
    observer?.chat(body, atMs);
    return true;
  }

  /**
   * Writes a note for now.
   *
   * @returns its moment, when it would survive a loss of power
   */
  async note({ text, author }: NoteRequest): Promise<number> {
    const { linesForNotes, sessionClock } = this.#options;
    const offsetMs = sessionClock.nowMs();
    const lines = linesForNotes();
    lines.write({ type: "note", at: sessionClock.isoAt(offsetMs), offsetMs, text, author: author ?? null });
    await lines.synced();
    return offsetMs;
  }

  flush(): void {
    this.#options.lines?.flush();
  }

  /**
   * A backfilled message gets the time at which Discord says it was sent. That time is kept between the previous line and
   * now, so a clock that disagrees with ours cannot move the message out of its gap.
   */
  #timeOf(body: ChatEventBody): number {
    const { sessionClock } = this.#options;
    const nowMs = sessionClock.nowMs();
    if (body.type !== "message.create" || body.backfilled !== true) return nowMs;
    const sentMs = Date.parse(body.sentAt) - sessionClock.startedAt.getTime();
    return Math.min(Math.max(sentMs, this.#lastMs), nowMs);
  }

  /** Consent also covers messages. */
  #mayKeep(userId: string, atMs: number): boolean {
    return userId === this.#options.selfId || this.#options.consents.mayKeep(userId, atMs);
  }
}

/** The author of the message or reaction in a line of chat; undefined if it has none. */
function writerOf(body: ChatEventBody): string | undefined {
  switch (body.type) {
    case "message.create":
    case "message.update":
      return body.author.id;
    case "reaction.add":
    case "reaction.remove":
      return body.userId;
    case "thread.create":
    case "thread.update":
      return body.ownerId ?? undefined;
    default:
      return undefined;
  }
}
