import { InputError, JobError, messageOf } from "../errors.ts";
import type { AutoLeaveOptions } from "../session/auto-leave.ts";
import type { ChatEvent } from "../session/chat.ts";
import type { SessionEvent } from "../session/events.ts";
import { type CallEnd, type ExitCode, FAILURES, failureCodeOf } from "../session/exit.ts";
import type { Manifest } from "../session/manifest.ts";
import { type JobEvent, type JobState, transition } from "../session/state.ts";
import { CallRecording } from "./call-recording.ts";
import { DatagramCounts } from "./datagram-counts.ts";
import { LineLog } from "./line-log.ts";
import { buildManifest, CHAT_FILE, EVENTS_FILE, MANIFEST_FILE } from "./manifest-builder.ts";
import type { CallObserver, CallPlace, ChatSource, Clock, Log, Spool, Storage, VoiceSource } from "./ports.ts";
import { SessionClock } from "./session-clock.ts";
import type { JobStatusReport } from "./status.ts";
import type { RotationOptions } from "./track.ts";
import { Uploader } from "./uploader.ts";

export interface RecorderPorts {
  readonly clock: Clock;
  readonly voice: VoiceSource;
  readonly chat: ChatSource | undefined;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly observer: CallObserver | undefined;
  readonly log: Log;
}

export interface RecorderOptions {
  readonly jobId: string;
  readonly externalId: string | null;
  readonly textChannelId: string | null;
  readonly rotation: RotationOptions;
  readonly autoLeave: AutoLeaveOptions;
  readonly software: Manifest["software"];
}

export interface JobResult {
  readonly state: JobState;
  readonly exitCode: ExitCode;
  /** What was recorded; undefined where recording never began or not everything is stored. */
  readonly manifest: Manifest | undefined;
  readonly manifestUri: string | undefined;
}

/** Order, silence and auto-leave are looked at this often. */
const TICK_MS = 100;
const AUDIO_TYPE = "audio/ogg; codecs=opus";
const LINES_TYPE = "application/jsonl";

/**
 * Records one call, from joining to the manifest. Give it its ports, `run` it once; `end` asks it to leave and
 * finalize, `abandon` to close the files and go.
 */
export class Recorder {
  readonly #ports: RecorderPorts;
  readonly #options: RecorderOptions;
  readonly #uploader: Uploader;
  readonly #ending = Promise.withResolvers<CallEnd>();
  #state: JobState = { status: "queued" };
  #events: LineLog<SessionEvent> | undefined;
  #sessionClock: SessionClock | undefined;
  #call: CallRecording | undefined;
  /** How long the recording was, once it is over. */
  #recordedMs: number | undefined;
  #abandoned = false;

  constructor(ports: RecorderPorts, options: RecorderOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#uploader = new Uploader(ports.storage, ports.spool, ports.log);
  }

  get state(): JobState {
    return this.#state;
  }

  status(): JobStatusReport {
    const counts = this.#call?.datagrams ?? new DatagramCounts();
    return {
      jobId: this.#options.jobId,
      state: this.#state,
      recordedMs: this.#recordedMs ?? this.#sessionClock?.nowMs() ?? 0,
      datagrams: counts.all(),
      speakers: counts.bySpeaker(),
      countdowns: this.#state.status === "recording" ? (this.#call?.countdowns() ?? []) : [],
    };
  }

  /** Asks for the end of the call; the first reason given stands. */
  end(end: CallEnd): void {
    this.#ending.resolve(end);
  }

  /** Gives up on uploads: files are closed and stay in the spool. */
  abandon(): void {
    this.#abandoned = true;
    this.#ending.resolve({ exitReason: "shutdown", detail: "told to stop at once" });
    this.#uploader.abort();
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
      await this.#attempt("giving the spool back", () => this.#ports.spool.close());
      throw error;
    } finally {
      await this.#attempt("closing the Discord session", () => this.#ports.voice.close());
    }
  }

  async #run(): Promise<JobResult> {
    const { clock, voice, storage, spool } = this.#ports;
    this.#advance({ type: "join" });
    await storage.check();
    const joining = voice.join();
    const joined = await Promise.race([joining, this.#ending.promise]);
    if ("exitReason" in joined) return this.#cancelledBeforeJoin(joined, joining);

    // No await from here to `listen`: the session clock starts, and the next datagram counts.
    const sessionClock = new SessionClock(clock);
    this.#sessionClock = sessionClock;
    this.#events = new LineLog<SessionEvent>(spool.create(EVENTS_FILE));
    const chat = this.#ports.chat === undefined ? undefined : new LineLog<ChatEvent>(spool.create(CHAT_FILE));
    const call = this.#createCall(joined, sessionClock, this.#events, chat);
    this.#call = call;
    this.#advance({ type: "joined" });
    this.#ports.observer?.started(joined, sessionClock.startedAt);
    voice.listen(call);
    this.#advance({ type: "record" });
    await this.#openChat(call);

    const end = await this.#untilEnd(call);
    return await this.#finalize(end, call, joined, sessionClock, chat);
  }

  async #untilEnd(call: CallRecording): Promise<CallEnd> {
    const stop = this.#ports.clock.every(TICK_MS, () => {
      const due = call.tick();
      if (due !== undefined) this.end(due);
    });
    try {
      return await this.#ending.promise;
    } finally {
      stop();
    }
  }

  async #finalize(
    end: CallEnd,
    call: CallRecording,
    place: CallPlace,
    sessionClock: SessionClock,
    chat: LineLog<ChatEvent> | undefined,
  ): Promise<JobResult> {
    const { voice, storage, spool, observer } = this.#ports;
    const durationMs = sessionClock.nowMs();
    this.#recordedMs = durationMs;
    const encryption = voice.encryption();
    this.#advance({ type: "end", end });
    await this.#attempt("leaving the channel", () => voice.leave());
    await this.#attempt("closing the chat", () => this.#ports.chat?.close());
    await call.close();
    await this.#attempt("closing the capture", () => observer?.close(durationMs));
    const events = await this.#events?.close();
    if (events !== undefined) this.#uploader.add(events, LINES_TYPE);
    if (chat !== undefined) this.#uploader.add(await chat.close(), LINES_TYPE);
    await this.#uploader.drain();
    if (this.#uploader.failures.length > 0 || this.#abandoned) return this.#notStored();

    const manifest = buildManifest({
      ...this.#options,
      place,
      encryption,
      startedAt: sessionClock.startedAt,
      durationMs,
      end,
      call,
      uriOf: (name) => storage.uriOf(name),
      hasChat: chat !== undefined,
    });
    const writer = spool.create(MANIFEST_FILE);
    writer.append(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, "utf8"));
    this.#uploader.add(await writer.close(), "application/json");
    await this.#uploader.drain();
    if (this.#uploader.failures.length > 0) return this.#notStored();
    await spool.close();
    this.#advance({ type: "finalized" });
    return { state: this.#state, exitCode: 0, manifest, manifestUri: storage.uriOf(MANIFEST_FILE) };
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
      await this.#ports.chat?.open((event) => call.chatted(event));
    } catch (error) {
      const text = messageOf(error);
      call.warning("chat_unavailable", `chat is not captured: ${text}`);
    }
  }

  #createCall(
    { guildName, channelName }: CallPlace,
    sessionClock: SessionClock,
    events: LineLog<SessionEvent>,
    chat: LineLog<ChatEvent> | undefined,
  ): CallRecording {
    const { clock, spool, observer, log } = this.#ports;
    const { jobId, rotation, autoLeave, software } = this.#options;
    return new CallRecording({
      clock,
      sessionClock,
      autoLeave,
      tracks: {
        spool,
        rotation,
        tags: { jobId, guildName, channelName, vendor: `${software.name} ${software.version}` },
      },
      events,
      chat,
      observer,
      onPartClosed: ({ file }) => this.#uploader.add(file, AUDIO_TYPE),
      onPartFailed: (name, error) => {
        log.error({ err: error, file: name }, "a file could not be written");
        this.#abandoned = true;
        this.end({ exitReason: "internal_error", detail: `the local disk refused ${name}` });
      },
      onEnded: (end) => this.end(end),
      onWarning: (code, text) => log.warn({ code }, text),
      // The name is a field, not part of the message: it comes from a stranger and is escaped there.
      onPerson: (what, id, displayName) => log.info({ id, displayName }, `participant ${what}`),
    });
  }

  async #cancelledBeforeJoin(end: CallEnd, joining: Promise<unknown>): Promise<JobResult> {
    joining.catch((error: unknown) => this.#ports.log.debug({ err: error }, "joining was given up"));
    const failureCode = failureCodeOf(end);
    if (failureCode !== null) throw new JobError(failureCode, end.detail);
    this.#advance({ type: "end", end });
    await this.#attempt("leaving the channel", () => this.#ports.voice.leave());
    await this.#ports.spool.close();
    this.#advance({ type: "finalized" });
    return { state: this.#state, exitCode: 0, manifest: undefined, manifestUri: undefined };
  }

  #notStored(): JobResult {
    const detail = "not everything could be stored; the spool is kept";
    this.#advance({ type: "fail", failureCode: "internal_error", detail });
    return { state: this.#state, exitCode: 5, manifest: undefined, manifestUri: undefined };
  }

  async #failed(error: unknown): Promise<JobResult> {
    const failureCode = error instanceof JobError ? error.failureCode : "internal_error";
    const detail = messageOf(error);
    const recording = this.#sessionClock !== undefined;
    this.#ports.log.error({ err: error, failureCode, ...FAILURES[failureCode] }, detail);
    this.#advance({ type: "fail", failureCode, detail });
    if (!recording) await this.#ports.spool.close();
    const exitCode = recording ? 5 : FAILURES[failureCode].exitCode;
    return { state: this.#state, exitCode, manifest: undefined, manifestUri: undefined };
  }

  #advance(event: JobEvent): void {
    const next = transition(this.#state, event);
    if (next === undefined) throw new Error(`a job that is ${this.#state.status} cannot ${event.type}`);
    this.#state = next;
    const { status } = next;
    const detail = "end" in next ? next.end.detail : "detail" in next ? next.detail : undefined;
    this.#ports.log.info({ status, ...("end" in next ? next.end : {}) }, `state: ${status}`);
    if (status === "completed" || status === "failed" || status === "cancelled") return;
    this.#events?.write({
      type: "state",
      atMs: this.#sessionClock?.nowMs() ?? 0,
      at: this.#ports.clock.wallTime().toISOString(),
      status,
      ...(detail === undefined ? {} : { detail }),
    });
  }
}
