import type {
  ButtonPress,
  ButtonSource,
  CallListener,
  CallPlace,
  ChatListener,
  ChatSource,
  Clock,
  Log,
  Messenger,
  Nickname,
  OutgoingMessage,
  PostedMessage,
  Reporter,
  SpokenNotice,
  SpooledFile,
  Storage,
  VoiceFrame,
  VoiceSource,
} from "../../src/recording/ports.ts";
import { Recorder } from "../../src/recording/recorder.ts";
import type { RecorderOptions } from "../../src/recording/recorder-options.ts";
import { NewestPackets } from "../../src/recording/tracks/newest-packets.ts";
import type { JobEvent } from "../../src/session/job-events.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import type { Person, VoiceFlags } from "../../src/session/shapes.ts";
import { chatMessage } from "./chat-message.ts";
import { MemorySpool } from "./memory.ts";

/** A clock that moves only by its methods. */
export class VirtualClock implements Clock {
  /** How far wall time is off: somebody sets a clock, or daylight saving begins. */
  wallOffsetMs = 0;
  #nowMs = 5_000;
  readonly #ticks = new Set<{ intervalMs: number; nextMs: number; tick: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs + this.wallOffsetMs);
  }

  every(intervalMs: number, tick: () => void): () => void {
    const entry = { intervalMs, nextMs: this.#nowMs + intervalMs, tick };
    this.#ticks.add(entry);
    return () => this.#ticks.delete(entry);
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.every(durationMs, () => wake());
    const wake = (): void => {
      stop();
      resolve();
    };
    if (signal.aborted) wake();
    else signal.addEventListener("abort", wake, { once: true });
    return promise;
  }

  /** Moves on, and lets what waits for promises happen. */
  async advance(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds;
    for (;;) {
      const due = [...this.#ticks].filter(({ nextMs }) => nextMs <= untilMs).sort((a, b) => a.nextMs - b.nextMs)[0];
      if (due === undefined) break;
      this.#nowMs = due.nextMs;
      due.nextMs += due.intervalMs;
      due.tick();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const PLACE: CallPlace = {
  guildId: "100000000000000001",
  guildName: "Guild",
  channelId: "100000000000000002",
  channelName: "Channel",
  selfId: "100000000000000009",
};

/** A voice channel that a test plays. */
export class FakeVoice implements VoiceSource {
  listener: CallListener | undefined;
  left = 0;
  closed = 0;
  joining: Promise<CallPlace> = Promise.resolve(PLACE);

  join(): Promise<CallPlace> {
    return this.joining;
  }

  listen(listener: CallListener): void {
    this.listener = listener;
  }

  /** What was spoken, so far. */
  readonly spoken: SpokenNotice[] = [];

  async speak(notice: SpokenNotice): Promise<void> {
    this.spoken.push(notice);
  }

  /** What has arrived and reaches the listener with `settle`. */
  readonly arrived: (() => void)[] = [];

  settle(): void {
    for (const give of this.arrived.splice(0)) give();
  }

  encryption() {
    return { daveProtocolVersion: 1, epochs: 2, plaintextPackets: 0 };
  }

  async leave(): Promise<void> {
    this.left += 1;
    this.listener = undefined;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

export class FakeChat implements ChatSource {
  listener: ChatListener | undefined;

  async open(listener: ChatListener): Promise<void> {
    this.listener = listener;
  }

  async close(): Promise<void> {
    this.listener = undefined;
  }
}

/** Keeps what is written. */
export class FakeMessenger implements Messenger {
  readonly posted: OutgoingMessage[] = [];
  readonly edited: { readonly messageId: string; readonly message: OutgoingMessage }[] = [];
  /** What posting meets, if anything. */
  failure: Error | undefined;

  async post(message: OutgoingMessage): Promise<PostedMessage> {
    if (this.failure !== undefined) throw this.failure;
    this.posted.push(message);
    return { channelId: message.channelId ?? "100000000000000003", messageId: String(this.posted.length) };
  }

  async edit({ messageId }: PostedMessage, message: OutgoingMessage): Promise<void> {
    this.edited.push({ messageId, message });
  }
}

/** A bot called "Recorder". */
export class FakeNickname implements Nickname {
  name = "Recorder";

  async prefix(prefix: string): Promise<void> {
    this.name = `${prefix}Recorder`;
  }

  async restore(): Promise<void> {
    this.name = "Recorder";
  }
}

/** Buttons that a test presses. */
export class FakeButtons implements ButtonSource {
  #pressed: ((press: ButtonPress) => string | undefined) | undefined;

  async open(pressed: (press: ButtonPress) => string | undefined): Promise<void> {
    this.#pressed = pressed;
  }

  close(): void {
    this.#pressed = undefined;
  }

  /** @returns what the presser is shown */
  press(person: Person, kind: "allow" | "decline", jobId = "job_1"): string | undefined {
    return this.#pressed?.({ buttonId: `${kind}:${jobId}`, person });
  }
}

/** A storage in memory. */
export class MemoryStorage implements Storage {
  readonly files = new Map<string, Buffer>();
  /** In the order in which they were stored. */
  readonly order: string[] = [];
  readonly #spool: MemorySpool;
  failing: (name: string) => boolean = () => false;

  constructor(spool: MemorySpool) {
    this.#spool = spool;
  }

  async check(): Promise<void> {
    // Memory can be written to.
  }

  uriOf(name: string): string {
    return `memory:/job/${name}`;
  }

  async put(file: SpooledFile): Promise<void> {
    if (this.failing(file.name)) throw new TypeError("the storage is away");
    this.files.set(file.name, this.#spool.bytesOf(file.name));
    this.order.push(file.name);
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.files.get(name);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}

/** Takes every event, and says how many nobody has accepted. */
export class FakeReporter implements Reporter {
  readonly notices: JobEvent[] = [];
  pending = 0;
  closed = 0;

  async emit(notice: JobEvent): Promise<void> {
    this.notices.push(notice);
  }

  async drain(): Promise<{ pending: number }> {
    return { pending: this.pending };
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const FLAGS: VoiceFlags = {
  selfMute: false,
  selfDeaf: false,
  serverMute: false,
  serverDeaf: false,
  streaming: false,
  video: false,
  suppressed: false,
};

export function somebody(index: number, bot = false): Person {
  return { id: `20000000000000000${index}`, username: `user${index}`, displayName: `User ${index}`, bot };
}

export interface MemoryCall {
  readonly clock: VirtualClock;
  readonly voice: FakeVoice;
  readonly chat: FakeChat;
  readonly messenger: FakeMessenger;
  readonly buttons: FakeButtons;
  readonly spool: MemorySpool;
  readonly storage: MemoryStorage;
  readonly reporter: FakeReporter;
  readonly newestPackets: NewestPackets;
  readonly recorder: Recorder;
  /** A 20 ms packet of somebody, now; gives its bytes in hex. */
  speak(userId: string): string;
}

export const JOB: RecorderOptions["job"] = {
  jobId: "job_1",
  externalId: null,
  guildId: PLACE.guildId,
  channelId: PLACE.channelId,
  textChannelId: "100000000000000003",
  storage: {},
  consent: "none",
  software: { name: "test", version: "0" },
};

/** A recorder whose whole surroundings are plain objects, on a virtual clock. */
export function memoryCall(options: Partial<RecorderOptions> = {}): MemoryCall {
  const clock = new VirtualClock();
  const voice = new FakeVoice();
  const chat = new FakeChat();
  const messenger = new FakeMessenger();
  const buttons = new FakeButtons();
  const spool = new MemorySpool();
  const storage = new MemoryStorage(spool);
  const reporter = new FakeReporter();
  const newestPackets = new NewestPackets();
  const recorder = new Recorder(
    {
      clock,
      voice,
      chat,
      attachments: undefined,
      messenger,
      buttons,
      nickname: new FakeNickname(),
      spool,
      storage,
      observer: undefined,
      newestPackets,
      reporter,
      log: silentLog,
    },
    {
      job: JOB,
      rotation: { mode: "utterance", silenceSamples: 96_000, maxPartSamples: 600 * 48_000 },
      autoLeave: { entryDelayMs: 300_000, soloMs: 60_000, silenceMs: 900_000, maxMs: 14_400_000, onBotDetected: false },
      attachments: { maxFileBytes: 25_000_000, maxTotalBytes: 1_000_000_000 },
      spoolSpace: { lowBytes: 2_000_000, stopBytes: 1_000_000 },
      consent: {
        startText: undefined,
        endText: undefined,
        silentStart: false,
        silentEnd: false,
        nicknamePrefix: undefined,
      },
      spokenNotice: undefined,
      ...options,
    },
  );
  let sequence = 0;
  const speak = (userId: string): string => {
    sequence += 1;
    const arrivalMs = clock.nowMs();
    const frame: VoiceFrame = {
      userId,
      ssrc: Number(userId.slice(-3)),
      connection: 1,
      sequence: sequence & 0xffff,
      rtpTimestamp: Math.round(arrivalMs * 48),
      arrivalMs,
      opus: Buffer.from([0x78, sequence & 0xff, sequence >> 8, 2, 3]),
      durationSamples: 960,
    };
    voice.listener?.frame(frame);
    return frame.opus.toString("hex");
  };
  return { clock, voice, chat, messenger, buttons, spool, storage, reporter, newestPackets, recorder, speak };
}

/** A short call of one speaker and some chat, recorded from end to end. */
export async function recordInMemory(): Promise<{ files: ReadonlyMap<string, Buffer>; manifest: Manifest }> {
  const { clock, voice, chat, storage, recorder, speak } = memoryCall();
  const result = recorder.run();
  await settle();
  const alice = somebody(1);
  voice.listener?.roster({ kind: "join", person: alice, flags: FLAGS });
  for (let packet = 0; packet < 100; packet += 1) {
    speak(alice.id);
    await clock.advance(20);
  }
  voice.listener?.dropped("auth_failed", undefined);
  for (const id of ["300000000000000001", "300000000000000002"]) {
    const author = { id: alice.id, username: alice.username, displayName: alice.displayName, bot: false };
    chat.listener?.chatted(chatMessage({ id, channelId: "100000000000000003" }, author));
  }
  voice.listener?.roster({ kind: "leave", userId: alice.id });
  await clock.advance(60_000);
  const { exitCode } = await result;
  if (exitCode !== 0) throw new Error(`recording in memory exited ${exitCode}`);
  const manifest = manifestSchema.parse(JSON.parse(storage.files.get("manifest.json")?.toString("utf8") ?? ""));
  return { files: storage.files, manifest };
}
