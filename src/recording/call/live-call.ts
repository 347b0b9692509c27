import { withDeadline } from "../../deadline.ts";
import { messageOf } from "../../errors.ts";
import { competingBotDetected, recordingPermissionResponse } from "../../session/build-job-events.ts";
import type { ChatEvent } from "../../session/chat.ts";
import type { CallEnd } from "../../session/exit.ts";
import { ATTACHMENT_TYPE, AUDIO_TYPE, CHAT_FILE, EVENTS_FILE, LINES_TYPE } from "../../session/job-files.ts";
import type { SessionEvent } from "../../session/session-events.ts";
import type { Person } from "../../session/shapes.ts";
import { Attachments } from "../job/attachments.ts";
import { attempt } from "../job/attempt.ts";
import type { JobEventSender } from "../job/job-event-sender.ts";
import type { ClosedLines, JobJournal } from "../job/job-journal.ts";
import type { Uploader } from "../job/uploader.ts";
import type { CallPlace } from "../ports/voice.ts";
import type { RecorderOptions, RecorderPorts } from "../recorder-options.ts";
import { repairPart } from "../tracks/part-repair.ts";
import type { FailedPart } from "../tracks/track-listener.ts";
import { CallRecording } from "./call-recording.ts";
import { ConsentDesk } from "./consent-desk.ts";
import { LineLog } from "./line-log.ts";
import type { SessionClock } from "./session-clock.ts";

/** Time to leave the channel. Discord confirms within 2 s or never. */
const LEAVE_LIMIT_MS = 5_000;
/** Time for the chat to finish reading. */
const CHAT_LIMIT_MS = 8_000;
/** After this many refused files in a row, with no file open, the disk counts as failed. */
const MAX_REFUSALS = 5;
/** Time for attachments that are being fetched. */
const ATTACHMENTS_LIMIT_MS = 12_000;

export interface LiveCallOptions {
  readonly ports: RecorderPorts;
  readonly options: RecorderOptions;
  readonly place: CallPlace;
  readonly sessionClock: SessionClock;
  readonly journal: JobJournal;
  readonly uploader: Uploader;
  readonly jobEvents: JobEventSender;
  /** Called when something happens after which `tick` is due soon. */
  readonly onActivity: () => void;
  /** Called when something requests the end of the call. */
  readonly onEnd: (end: CallEnd) => void;
}

/** A call that is being recorded. It creates the parts of the recording, connects them, and closes them. */
export class LiveCall {
  readonly callRecording: CallRecording;
  readonly #options: LiveCallOptions;
  /** Undefined if there is no chat to record, until the first note. */
  #chat: LineLog<ChatEvent> | undefined;
  readonly #attachments: Attachments | undefined;
  readonly #desk: ConsentDesk;
  /** Truncated parts that are being repaired. */
  readonly #repairs: Promise<void>[] = [];
  /** True once nothing external is waited for any more. */
  readonly #hurry = new AbortController();
  #closed = false;
  /** The number of parts in a row that the disk refused. */
  #refusals = 0;

  /** Starts the files of a call. It is synchronous, so no datagram is missed before `listen`. */
  constructor(options: LiveCallOptions) {
    const { ports, journal, place, sessionClock, onActivity } = options;
    this.#options = options;
    journal.openEvents(new LineLog<SessionEvent>(ports.spool.create(EVENTS_FILE), 0, onActivity));
    journal.note({ type: "recording", startedAt: sessionClock.startedAt.toISOString(), place });
    if (ports.chat !== undefined) this.#openChat();
    this.callRecording = this.#createRecording();
    this.#attachments = this.#createAttachments();
    this.#desk = this.#createDesk();
  }

  /** Starts to receive from the voice channel. */
  listen(): void {
    const { ports, place, sessionClock } = this.#options;
    ports.observer?.started(place, sessionClock.startedAt);
    this.#desk.takeEarlierAnswers();
    ports.voice.listen(this.callRecording);
  }

  /**
   * Records chat if possible, and informs people that they are recorded. Both wait for Discord; the recording runs
   * meanwhile, and continues if either fails.
   */
  async open(): Promise<void> {
    const { callRecording: recording } = this;
    try {
      await this.#options.ports.chat?.open({
        chatted: (event) => {
          if (!this.#closed && recording.chatted(event)) this.#attachments?.add(event);
        },
        warning: (code, text) => recording.warning(code, text),
      });
    } catch (error) {
      recording.warning("chat_unavailable", `chat is not recorded: ${messageOf(error)}`);
    }
    if (!this.#closed) await this.#desk.open();
  }

  get desk(): ConsentDesk {
    return this.#desk;
  }

  /** @param givenAt epoch milliseconds */
  consent(person: Person, granted: boolean, givenAt?: number): boolean {
    const startedAt = this.#options.sessionClock.startedAt.getTime();
    return this.#desk.answer(person, granted, givenAt === undefined ? undefined : givenAt - startedAt);
  }

  /** Stops waiting for anything external; files are closed with what they have. */
  abandon(): void {
    this.#hurry.abort(new Error("the worker was asked to stop at once"));
    this.#attachments?.abort();
  }

  /**
   * Leaves the channel and closes all files, which are stored as soon as they are closed. No audio comes after `leave`
   * is called, so its files do not wait for Discord's answer.
   */
  async close(durationMs: number): Promise<void> {
    const { ports, journal } = this.#options;
    const { voice, observer, log } = ports;
    this.#desk.close();
    const leaving = this.#within("leaving the channel", LEAVE_LIMIT_MS, () => voice.leave());
    const talking = Promise.all([leaving, this.#closeTalk()]);
    await this.callRecording.close(durationMs);
    await Promise.all(this.#repairs);
    // Only now it is known which packets a repair found in no file.
    if (this.#repairs.length > 0) this.callRecording.noteCounts();
    await talking;
    await attempt(log, "closing the capture", () => observer?.close(durationMs));
    this.#linesClosed(await journal.closeEvents());
    if (this.#chat !== undefined) this.#linesClosed({ lines: this.#chat.lines, file: await this.#chat.close() });
  }

  /**
   * Ends the conversation with Discord. It does not wait until the bot has left: each answer of Discord takes a tenth of a
   * second. Never rejects, and takes at most the sum of its deadlines.
   */
  async #closeTalk(): Promise<void> {
    const { chat } = this.#options.ports;
    if (chat !== undefined) await this.#within("closing the chat", CHAT_LIMIT_MS, () => chat.close());
    this.#closed = true;
    // After the chat has closed, so the closing notice is not part of the recording.
    const attachments = this.#attachments;
    await Promise.all([
      this.#desk.announceEnd(this.#hurry.signal),
      attachments && this.#within("fetching attached files", ATTACHMENTS_LIMIT_MS, () => attachments.close()),
    ]);
  }

  async #within(step: string, limitMs: number, call: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#options.ports;
    // Start this before anything else: leaving, for example, must begin even if the job is abandoned.
    const calling = call();
    calling.catch(() => undefined); // it may fail after its caller stopped waiting
    const bounds = { what: "Discord", limitMs, clock, stop: this.#hurry.signal };
    await attempt(log, step, () => withDeadline(() => calling, bounds));
  }

  #linesClosed({ file: { path, ...file }, lines }: ClosedLines): void {
    this.#options.journal.note({ type: "file", contentType: LINES_TYPE, lines, file });
    this.#options.uploader.add({ path, ...file }, LINES_TYPE);
  }

  #openChat(): LineLog<ChatEvent> {
    const { ports, onActivity } = this.#options;
    this.#chat ??= new LineLog<ChatEvent>(ports.spool.create(CHAT_FILE), 0, onActivity);
    return this.#chat;
  }

  #createRecording(): CallRecording {
    const { ports, options, place, sessionClock, journal, uploader, jobEvents, onActivity, onEnd } = this.#options;
    const { clock, spool, observer, newestPackets, voice, log } = ports;
    const { jobId, software } = options.job;
    const { guildName, channelName, selfId } = place;
    return new CallRecording({
      clock,
      sessionClock,
      autoLeave: options.autoLeave,
      selfId,
      tracks: {
        spool,
        rotation: options.rotation,
        tags: { jobId, guildName, channelName, vendor: `${software.name} ${software.version}` },
      },
      journal,
      chat: this.#chat,
      linesForNotes: () => this.#openChat(),
      observer,
      newestPackets,
      encryption: () => voice.encryption(),
      settle: () => voice.settle(),
      onPartClosed: ({ file }) => {
        this.#refusals = 0;
        uploader.add(file, AUDIO_TYPE);
      },
      onPartFailed: (part) => this.#repairs.push(this.#repair(part)),
      onActivity,
      onEnded: onEnd,
      onMoved: (channelId) => this.#desk.moved(channelId),
      onWarning: (code, text) => log.warn({ code }, text),
      // The name comes from a stranger, so it is a field, which gets escaped, and not part of the message.
      onPerson: (what, id, displayName) => log.info({ displayName, id }, `participant ${what}`),
      onCompetingBot: (participant, leaves) => {
        const { id, displayName } = participant;
        log.warn({ id, displayName, leaves }, "another recorder is in the channel");
        jobEvents.send(competingBotDetected(jobEvents.job, participant, leaves));
      },
    });
  }

  #createAttachments(): Attachments | undefined {
    const { ports, options, journal, uploader } = this.#options;
    const { chat, spool } = ports;
    if (chat === undefined || options.attachments === undefined) return undefined;
    return new Attachments({
      ...options.attachments,
      keepFreeBytes: options.spoolSpace.lowBytes,
      source: chat,
      spool,
      journal,
      mayKeep: (userId) => this.callRecording.consents.granted(userId) !== false,
      onFetched: (file) => uploader.add(file, ATTACHMENT_TYPE),
      warn: (code, text) => this.callRecording.warning(code, text),
    });
  }

  #createDesk(): ConsentDesk {
    const { ports, options, jobEvents } = this.#options;
    const { announcer, voice } = ports;
    const { spokenNotice } = options;
    return new ConsentDesk({
      ...options.consent,
      mode: options.job.consent,
      jobId: options.job.jobId,
      withChat: this.#chat !== undefined,
      clock: ports.clock,
      announcer,
      speak: spokenNotice && (() => voice.speak(spokenNotice)),
      call: this.callRecording,
      onAnswer: (participant, granted) =>
        jobEvents.send(recordingPermissionResponse(jobEvents.job, participant, granted)),
    });
  }

  /**
   * The disk refused a part. What was written is repaired to a complete file, and the rest is counted. Other parts
   * continue; the call ends if the disk refuses everyone's files.
   */
  async #repair(part: FailedPart): Promise<void> {
    const { ports, journal, uploader, onEnd } = this.#options;
    const { log, spool } = ports;
    const { name, error, received } = part;
    log.error({ err: error, file: name }, "a file could not be written to its end");
    this.#refusals += 1;
    if (this.#refusals >= MAX_REFUSALS && !this.callRecording.tracks.isWriting) {
      onEnd({ exitReason: "internal_error", detail: `the local disk takes no files: ${messageOf(error)}` });
    }
    let stored = 0;
    await attempt(log, `repairing ${name}`, async () => {
      const file = await repairPart(journal, spool, name);
      if (file === undefined) return;
      stored = journal.record.parts.find(({ file: one }) => one.name === name)?.packets.received ?? 0;
      uploader.add(file, AUDIO_TYPE);
    });
    this.callRecording.notStored(part, received - stored);
  }
}
