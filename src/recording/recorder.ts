import { type FailureCode, InputError, JobError, messageOf } from "../errors.ts";
import type { AutoLeaveOptions } from "../session/auto-leave.ts";
import { competingBotDetected, recordingPermissionResponse } from "../session/build-notices.ts";
import type { ChatEvent } from "../session/chat.ts";
import type { SessionEvent } from "../session/events.ts";
import { type CallEnd, FAILURES, failureCodeOf } from "../session/exit.ts";
import type { JobLine } from "../session/journal.ts";
import { type JobEvent, type JobState, transition } from "../session/state.ts";
import { ATTACHMENT_TYPE, type AttachmentLimits, Attachments } from "./attachments.ts";
import { CallRecording } from "./call-recording.ts";
import { ConsentDesk, type ConsentOptions } from "./consent-desk.ts";
import { DatagramCounts } from "./datagram-counts.ts";
import { AUDIO_TYPE, closeJob, emptySpool, keepSpool, LINES_TYPE, noteStored, storeManifest } from "./finish.ts";
import { type ClosedLines, JOURNAL_FILE, JobJournal } from "./job-journal.ts";
import type { JobResult } from "./job-result.ts";
import { LineLog } from "./line-log.ts";
import { CHAT_FILE, EVENTS_FILE, MANIFEST_FILE } from "./manifest-builder.ts";
import { repairPart } from "./part-repair.ts";
import type {
  AttachmentSource,
  ButtonSource,
  CallObserver,
  CallPlace,
  ChatSource,
  Clock,
  Log,
  Messenger,
  PostedMessage,
  Reporter,
  Spool,
  Storage,
  VoiceSource,
} from "./ports.ts";
import { Provisional } from "./provisional.ts";
import { SessionClock } from "./session-clock.ts";
import { SpoolSpace, type SpoolSpaceOptions } from "./spool-space.ts";
import type { JobStatusReport } from "./status.ts";
import { type JobOutcome, JobTeller } from "./teller.ts";
import type { RotationOptions } from "./track.ts";
import { Uploader } from "./uploader.ts";

export interface RecorderPorts {
  readonly clock: Clock;
  readonly voice: VoiceSource;
  readonly chat: ChatSource | undefined;
  /** Undefined where attachments are not to be fetched. */
  readonly attachments: AttachmentSource | undefined;
  readonly messenger: Messenger;
  readonly buttons: ButtonSource;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly observer: CallObserver | undefined;
  readonly reporter: Reporter;
  readonly log: Log;
}

export interface RecorderOptions {
  readonly job: Omit<JobLine, "type" | "version">;
  readonly rotation: RotationOptions;
  readonly autoLeave: AutoLeaveOptions;
  readonly spoolSpace: SpoolSpaceOptions;
  readonly consent: ConsentOptions;
  readonly attachments: Omit<AttachmentLimits, "keepFreeBytes">;
}

/** Order, silence and auto-leave are looked at this often. */
const TICK_MS = 100;

/**
 * Records one call, from joining to the manifest. Give it its ports, `run` it once; `end` asks it to leave and
 * finalize, `abandon` to close the files and go.
 */
export class Recorder {
  readonly #ports: RecorderPorts;
  readonly #options: RecorderOptions;
  readonly #journal: JobJournal;
  readonly #teller: JobTeller;
  readonly #uploader: Uploader;
  readonly #space: SpoolSpace;
  readonly #ending = Promise.withResolvers<CallEnd>();
  #state: JobState = { status: "queued" };
  #sessionClock: SessionClock | undefined;
  #call: CallRecording | undefined;
  #desk: ConsentDesk | undefined;
  #chat: LineLog<ChatEvent> | undefined;
  #attachments: Attachments | undefined;
  /** Cut-off parts that are being made whole. */
  readonly #repairs: Promise<void>[] = [];
  /** How long the recording was, once it is over. */
  #recordedMs: number | undefined;
  #stopped = false;

  constructor(ports: RecorderPorts, options: RecorderOptions) {
    const { spool, storage, clock, log } = ports;
    this.#ports = ports;
    this.#options = options;
    this.#journal = new JobJournal(spool.create(JOURNAL_FILE));
    this.#teller = new JobTeller(ports.reporter, options.job);
    this.#journal.note({ type: "job", version: 1, ...options.job });
    const journal = this.#journal;
    const onStored = ({ name }: { name: string }): Promise<void> => noteStored({ journal, spool, log }, name);
    this.#space = new SpoolSpace({ spool, clock, log, ...options.spoolSpace });
    this.#uploader = new Uploader({ storage, clock, log, onStored });
  }

  get state(): JobState {
    return this.#state;
  }

  status(): JobStatusReport {
    const counts = this.#call?.datagrams ?? new DatagramCounts();
    const { record } = this.#journal;
    return {
      jobId: this.#options.job.jobId,
      state: this.#state,
      recordedMs: this.#recordedMs ?? this.#sessionClock?.nowMs() ?? 0,
      record,
      datagrams: counts.all(),
      speakers: counts.bySpeaker(),
      countdowns: this.#recordedMs === undefined ? (this.#call?.countdowns() ?? []) : [],
      uploads: this.#uploader.progress,
      spoolBytes: this.#ports.spool.bytes,
      manifestUri: record.finalized ? this.#ports.storage.uriOf(MANIFEST_FILE) : undefined,
      encryption: this.#call === undefined ? record.encryption : this.#ports.voice.encryption(),
      call: this.#call?.figures(),
    };
  }

  #withhold(event: JobEvent, reason: "paused" | "stopped"): boolean {
    if (transition(this.#state, event) === undefined) return false;
    this.#call?.withhold(reason);
    this.#advance(event);
    return true;
  }

  /** Asks for the end of the call; the first reason given stands. */
  end(end: CallEnd): void {
    this.#ending.resolve(end);
  }

  /** @returns whether there was a recording to pause */
  pause(): boolean {
    return this.#withhold({ type: "pause" }, "paused");
  }

  /** @returns whether there was a paused recording */
  resume(): boolean {
    if (transition(this.#state, { type: "resume" }) === undefined) return false;
    this.#call?.resume();
    this.#advance({ type: "resume" });
    return true;
  }

  /**
   * Stops recording for good and stays in the call.
   *
   * @returns whether there was a recording to stop
   */
  stopRecording(): boolean {
    if (!this.#withhold({ type: "stop" }, "stopped")) return false;
    this.#stopped = true;
    void this.#desk?.tellEnd();
    return true;
  }

  /**
   * Writes in the job's text channel, or in its voice channel's own chat where it has none.
   *
   * @throws MessageError with the reason in a sentence
   */
  sendMessage(text: string): Promise<PostedMessage> {
    return this.#ports.messenger.post({ text });
  }

  /**
   * Asks in the same place who may be recorded, with buttons to answer.
   *
   * @returns undefined where no call is being recorded
   * @throws MessageError with the reason in a sentence
   */
  async requestRecordingPermission(): Promise<PostedMessage | undefined> {
    return this.#state.status === "recording" ? await this.#desk?.ask() : undefined;
  }

  /** Gives up on uploads: files are closed and stay in the spool. */
  abandon(): void {
    this.#ending.resolve({ exitReason: "shutdown", detail: "told to stop at once" });
    this.#attachments?.abort();
    this.#uploader.abort();
    void this.#teller.close();
  }

  /**
   * How the job ended is in the result.
   *
   * @throws InputError where the storage cannot be written to; nothing was joined then
   */
  async run(): Promise<JobResult> {
    try {
      return await this.#run();
    } catch (error) {
      if (!(error instanceof InputError)) return await this.#failed(error);
      await this.#attempt("giving the spool back", () => emptySpool(this.#journal, this.#ports.spool));
      throw error;
    } finally {
      await this.#attempt("closing the Discord session", () => this.#ports.voice.close());
    }
  }

  async #run(): Promise<JobResult> {
    const { clock, voice, storage, spool } = this.#ports;
    const checking = this.#space.check().then(() => storage.check());
    const told = await Promise.race([checking, this.#ending.promise]);
    if (told !== undefined) return this.#cancelledBeforeJoin(told, checking);
    this.#advance({ type: "join" });
    const joining = voice.join();
    const joined = await Promise.race([joining, this.#ending.promise]);
    if ("exitReason" in joined) return this.#cancelledBeforeJoin(joined, joining);

    // No await from here to `listen`: the session clock starts, and the next datagram counts.
    const sessionClock = new SessionClock(clock);
    this.#sessionClock = sessionClock;
    this.#journal.openEvents(new LineLog<SessionEvent>(spool.create(EVENTS_FILE)));
    this.#journal.note({ type: "recording", startedAt: sessionClock.startedAt.toISOString(), place: joined });
    if (this.#ports.chat !== undefined) this.#chat = new LineLog<ChatEvent>(spool.create(CHAT_FILE));
    const call = this.#createCall(joined, sessionClock);
    this.#call = call;
    this.#attachments = this.#createAttachments(call);
    this.#advance({ type: "joined" });
    this.#ports.observer?.started(joined, sessionClock.startedAt);
    voice.listen(call);
    this.#advance({ type: "record" });
    await this.#openChat(call);
    this.#desk = this.#createDesk(call);
    void this.#desk.open();

    const end = await this.#untilEnd(call, sessionClock);
    return await this.#finalize(this.#stopped ? afterStop(end) : end, call, sessionClock);
  }

  async #untilEnd(call: CallRecording, sessionClock: SessionClock): Promise<CallEnd> {
    const { clock, spool, storage, log } = this.#ports;
    const space = this.#space;
    const provisional = new Provisional({ journal: this.#journal, spool, storage, clock: sessionClock, log });
    const stop = clock.every(TICK_MS, () => {
      const due = call.tick() ?? space.tick(() => call.tracks.closeParts());
      if (due !== undefined) this.end(due);
      provisional.tick(() => call.noteCounts());
    });
    try {
      return await this.#ending.promise;
    } finally {
      stop();
      await provisional.close();
    }
  }

  async #finalize(end: CallEnd, call: CallRecording, sessionClock: SessionClock): Promise<JobResult> {
    const { voice, spool, storage, observer, log } = this.#ports;
    const journal = this.#journal;
    const durationMs = sessionClock.nowMs();
    this.#recordedMs = durationMs;
    journal.note({ type: "end", atMs: durationMs, ...end });
    this.#advance({ type: "end", end });
    this.#desk?.close();
    await this.#attempt("leaving the channel", () => voice.leave());
    await this.#attempt("closing the chat", () => this.#ports.chat?.close());
    // Behind the chat: what comes after the recording is no part of it.
    await this.#desk?.tellEnd();
    await this.#attachments?.close();
    await call.close(durationMs);
    await Promise.all(this.#repairs);
    await this.#attempt("closing the capture", () => observer?.close(durationMs));
    this.#linesClosed(await journal.closeEvents());
    if (this.#chat !== undefined) this.#linesClosed({ lines: this.#chat.lines, file: await this.#chat.close() });

    const uploader = this.#uploader;
    const manifest = await storeManifest({ journal, spool, storage, uploader, log });
    if (manifest === undefined) {
      return this.#unfinished("internal_error", "not everything could be stored; the spool is kept");
    }
    this.#advance({ type: "finalized" });
    const manifestUri = storage.uriOf(MANIFEST_FILE);
    const told = await this.#over({ manifest, manifestUri });
    return { state: this.#state, exitCode: told ? 0 : 5, manifest, manifestUri };
  }

  #linesClosed({ file: { path, ...file }, lines }: ClosedLines): void {
    this.#journal.note({ type: "file", contentType: LINES_TYPE, lines, file });
    this.#uploader.add({ path, ...file }, LINES_TYPE);
  }

  /** A step of finalizing whose failure must not cost the recording. */
  async #attempt(step: string, action: () => Promise<void> | undefined): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#ports.log.error({ err: error }, `${step} failed`);
    }
  }

  /** Captures chat where it can; a recording is not given up for it. */
  async #openChat(call: CallRecording): Promise<void> {
    try {
      await this.#ports.chat?.open({
        chatted: (event) => {
          if (call.chatted(event)) this.#attachments?.add(event);
        },
        warning: (code, text) => call.warning(code, text),
      });
    } catch (error) {
      const text = messageOf(error);
      call.warning("chat_unavailable", `chat is not captured: ${text}`);
    }
  }

  #createAttachments(call: CallRecording): Attachments | undefined {
    const { attachments: source, spool } = this.#ports;
    if (source === undefined) return undefined;
    return new Attachments({
      ...this.#options.attachments,
      keepFreeBytes: this.#options.spoolSpace.lowBytes,
      source,
      spool,
      journal: this.#journal,
      mayKeep: (userId) => call.consents.granted(userId) !== false,
      onFetched: (file) => this.#uploader.add(file, ATTACHMENT_TYPE),
      warn: (code, text) => call.warning(code, text),
    });
  }

  #createCall({ guildName, channelName, selfId }: CallPlace, sessionClock: SessionClock): CallRecording {
    const { clock, spool, observer, voice, log } = this.#ports;
    const { job, rotation, autoLeave } = this.#options;
    const { jobId, software } = job;
    return new CallRecording({
      clock,
      sessionClock,
      autoLeave,
      selfId,
      tracks: {
        spool,
        rotation,
        tags: { jobId, guildName, channelName, vendor: `${software.name} ${software.version}` },
      },
      journal: this.#journal,
      chat: this.#chat,
      observer,
      encryption: () => voice.encryption(),
      onPartClosed: ({ file }) => this.#uploader.add(file, AUDIO_TYPE),
      onPartFailed: (name, error) => this.#repairs.push(this.#repair(name, error)),
      onEnded: (end) => this.end(end),
      onMoved: (channelId) => this.#desk?.moved(channelId),
      onWarning: (code, text) => log.warn({ code }, text),
      // The name is a field, not part of the message: it comes from a stranger and is escaped there.
      onPerson: (what, id, displayName) => log.info({ id, displayName }, `participant ${what}`),
      onCompetingBot: (participant, leaves) => {
        const { id, displayName } = participant;
        log.warn({ id, displayName, leaves }, "another recorder is in the channel");
        this.#teller.tell(competingBotDetected(this.#teller.job, participant, leaves));
      },
    });
  }

  #createDesk(call: CallRecording): ConsentDesk {
    const { messenger, buttons } = this.#ports;
    const { job, consent } = this.#options;
    return new ConsentDesk({
      ...consent,
      mode: job.consent,
      jobId: job.jobId,
      withChat: this.#chat !== undefined,
      messenger,
      buttons,
      call,
      onAnswer: (participant, granted) =>
        this.#teller.tell(recordingPermissionResponse(this.#teller.job, participant, granted)),
    });
  }

  /** The disk refused a part's last pages: what it took is made a whole file, and the call ends with that. */
  async #repair(name: string, error: unknown): Promise<void> {
    this.#ports.log.error({ err: error, file: name }, "a file could not be written to its end");
    this.end({ exitReason: "internal_error", detail: `the local disk refused ${name}: ${messageOf(error)}` });
    await this.#attempt(`repairing ${name}`, async () => {
      const file = await repairPart(this.#journal, this.#ports.spool, name);
      if (file !== undefined) this.#uploader.add(file, AUDIO_TYPE);
    });
  }

  async #cancelledBeforeJoin(end: CallEnd, underWay: Promise<unknown>): Promise<JobResult> {
    underWay.catch((error: unknown) => this.#ports.log.debug({ err: error }, "joining was given up"));
    const failureCode = failureCodeOf(end);
    if (failureCode !== null) throw new JobError(failureCode, end.detail);
    this.#advance({ type: "end", end });
    await this.#attempt("leaving the channel", () => this.#ports.voice.leave());
    this.#advance({ type: "finalized" });
    const told = await this.#over(undefined);
    return { state: this.#state, exitCode: told ? 0 : 5, manifest: undefined, manifestUri: undefined };
  }

  /** The job is not over: what is missing can be stored by a recovery, which then tells how it ended. */
  async #unfinished(failureCode: FailureCode, detail: string): Promise<JobResult> {
    await this.#attempt("closing the reporter", () => this.#teller.close());
    await this.#attempt("giving the spool back", () => keepSpool(this.#journal, this.#ports.spool));
    this.#state = { status: "failed", failureCode, detail };
    this.#ports.log.info({ status: "failed" }, "state: failed");
    return { state: this.#state, exitCode: 5, manifest: undefined, manifestUri: undefined };
  }

  async #failed(error: unknown): Promise<JobResult> {
    const failureCode = error instanceof JobError ? error.failureCode : "internal_error";
    const detail = messageOf(error);
    this.#ports.log.error({ err: error, failureCode, ...FAILURES[failureCode] }, detail);
    if (this.#sessionClock !== undefined) return await this.#unfinished(failureCode, detail);
    this.#advance({ type: "fail", failureCode, detail });
    await this.#attempt("telling of the failure", async () => void (await this.#over(undefined)));
    const { exitCode } = FAILURES[failureCode];
    return { state: this.#state, exitCode, manifest: undefined, manifestUri: undefined };
  }

  #over(recording: JobOutcome["recording"]): Promise<boolean> {
    const { spool, log } = this.#ports;
    const ports = { journal: this.#journal, teller: this.#teller, spool, log };
    return closeJob(ports, { state: this.#state, recording });
  }

  #advance(event: JobEvent): void {
    const next = transition(this.#state, event);
    if (next === undefined) throw new Error(`a job that is ${this.#state.status} cannot ${event.type}`);
    this.#teller.moved(this.#state, next);
    this.#state = next;
    const { status } = next;
    const detail = detailOf(next);
    this.#ports.log.info({ status, ...("end" in next ? next.end : {}) }, `state: ${status}`);
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

/** What ended the recording was the request to stop; what made the bot leave later goes into the detail. */
function afterStop(end: CallEnd): CallEnd {
  if (failureCodeOf(end) !== null) return end;
  return {
    exitReason: "stop_requested",
    detail: `recording was stopped by request; the bot left later: ${end.detail}`,
  };
}

function detailOf(state: JobState): string | undefined {
  if ("end" in state && state.end !== undefined) return state.end.detail;
  if ("detail" in state) return state.detail;
  if (state.status === "recording" && state.paused) return "paused";
  return state.status === "in_call" && state.stopped ? "stopped" : undefined;
}
