import type { JournalLine } from "../../session/journal.ts";
import type { SessionEvent } from "../../session/session-events.ts";
import type { LineLog } from "../call/line-log.ts";
import type { SpooledFile, SpoolWriter } from "../ports/spool.ts";
import { JobRecord } from "./job-record.ts";

export interface ClosedLines {
  readonly file: SpooledFile;
  readonly lines: number;
}

/** Writes the journal, and keeps the record that can be made of it. */
export class JobJournal {
  readonly record: JobRecord;
  readonly #writer: SpoolWriter;
  #events: LineLog<SessionEvent> | undefined;

  /** @param record what the journal's earlier lines say */
  constructor(writer: SpoolWriter, record = new JobRecord()) {
    this.#writer = writer;
    this.record = record;
  }

  /** From now on events are written, there. */
  openEvents(events: LineLog<SessionEvent>): void {
    this.#events = events;
  }

  /**
   * No more events.
   *
   * @throws Error if they were never opened, or what the disk said
   */
  async closeEvents(): Promise<ClosedLines> {
    if (this.#events === undefined) throw new Error("no events were opened");
    const file = await this.#events.close();
    return { file, lines: this.#events.lines };
  }

  /** Why the job cannot be written down any more: what the disk said; undefined while it can. */
  get failure(): unknown {
    return this.#writer.failure ?? this.#events?.failure;
  }

  /** Hands the events on that have gathered. Call a few times a second. */
  flush(): void {
    this.#events?.flush();
  }

  /** On disk a moment later: lines are written at once and in order. */
  note(line: JournalLine): void {
    this.record.note(line);
    this.#writer.append(Buffer.from(`${JSON.stringify(line)}\n`, "utf8"));
  }

  /** Writes again whose job this is and when it began: without these lines all the others mean nothing. */
  repeatBeginning(): void {
    const { job, recordingStart } = this.record;
    if (job !== undefined) this.note(job);
    if (recordingStart === undefined) return;
    this.note({ type: "recording", startedAt: recordingStart.startedAt.toISOString(), place: recordingStart.place });
  }

  event(event: SessionEvent): void {
    this.record.see(event);
    this.#events?.write(event);
  }

  /**
   * Resolves when the disk has all lines so far, also after a loss of power.
   *
   * @throws what the disk said, if it refused one
   */
  synced(): Promise<void> {
    return this.#writer.synced();
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}
