import { samplesToMs } from "../../audio/opus-packet.ts";
import { InputError, messageOf } from "../../errors.ts";
import { chatEvent } from "../../session/chat.ts";
import { type CallEnd, FAILURES } from "../../session/exit.ts";
import {
  AUDIO_TYPE,
  CHAT_FILE,
  EVENTS_FILE,
  isPartFile,
  JOURNAL_FILE,
  LINES_TYPE,
  MANIFEST_FILE,
} from "../../session/job-files.ts";
import { type JournalLine, journalLine } from "../../session/journal.ts";
import { type ReadLines, readJsonLines } from "../../session/json-lines.ts";
import { sessionEvent } from "../../session/session-events.ts";
import { type JobState, outcomeOf } from "../../session/state.ts";
import { LineLog } from "../call/line-log.ts";
import type { Spool } from "../ports/spool.ts";
import { repairPart } from "../tracks/part-repair.ts";
import { attempt } from "./attempt.ts";
import { emptySpool, keepSpool } from "./close-spool.ts";
import { type FinishPorts, JobFinish } from "./finish.ts";
import { HungSpoolError, unlessSpoolHangs } from "./hung-spool.ts";
import type { Job } from "./job.ts";
import { JobJournal } from "./job-journal.ts";
import { JobRecord } from "./job-record.ts";
import type { JobResult } from "./job-result.ts";
import { LostFiles } from "./lost-files.ts";
import type { JobSnapshot } from "./status.ts";

/** The journal that an earlier process left. */
export interface EarlierJournal {
  readonly record: JobRecord;
  readonly lines: readonly JournalLine[];
  readonly refusedCount: ReadLines<JournalLine>["refusedCount"];
  readonly isClean: boolean;
}

/** The length of an Ogg page header, which never contains that many zeros in a row (RFC 3533, section 6). */
const ZEROS_OF_LOST_PAGES = 28;
const LOST_SECOND = "audio that had not reached the disk is lost, at most one second";
const KILLED: CallEnd = { exitReason: "internal_error", detail: `the worker was killed; ${LOST_SECOND}` };

/**
 * Finishes a job whose process is gone: repairs truncated files, stores the remaining files, and then the manifest.
 * Each finished step is in the journal, so the next recovery continues where an interrupted one stopped. A finished job
 * is not changed.
 */
export class Recovery implements Job {
  readonly call = undefined;
  #state: JobState = { status: "queued" };
  readonly #ports: FinishPorts;
  readonly #journal: JobJournal;
  readonly #finish: JobFinish;

  private constructor(ports: FinishPorts, journal: JobJournal) {
    this.#ports = ports;
    this.#journal = journal;
    this.#finish = new JobFinish(ports, journal, jobOf(journal.record));
  }

  /** Reads the journal of an earlier run, and counts the lines that a kill has torn. */
  static async readJournal(spool: Spool): Promise<EarlierJournal> {
    const bytes = (await spool.read(JOURNAL_FILE)) ?? Buffer.alloc(0);
    const read = readJsonLines(bytes, journalLine);
    const record = new JobRecord();
    for (const line of read.lines) record.note(line);
    return { record, ...read };
  }

  static async open(ports: FinishPorts, { record, lines, refusedCount, isClean }: EarlierJournal): Promise<Recovery> {
    const { spool } = ports;
    if (!isClean) {
      const whole = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      await spool.write(JOURNAL_FILE, Buffer.from(whole, "utf8"));
    }
    const journal = new JobJournal(await spool.extend(JOURNAL_FILE), record);
    // Any kill may leave one torn line at the end.
    if (refusedCount > 1) journal.note({ type: "damaged", lines: refusedCount });
    return new Recovery(ports, journal);
  }

  status(): JobSnapshot {
    const { record } = this.#journal;
    return {
      ...this.#finish.status(),
      jobId: record.job?.jobId ?? "",
      state: this.#state,
      end: record.end?.end,
      recordedMs: record.end?.atMs ?? record.latestMs,
      datagrams: record.datagrams,
      speakers: new Map(record.speakerIds.map((userId) => [userId, record.countsOf(userId)])),
      countdowns: [],
      speaking: new Set(),
      encryption: record.encryption,
      call: undefined,
    };
  }

  /** Has no effect: the call is already over. */
  end(): boolean {
    this.#ports.log.info({}, "the job is being finished; nothing is left to leave");
    return false;
  }

  /** Stops uploading; unstored files stay in the spool. */
  abandon(): void {
    this.#finish.abandon();
  }

  /** Call this if the recovery is not run. The spool is kept. */
  async release(): Promise<void> {
    await this.#finish.jobEvents.close();
    await keepSpool(this.#journal, this.#ports.spool);
  }

  /** @throws InputError if something has to be corrected first; the spool is kept */
  async run(): Promise<JobResult> {
    try {
      return await unlessSpoolHangs(this.#run(), this.#ports);
    } catch (error) {
      if (error instanceof InputError) {
        await attempt(this.#ports.log, "giving the spool back", () => this.release());
        throw error;
      }
      this.#ports.log.error({ err: error }, messageOf(error));
      const result =
        error instanceof HungSpoolError
          ? this.#finish.leaveHung(error)
          : await this.#finish.leaveUnfinished("internal_error", messageOf(error));
      this.#state = result.state;
      return result;
    }
  }

  async #run(): Promise<JobResult> {
    const { spool, storage, log } = this.#ports;
    const { record } = this.#journal;
    if (record.delivered) return await this.#removeFiles();
    const files = new LostFiles({ journal: this.#journal, spool, storage, log });
    await files.noteRecording();
    if (record.recordingStart === undefined) return await this.#deliverOnly();
    this.#state = { status: "recording", paused: false };
    await files.check();
    await this.#replayEvents();
    await files.bringBack();
    if (!record.files.has(EVENTS_FILE)) await this.#endCall();
    else await this.#repairParts();
    if (!record.files.has(CHAT_FILE)) await this.#endChat();
    const end = record.end?.end ?? this.#noteEnd();
    this.#move({ status: "finalizing", end, recorded: true });
    await this.#addWhatIsNotStored();
    const result = await this.#finish.complete(() => {
      this.#move(outcomeOf(end, true));
      return this.#state;
    });
    this.#state = result.state;
    return result;
  }

  /**
   * Nothing was recorded: the job was ended or its process killed before that, or it failed and could not report it.
   */
  async #deliverOnly(): Promise<JobResult> {
    const { end } = this.#journal.record;
    if (end !== undefined) {
      this.#move({ status: "finalizing", end: end.end, recorded: false });
      this.#move(outcomeOf(end.end, false));
      return await this.#finish.close({ state: this.#state, storedRecording: undefined }, 0);
    }
    const detail = "the worker was killed before anything was recorded";
    this.#move({ status: "failed", failureCode: "internal_error", detail });
    return await this.#finish.close(
      { state: this.#state, storedRecording: undefined },
      FAILURES.internal_error.exitCode,
    );
  }

  /** Only removing the files was left to do. */
  async #removeFiles(): Promise<JobResult> {
    const { end } = this.#journal.record;
    await this.#finish.jobEvents.close();
    await emptySpool(this.#journal, this.#ports.spool);
    if (end === undefined) return { state: this.#state, exitCode: 0, manifest: undefined, manifestUri: undefined };
    this.#state = outcomeOf(end.end, true);
    const manifestUri = this.#ports.storage.uriOf(MANIFEST_FILE);
    return { state: this.#state, exitCode: 0, manifest: undefined, manifestUri };
  }

  #move(next: JobState): void {
    this.#finish.jobEvents.moved(this.#state, next);
    this.#state = next;
  }

  async #replayEvents(): Promise<void> {
    const bytes = (await this.#ports.spool.read(EVENTS_FILE)) ?? Buffer.alloc(0);
    for (const event of readJsonLines(bytes, sessionEvent).lines) this.#journal.record.see(event);
  }

  /** Ends the call for the process that could not. */
  async #endCall(): Promise<void> {
    const journal = this.#journal;
    const { record } = journal;
    const { clock } = this.#ports;
    const events = await this.#reopenLines(EVENTS_FILE, sessionEvent);
    journal.openEvents(events);
    journal.note({ type: "recovered" });
    await this.#repairParts();
    for (const speakerId of record.speakerIds) {
      const { start, end } = record.openTalkspurt(speakerId) ?? { start: 0, end: 0 };
      if (end > 0) {
        journal.event({ type: "talkspurt", atMs: samplesToMs(start), endMs: samplesToMs(end), speakerId });
      }
    }
    const end: CallEnd = record.end?.end ?? KILLED;
    const atMs = record.end?.atMs ?? record.latestMs;
    if (record.openGap !== undefined) {
      journal.event({ type: "gap", atMs: record.openGap.startMs, endMs: atMs, reason: record.openGap.reason });
    }
    const text = `the worker was killed and the recording recovered from its spool; ${LOST_SECOND}, and its last packets are not counted`;
    journal.event({ type: "warning", atMs, code: "recovered", text });
    const at = clock.wallTime().toISOString();
    journal.event({ type: "state", atMs, at, status: "finalizing", detail: end.detail });
    if (record.end === undefined) this.#noteEnd();
    const { path: _, ...file } = await events.close();
    journal.note({ type: "file", contentType: LINES_TYPE, lines: events.lines, file });
  }

  #noteEnd(): CallEnd {
    const { record } = this.#journal;
    this.#journal.note({ type: "end", atMs: record.latestMs, ...KILLED });
    return KILLED;
  }

  async #repairParts(): Promise<void> {
    const { spool, log } = this.#ports;
    const finished = new Set(this.#journal.record.parts.map(({ file }) => file.name));
    for (const name of await spool.names()) {
      if (!isPartFile(name) || finished.has(name)) continue;
      const bytes = await spool.read(name);
      const file = await repairPart(this.#journal, spool, name);
      // A kill leaves the beginning of a page or nothing; a loss of power leaves zeros.
      if (file === undefined && bytes?.includes(Buffer.alloc(ZEROS_OF_LOST_PAGES))) {
        const reason = `${name} is lost: its ${bytes.length} bytes on the local disk were overwritten with zeros; the recording is finished without it`;
        this.#journal.note({ type: "lost", name, reason });
      }
      log.info(
        { file: name, bytes: file?.bytes ?? 0 },
        file === undefined ? "held no audio yet" : "cut-off file repaired",
      );
    }
  }

  async #endChat(): Promise<void> {
    if ((await this.#ports.spool.find(CHAT_FILE)) === undefined) return;
    const chat = await this.#reopenLines(CHAT_FILE, chatEvent);
    const { path: _, ...file } = await chat.close();
    this.#journal.note({ type: "file", contentType: LINES_TYPE, lines: chat.lines, file });
  }

  /** Opens a file of lines for appending, and first removes a line that a kill cut off. */
  async #reopenLines<Line>(name: string, schema: Parameters<typeof readJsonLines<Line>>[1]): Promise<LineLog<Line>> {
    const { spool } = this.#ports;
    const { lines, isClean } = readJsonLines((await spool.read(name)) ?? Buffer.alloc(0), schema);
    if (!isClean) {
      await spool.write(name, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""), "utf8"));
    }
    return new LineLog<Line>(await spool.extend(name), lines.length);
  }

  async #addWhatIsNotStored(): Promise<void> {
    const { record } = this.#journal;
    const parts = record.parts.map(({ file }) => ({ name: file.name, contentType: AUDIO_TYPE }));
    for (const { name, contentType } of [...parts, ...record.files.values()]) {
      if (record.stored.has(name)) continue;
      const file = await this.#ports.spool.find(name);
      if (file !== undefined) this.#finish.uploader.add(file, contentType);
    }
  }
}

function jobOf({ job }: JobRecord) {
  if (job === undefined) throw new Error("a recovery is opened with a job's journal");
  return job;
}
