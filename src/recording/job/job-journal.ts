import type { JournalLine } from "../../session/journal.ts";
import type { SessionEvent } from "../../session/session-events.ts";
import type { LineLog } from "../call/line-log.ts";
import type { SpooledFile, SpoolWriter } from "../ports/spool.ts";
import { JobRecord } from "./job-record.ts";

export interface ClosedLines {
  readonly file: SpooledFile;
  readonly lines: number;
}

/** Writes the journal, and keeps the record that is built from its lines. */
export class JobJournal {
  readonly record: JobRecord;
  readonly #writer: SpoolWriter;
  #events: LineLog<SessionEvent> | undefined;

  /** @param record built from the journal's earlier lines */
  constructor(writer: SpoolWriter, record = new JobRecord()) {
    this.#writer = writer;
    this.record = record;
  }

  /** Starts to write events to this file. */
  openEvents(events: LineLog<SessionEvent>): void {
    this.#events = events;
  }

  /**
   * Closes the event log.
   *
   * @throws Error if they were never opened, or the error of the disk
   */
  async closeEvents(): Promise<ClosedLines> {
    if (this.#events === undefined) throw new Error("no events were opened");
    const file = await this.#events.close();
    return { file, lines: this.#events.lines };
  }

  /** The disk error that stopped the journal; undefined while it is writable. */
  get failure(): unknown {
    return this.#writer.failure ?? this.#events?.failure;
  }

  /** Writes the buffered events. Call a few times a second. */
  flush(): void {
    this.#events?.flush();
  }

  /** The lines reach the disk a moment later, in order. */
  note(line: JournalLine): void {
    this.record.note(line);
    this.#writer.append(Buffer.from(`${JSON.stringify(line)}\n`, "utf8"));
  }

  /** Writes again which job this is and when it began, because the other lines depend on these two. */
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
   * Resolves when all lines so far would survive a loss of power.
   *
   * @throws the disk's error, if it refused a line
   */
  synced(): Promise<void> {
    return this.#writer.synced();
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}
