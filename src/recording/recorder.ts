/** This file is long because it has a job's whole life, one method for each step. */

import { withDeadline } from "../deadline.ts";
import { InputError, JobError, messageOf } from "../errors.ts";
import { Pulse } from "../pulse.ts";
import type { NoteRequest } from "../session/control.ts";
import { afterStop, type CallEnd, FAILURES, failureCodeOf } from "../session/exit.ts";
import { JOURNAL_FILE } from "../session/job-files.ts";
import type { Person } from "../session/shapes.ts";
import { detailOf, isOver, type JobInput, type JobState, transition } from "../session/state.ts";
import { allows } from "../session/verbs.ts";
import type { CallRecording } from "./call/call-recording.ts";
import { DatagramCounts } from "./call/datagram-counts.ts";
import { LiveCall } from "./call/live-call.ts";
import { SessionClock } from "./call/session-clock.ts";
import { attempt } from "./job/attempt.ts";
import { leaveNoTrace } from "./job/close-spool.ts";
import type { CallControls } from "./job/controls.ts";
import { JobFinish } from "./job/finish.ts";
import { HungSpoolError, unlessSpoolHangs } from "./job/hung-spool.ts";
import type { Job } from "./job/job.ts";
import { JobJournal } from "./job/job-journal.ts";
import type { JobResult } from "./job/job-result.ts";
import { Provisional } from "./job/provisional.ts";
import { SpoolSpace } from "./job/spool-space.ts";
import type { JobSnapshot } from "./job/status.ts";
import type { PostedMessage } from "./ports/announcer.ts";
import type { CallPlace } from "./ports/voice.ts";
import type { RecorderOptions, RecorderPorts } from "./recorder-options.ts";

/** Time to leave a channel that was being joined, and to close the Discord session; nothing depends on either. */
const LEAVE_LIMIT_MS = 5_000;

/**
 * Records one call, from joining to the manifest. Call `run` once. `end` makes it leave and finalize, `abandon` makes
 * it close the files and stop.
 */
export class Recorder implements Job, CallControls {
  readonly #ports: RecorderPorts;
  readonly #options: RecorderOptions;
  readonly #journal: JobJournal;
  readonly #finish: JobFinish;
  readonly #space: SpoolSpace;
  readonly #ending = Promise.withResolvers<CallEnd>();
  #end: CallEnd | undefined;
  #state: JobState = { status: "queued" };
  #sessionClock: SessionClock | undefined;
  #live: LiveCall | undefined;
  /** Checks order, silence and auto-leave. */
  #pulse: Pulse | undefined;
  /** The recording's length, once it is over. */
  #recordedMs: number | undefined;
  #stopped = false;

  constructor(ports: RecorderPorts, options: RecorderOptions) {
    const { spool, clock, log } = ports;
    this.#ports = ports;
    this.#options = options;
    this.#journal = new JobJournal(spool.create(JOURNAL_FILE));
    this.#finish = new JobFinish(ports, this.#journal, options.job);
    this.#journal.note({ type: "job", version: 1, ...options.job });
    const onDeleted = (names: readonly string[]): void => this.#noteDeleted(names);
    this.#space = new SpoolSpace({ spool, clock, log, onDeleted, ...options.spoolSpace });
  }

  get state(): JobState {
    return this.#state;
  }

  get call(): CallControls {
    return this;
  }

  status(): JobSnapshot {
    const call = this.#live?.callRecording;
    const counts = call?.datagrams ?? new DatagramCounts();
    return {
      ...this.#finish.status(),
      jobId: this.#options.job.jobId,
      state: this.#state,
      end: this.#end,
      recordedMs: this.#recordedMs ?? this.#sessionClock?.nowMs() ?? 0,
      datagrams: counts.all(),
      speakers: counts.bySpeaker(),
      countdowns: this.#recordedMs === undefined ? (call?.countdowns() ?? []) : [],
      speaking: this.#recordedMs === undefined ? (call?.speaking() ?? new Set()) : new Set(),
      encryption: call === undefined ? this.#journal.record.encryption : this.#ports.voice.encryption(),
      call: call?.figures(),
    };
  }

  end(end: CallEnd): boolean {
    if (this.#end !== undefined || isOver(this.#state)) return false;
    this.#end = end;
    this.#ending.resolve(end);
    return true;
  }

  pause(): boolean {
    return this.#withhold({ type: "pause" }, "paused");
  }

  resume(): boolean {
    if (!this.#allows({ type: "resume" })) return false;
    this.#live?.callRecording.resume();
    this.#advance({ type: "resume" });
    return true;
  }

  stopRecording(): boolean {
    if (!this.#withhold({ type: "stop" }, "stopped")) return false;
    this.#stopped = true;
    void this.#live?.desk.announceEnd();
    return true;
  }

  async note(note: NoteRequest): Promise<number | undefined> {
    if (this.#end !== undefined || !allows(this.#state, "note")) return undefined;
    return await this.#live?.callRecording.note(note);
  }

  sendMessage(text: string): Promise<PostedMessage> {
    return this.#ports.announcer.post({ text });
  }

  async requestRecordingPermission(): Promise<PostedMessage | undefined> {
    return allows(this.#state, "permission") ? await this.#live?.desk.ask() : undefined;
  }

  consent(person: Person, granted: boolean, givenAt?: number): boolean | undefined {
    return allows(this.#state, "permission") ? this.#live?.consent(person, granted, givenAt) : undefined;
  }

  /** Cancels uploads: files are closed and stay in the spool. */
  abandon(): void {
    this.end({ exitReason: "shutdown", detail: "the worker was asked to stop at once" });
    this.#live?.abandon();
    this.#finish.abandon();
  }

  /**
   * The result says how the job ended.
   *
   * @throws InputError if the storage is not writable; in that case no call was joined
   */
  async run(): Promise<JobResult> {
    try {
      return await this.#run();
    } catch (error) {
      // Once something was recorded, no wrong input may remove it.
      if (this.#sessionClock !== undefined || !(error instanceof InputError)) return await this.#failed(error);
      await this.release();
      throw error;
    } finally {
      if (this.#sessionClock === undefined) await this.#closeObserver();
      await this.#within("closing the Discord session", () => this.#ports.voice.close());
    }
  }

  /** For a job that never ran: releases its resources, and leaves no files. */
  async release(): Promise<void> {
    const { log, spool } = this.#ports;
    await attempt(log, "closing the event delivery", () => this.#finish.jobEvents.close());
    await attempt(log, "giving the spool back", () => leaveNoTrace(this.#journal, spool));
    await this.#closeObserver();
  }

  async #closeObserver(): Promise<void> {
    await attempt(this.#ports.log, "giving the capture's folder back", () => this.#ports.observer?.close(0));
  }

  /** A call that is about to end cannot be paused, resumed or stopped, even if its state does not show that yet. */
  #allows(event: JobInput): boolean {
    return this.#end === undefined && transition(this.#state, event) !== undefined;
  }

  #withhold(event: JobInput, reason: "paused" | "stopped"): boolean {
    if (!this.#allows(event)) return false;
    this.#live?.callRecording.withhold(reason);
    this.#advance(event);
    return true;
  }

  async #run(): Promise<JobResult> {
    const { clock, voice, storage } = this.#ports;
    const checking = this.#space.check().then(() => storage.check());
    const endBeforeJoin = await Promise.race([checking, this.#ending.promise]);
    if (endBeforeJoin !== undefined) return this.#cancelledBeforeJoin(endBeforeJoin, checking);
    this.#advance({ type: "join" });
    const joining = voice.join();
    const joined = await Promise.race([joining, this.#ending.promise]);
    if ("exitReason" in joined) return this.#cancelledBeforeJoin(joined, joining);

    // No await from here to `listen`: the session clock starts now, and the next datagram counts.
    const sessionClock = new SessionClock(clock);
    this.#sessionClock = sessionClock;
    const live = this.#createLive(joined, sessionClock);
    this.#live = live;
    this.#advance({ type: "joined" });
    live.listen();
    this.#advance({ type: "record" });
    void live.open();

    const finishing = this.#untilEnd(live.callRecording, sessionClock).then((end) =>
      this.#finalize(this.#stopped ? afterStop(end) : end, live, sessionClock),
    );
    await this.#ending.promise;
    return await unlessSpoolHangs(finishing, this.#ports);
  }

  #createLive(place: CallPlace, sessionClock: SessionClock): LiveCall {
    const [ports, options] = [this.#ports, this.#options];
    const [journal, { uploader, jobEvents }] = [this.#journal, this.#finish];
    const onEnd = (end: CallEnd): void => void this.end(end);
    const onActivity = (): void => this.#pulse?.wake();
    return new LiveCall({ ports, options, place, sessionClock, journal, uploader, jobEvents, onActivity, onEnd });
  }

  async #untilEnd(call: CallRecording, sessionClock: SessionClock): Promise<CallEnd> {
    const { clock, spool, storage, voice, log } = this.#ports;
    const space = this.#space;
    const provisional = new Provisional({ journal: this.#journal, spool, storage, clock: sessionClock, log });
    const isQuiet = (): boolean => voice.isQuiet;
    const tick = (intervalMs: number): void => {
      const due = call.tick(intervalMs) ?? space.tick(() => call.tracks.closeParts(), isQuiet()) ?? this.#diskEnd();
      if (due !== undefined) this.end(due);
      provisional.tick(() => call.noteCounts());
    };
    const pulse = new Pulse({ clock, isQuiet, tick });
    this.#pulse = pulse;
    try {
      return await this.#ending.promise;
    } finally {
      pulse.stop();
      await provisional.close();
    }
  }

  /** If the journal is no longer writable, the job ends and keeps what was recorded. */
  #diskEnd(): CallEnd | undefined {
    const { failure } = this.#journal;
    if (failure === undefined) return undefined;
    return { exitReason: "internal_error", detail: `the local disk refuses the job's files: ${messageOf(failure)}` };
  }

  #noteDeleted(names: readonly string[]): void {
    const text = `somebody deleted files of the running job from its spool folder; those that were open were made again, among them ${names[0]}`;
    if (this.#recordedMs === undefined) this.#live?.callRecording.warning("spool_deleted", text);
  }

  async #finalize(end: CallEnd, live: LiveCall, sessionClock: SessionClock): Promise<JobResult> {
    const durationMs = sessionClock.nowMs();
    this.#recordedMs = durationMs;
    this.#journal.note({ type: "end", atMs: durationMs, ...end });
    this.#advance({ type: "end", end });
    await live.close(durationMs);
    await this.#finish.checkStored();
    const result = await this.#finish.complete(() => {
      this.#advance({ type: "finalized" });
      return this.#state;
    });
    this.#state = result.state;
    return result;
  }

  async #cancelledBeforeJoin(end: CallEnd, underWay: Promise<unknown>): Promise<JobResult> {
    underWay.catch((error: unknown) => this.#ports.log.debug({ err: error }, "joining was given up"));
    const failureCode = failureCodeOf(end);
    if (failureCode !== null) throw new JobError(failureCode, end.detail);
    this.#journal.note({ type: "end", atMs: 0, ...end });
    this.#advance({ type: "end", end });
    await this.#within("leaving the channel", () => this.#ports.voice.leave());
    this.#advance({ type: "finalized" });
    return await this.#finish.close({ state: this.#state, storedRecording: undefined }, 0);
  }

  async #within(step: string, call: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#ports;
    await attempt(log, step, () => withDeadline(call, { what: "Discord", limitMs: LEAVE_LIMIT_MS, clock }));
  }

  async #failed(error: unknown): Promise<JobResult> {
    const failureCode = error instanceof JobError ? error.failureCode : "internal_error";
    const detail = messageOf(error);
    const { fault, retryable } = FAILURES[failureCode];
    this.#ports.log.error({ err: error, failureCode, fault, retryable }, detail);
    if (this.#sessionClock !== undefined) {
      const result =
        error instanceof HungSpoolError
          ? this.#finish.leaveHung(error)
          : await this.#finish.leaveUnfinished(failureCode, detail);
      this.#state = result.state;
      return result;
    }
    this.#advance({ type: "fail", failureCode, detail });
    const outcome = { state: this.#state, storedRecording: undefined };
    const { exitCode } = FAILURES[failureCode];
    await attempt(this.#ports.log, "delivering the failure", async () => {
      await this.#finish.close(outcome, exitCode);
    });
    return { state: this.#state, exitCode, manifest: undefined, manifestUri: undefined };
  }

  #advance(event: JobInput): void {
    const next = transition(this.#state, event);
    if (next === undefined) throw new Error(`a job that is ${this.#state.status} cannot ${event.type}`);
    this.#finish.jobEvents.moved(this.#state, next);
    this.#state = next;
    const { status } = next;
    const detail = detailOf(next);
    const resumed = event.type === "resume" ? "resumed" : undefined;
    const how = status === "recording" || status === "in_call" ? (detail ?? resumed) : undefined;
    const shown = how === undefined ? `state: ${status}` : `state: ${status}, ${how}`;
    this.#ports.log.info({ status, ...("end" in next ? next.end : {}) }, shown);
    if (status === "completed" || status === "failed" || status === "cancelled") return;
    this.#journal.event({
      type: "state",
      atMs: this.#sessionClock?.nowMs() ?? 0,
      at: this.#ports.clock.wallTime().toISOString(),
      status,
      ...(detail === undefined ? {} : { detail }),
    });
  }
}
