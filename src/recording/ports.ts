import type { DropFate } from "../audio/fates.ts";
import type { ChatEvent } from "../session/chat.ts";
import type { CallEnd } from "../session/exit.ts";
import type { JobEvent } from "../session/job-events.ts";
import type { ConnectionState, EncryptionState, Person, VoiceFlags } from "../session/shapes.ts";

/**
 * What recording a call needs from the outside world. Each port is implemented by one adapter; tests implement them
 * with plain objects.
 */

/** Milliseconds of a monotonic clock, with fraction; and wall time, which is written down but never calculated with. */
export interface Clock {
  nowMs(): number;
  wallTime(): Date;
  /** Calls `tick` again and again until the returned function is called. */
  every(intervalMs: number, tick: () => void): () => void;
  /** Resolves after a while, or at once when the signal aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** Where diagnostics go; pino's shape. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An Opus packet of a known speaker, as received: decrypted, framing checked, not yet in order. */
export interface VoiceFrame {
  readonly userId: string;
  readonly ssrc: number;
  /** Counts voice connections: the same SSRC on another connection is another stream. */
  readonly connection: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits at 48 kHz. */
  readonly rtpTimestamp: number;
  /** On the clock port's monotonic scale. */
  readonly arrivalMs: number;
  /** 0 bytes if the packet was all padding: no sound, but a place in the stream's sequence. */
  readonly opus: Buffer;
  readonly durationSamples: number;
}

export type RosterChange =
  | {
      readonly kind: "join";
      readonly person: Person;
      readonly flags: VoiceFlags;
      /** They were here before us. */
      readonly presentAtStart?: true | undefined;
      readonly movedFromChannelId?: string | undefined;
    }
  | { readonly kind: "leave"; readonly userId: string; readonly movedToChannelId?: string | undefined }
  | { readonly kind: "update"; readonly person: Person; readonly flags: VoiceFlags };

/** Where the bot is, in names that a person recognises. */
export interface CallPlace {
  readonly guildId: string;
  readonly guildName: string;
  readonly channelId: string;
  readonly channelName: string;
  /** The recorder's own account: never company, never a speaker. */
  readonly selfId: string;
}

/** Receives what happens in the call, in order. Must not throw. */
export interface CallListener {
  frame(frame: VoiceFrame): void;
  /** A datagram that became no frame; `userId` if its speaker is known. */
  dropped(fate: DropFate, userId: string | undefined): void;
  roster(change: RosterChange): void;
  connection(state: ConnectionState): void;
  /** Whether the source knows who joins and leaves. It does not while it is disconnected, though voice may continue. */
  rosterKnown(known: boolean): void;
  moved(channel: { readonly id: string; readonly name: string }): void;
  warning(code: string, text: string): void;
  /** The call is over for us, and not because `leave` was called. Called at most once. */
  ended(end: CallEnd): void;
}

/** A notice to be heard. */
export interface SpokenNotice {
  /** An Ogg Opus file with packets of 20 ms. */
  readonly ogg: Buffer;
  readonly durationMs: number;
}

/** A voice channel to record. */
export interface VoiceSource {
  /**
   * Logs in and enters the channel.
   *
   * @throws JobError with the reason if the channel cannot be entered
   */
  join(): Promise<CallPlace>;
  /** Tells who is present, then everything as it happens. Call right after `join`: what came before is not kept. */
  listen(listener: CallListener): void;
  /**
   * Gives the listener at once every frame that has arrived. Otherwise a frame comes up to 100 ms after its arrival. Call
   * it before a change that later frames must find and earlier ones must not.
   */
  settle(): void;
  encryption(): EncryptionState;
  /**
   * Speaks into the channel; the bot is mute before and after.
   *
   * @throws Error with the reason in a sentence, if it could not be spoken to its end
   */
  speak(notice: SpokenNotice): Promise<void>;
  /** Leaves the channel; no call of the listener afterwards. Idempotent. */
  leave(): Promise<void>;
  /** Gives the account's session back, after the last use. Idempotent. */
  close(): Promise<void>;
}

/** A chat event without its place on the session clock, which the recorder adds. */
export type ChatEventBody = ChatEvent extends infer Event
  ? Event extends ChatEvent
    ? Omit<Event, "at" | "offsetMs">
    : never
  : never;

/** Receives what people write, in order. Must not throw. */
export interface ChatListener {
  chatted(event: ChatEventBody): void;
  warning(code: string, text: string): void;
}

/** A text channel to capture. */
export interface ChatSource {
  /**
   * Starts to report each event once, in order.
   *
   * @throws JobError if the channel is unknown
   */
  open(listener: ChatListener): Promise<void>;
  /** Reports what is still held back; no call of the listener afterwards. Idempotent. */
  close(): Promise<void>;
}

/** Fetches the files that people attach to messages. */
export interface AttachmentSource {
  /**
   * @param bytes how many it is said to have; no more are taken
   * @throws Error with a sentence that says what was wrong, without the address, which may be signed
   */
  fetch(url: string, bytes: number, signal: AbortSignal): Promise<Buffer>;
}

export interface MessageButton {
  /** 1 to 100 characters, given back if somebody presses it. */
  readonly id: string;
  readonly label: string;
  readonly kind: "allow" | "decline";
}

/** What the bot writes itself. Names in it notify nobody. */
export interface OutgoingMessage {
  /** 1 to 2,000 characters. */
  readonly text: string;
  readonly buttons?: readonly MessageButton[];
  /** The default is the job's text channel. If it has none, the default is the voice channel's own chat. */
  readonly channelId?: string;
}

export interface PostedMessage {
  readonly channelId: string;
  readonly messageId: string;
}

/** Writes messages as the bot. Use after `join`. */
export interface Messenger {
  /**
   * Posts a message once, however often it has to be sent. Waits if Discord limits how often, until the signal
   * aborts.
   *
   * @throws MessageError with the reason in a sentence
   */
  post(message: OutgoingMessage, signal?: AbortSignal): Promise<PostedMessage>;
  /** Replaces text and buttons. @throws MessageError as above */
  edit(posted: PostedMessage, message: OutgoingMessage, signal?: AbortSignal): Promise<void>;
}

/** The bot's name in the server. */
export interface Nickname {
  /** Puts something before it. @throws MessageError with the reason in a sentence */
  prefix(prefix: string, signal: AbortSignal): Promise<void>;
  /** Gives back the name of before; nothing if it was not changed. @throws MessageError as above */
  restore(signal: AbortSignal): Promise<void>;
}

export interface ButtonPress {
  readonly buttonId: string;
  /** A member of the server, who need not be in the call. */
  readonly person: Person;
}

/** Where presses of the bot's buttons come from. */
export interface ButtonSource {
  /**
   * Reports each press from now on. Discord waits 3 s for the answer and shows it only to the person who pressed.
   *
   * @param pressed returns that answer, or undefined if the button is not ours: it then gets no answer. Must not throw
   */
  open(pressed: (press: ButtonPress) => string | undefined): Promise<void>;
  /** Reports no more presses. Idempotent. */
  close(): void;
}

/** A finished local file. */
export interface SpooledFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A file that grows. Writes are queued and never throw; a failure that stays makes `settled` and `close` reject. */
export interface SpoolWriter {
  /** What keeps the file from ever being whole, known soon after it happened; undefined while there is nothing. */
  readonly failure: unknown;
  /** Bytes that the system has not taken yet. */
  readonly waitingBytes: number;
  append(bytes: Buffer): void;
  /** Overwrites the end of the file with as many bytes; only the last `append` may be replaced. */
  replaceLast(bytes: Buffer): void;
  /** Resolves when the disk has everything that was appended so far: a loss of power does not take it away. */
  synced(): Promise<void>;
  /** Waits until the system has everything. Idempotent: later calls give the same result. */
  close(): Promise<SpooledFile>;
}

/** Where a job's bytes live until their upload is verified. One process has it at a time. */
export interface Spool {
  /** Whether the disk has refused a write because it has no room. */
  readonly full: boolean;
  /** Bytes of the job's files that are here, as far as they were handed over or found. */
  readonly bytes: number;
  /** Starts a file. If it cannot be made, for example because the name is taken, its `close` rejects. */
  create(name: string): SpoolWriter;
  /** Goes on at the end of a file; makes it if there is none. */
  extend(name: string): Promise<SpoolWriter>;
  /** Writes a whole file at once, in place of one of this name: there is always the old one or the new one. */
  write(name: string, bytes: Buffer): Promise<SpooledFile>;
  /** Cuts a file, after its end was overwritten if a `patch` is given. */
  cut(
    name: string,
    keepBytes: number,
    patch?: { readonly atByte: number; readonly page: Buffer },
  ): Promise<SpooledFile>;
  /** @returns undefined if there is no such file */
  read(name: string): Promise<Buffer | undefined>;
  /** A file of an earlier run, measured again; undefined if there is none. */
  find(name: string): Promise<SpooledFile | undefined>;
  /** Names of all files that are there. */
  names(): Promise<string[]>;
  /** Removes what is verified elsewhere, or of no use. Fine if there is no such file. */
  remove(name: string): Promise<void>;
  /**
   * Makes files again that grow and that somebody has deleted, with all that they held.
   *
   * @returns their names. One that could not be made again has a `failure` then
   */
  restore(): Promise<string[]>;
  /** Bytes that the disk still has room for. */
  freeBytes(): Promise<number>;
  /** Gives the job's folder back; removes it if it is empty. Idempotent. */
  close(): Promise<void>;
}

/** Where a job's files end up. */
export interface Storage {
  /**
   * Proves that the place can be written to and holds no recording of this job, before the call is joined.
   *
   * @throws InputError that names the place and what is wrong
   * @throws JobError `auth_failure` if the credentials are refused, `network_loss` if nobody answers
   */
  check(): Promise<void>;
  /** Stable address of a file of this job. */
  uriOf(name: string): string;
  /**
   * Stores a file under its name, over one that is there, and verifies size and hash; resolves only then.
   *
   * @throws whatever went wrong; a StorageError says whether another attempt makes sense
   */
  put(file: SpooledFile, contentType: string, options?: PutOptions): Promise<void>;
  /** @returns undefined if the storage has no such file of this job */
  read(name: string): Promise<Buffer | undefined>;
  /** Removes a file of this job. Fine if there is none. */
  remove(name: string): Promise<void>;
}

export interface PutOptions {
  /** Gives up; what is half stored is taken away again. */
  readonly signal?: AbortSignal;
  /** Called now and then with the number of bytes that are stored. */
  readonly onProgress?: (storedBytes: number) => void;
}

/** Writes the live call as a fixture, in addition to the recording. */
export interface CallObserver {
  started(place: CallPlace, startedAt: Date): void;
  frame(frame: VoiceFrame, atMs: number): void;
  roster(change: RosterChange, atMs: number): void;
  chat(event: ChatEventBody, atMs: number): void;
  /** Ends the fixture. If no call was started, gives back what it had taken. */
  close(atMs: number): Promise<void>;
}

/** Tells a job's events to those who want to know, at least once each and in order. */
export interface Reporter {
  /**
   * Takes an event: it is on disk when this resolves, and is sent in the background. An event that a job has once
   * (`onceKeyOf`) is taken once; a second one is ignored, also after a restart. If the disk refuses it, that is
   * logged, and it is sent all the same. Never throws.
   */
  emit(notice: JobEvent): Promise<void>;
  /**
   * Sends what waits; resolves when all is accepted, or each destination has used up its tries. `pending` counts the
   * events that are not accepted everywhere, those of an earlier run for an address that is not set any more included.
   * What is given up for good, because the receiver is gone or days have passed, is kept elsewhere and not among them.
   */
  drain(): Promise<{ readonly pending: number }>;
  /** Stops sending; what waits is kept, and what is emitted from now on is kept unsent. Idempotent. */
  close(): Promise<void>;
}
