import { LineLog } from "../../src/recording/call/line-log.ts";
import { JobJournal } from "../../src/recording/job/job-journal.ts";
import type { JournalLine } from "../../src/session/journal.ts";
import type { SessionEvent } from "../../src/session/session-events.ts";
import { MemorySpool } from "./memory-spool.ts";

/** A journal in memory, and what was written to it. */
export function memoryJournal() {
  const spool = new MemorySpool();
  const journal = new JobJournal(spool.create("journal.jsonl"));
  journal.openEvents(new LineLog<SessionEvent>(spool.create("events.jsonl")));
  const linesOf = <Line>(name: string): Line[] =>
    spool
      .bytesOf(name)
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return {
    journal,
    spool,
    notes: () => linesOf<JournalLine>("journal.jsonl"),
    events: () => {
      journal.flush();
      return linesOf<SessionEvent>("events.jsonl");
    },
  };
}
