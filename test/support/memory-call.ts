import type { VoiceFrame } from "../../src/recording/ports/voice.ts";
import { Recorder } from "../../src/recording/recorder.ts";
import type { RecorderOptions } from "../../src/recording/recorder-options.ts";
import { NewestPackets } from "../../src/recording/tracks/newest-packets.ts";
import { FakeAnnouncer } from "./fake-announcer.ts";
import { FakeChat } from "./fake-chat.ts";
import { FakeEventSink } from "./fake-event-sink.ts";
import { FakeVoice, PLACE } from "./fake-voice.ts";
import { MemorySpool } from "./memory-spool.ts";
import { MemoryStorage } from "./memory-storage.ts";
import { silentLog } from "./silent-log.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Default texts, and nobody who answered before. */
export const PLAIN_CONSENT: RecorderOptions["consent"] = {
  startText: undefined,
  endText: undefined,
  silentStart: false,
  silentEnd: false,
  nicknamePrefix: undefined,
  language: "en",
  noticeMessage: undefined,
  answered: { granted: [], declined: [] },
};

export interface MemoryCall {
  readonly clock: VirtualClock;
  readonly voice: FakeVoice;
  readonly chat: FakeChat;
  readonly announcer: FakeAnnouncer;
  readonly spool: MemorySpool;
  readonly storage: MemoryStorage;
  readonly eventSink: FakeEventSink;
  readonly newestPackets: NewestPackets;
  readonly recorder: Recorder;
  /** A speaker sends a 20 ms packet now. @returns its bytes in hex */
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

/** A recorder whose ports are all plain objects, on a virtual clock. */
export function memoryCall(options: Partial<RecorderOptions> = {}, { recordsChat = true } = {}): MemoryCall {
  const clock = new VirtualClock();
  const voice = new FakeVoice();
  const chat = new FakeChat();
  const announcer = new FakeAnnouncer();
  const spool = new MemorySpool();
  const storage = new MemoryStorage(spool);
  const eventSink = new FakeEventSink();
  const newestPackets = new NewestPackets();
  const recorder = new Recorder(
    {
      clock,
      voice,
      chat: recordsChat ? chat : undefined,
      announcer,
      spool,
      storage,
      observer: undefined,
      newestPackets,
      eventSink,
      log: silentLog,
    },
    {
      job: JOB,
      rotation: { mode: "utterance", silenceSamples: 96_000, maxPartSamples: 600 * 48_000 },
      autoLeave: { entryDelayMs: 300_000, soloMs: 60_000, silenceMs: 900_000, maxMs: 14_400_000, onBotDetected: false },
      attachments: { maxFileBytes: 25_000_000, maxTotalBytes: 1_000_000_000 },
      spoolSpace: { lowBytes: 2_000_000, stopBytes: 1_000_000 },
      consent: PLAIN_CONSENT,
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
  return { clock, voice, chat, announcer, spool, storage, eventSink, newestPackets, recorder, speak };
}
