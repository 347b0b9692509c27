import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../audio/rtp.ts";
import { InputError } from "../errors.ts";
import type { CallEvent, CallHeader, VoiceFlags as ScriptFlags } from "../fixture/call-script.ts";
import { claimFixtureFolder, FixtureWriter } from "../fixture/fixture-writer.ts";
import type { Log } from "../log.ts";
import type { ChatEventBody } from "../recording/ports/chat.ts";
import type { Clock } from "../recording/ports/clock.ts";
import type { CallObserver } from "../recording/ports/observer.ts";
import type { CallPlace, RosterChange, VoiceFrame } from "../recording/ports/voice.ts";
import type { Person, VoiceFlags } from "../session/shapes.ts";
import { ChatScript } from "./chat-script.ts";

export interface CaptureOptions {
  readonly folder: string;
  /** The captured text channel, if any. Ports do not give its name, so the fixture uses its id. */
  readonly textChannelId: string | undefined;
  /** The clock of the frames' `arrivalMs`. */
  readonly clock: Clock;
  readonly log: Log;
}

const NOT_CAPTURED = "the call could not be captured as a fixture";

type ScriptEvent = Exclude<CallEvent, { type: "end" }>;

/**
 * Writes the live call as a fixture, as plain RTP after decryption. A capture never disturbs the recording: events that
 * a fixture cannot contain, such as the edit of a message from before the call, are left out, and failures are logged.
 */
export class CallCapture implements CallObserver {
  readonly #options: CaptureOptions;
  readonly #giveBack: () => Promise<void>;
  #writer: FixtureWriter | undefined;
  readonly #chat: ChatScript;
  #startMs = 0;
  readonly #names = new Map<string, Person>();
  #leftOut = 0;

  private constructor(options: CaptureOptions, giveBack: () => Promise<void>) {
    this.#options = options;
    this.#giveBack = giveBack;
    this.#chat = new ChatScript(options.textChannelId);
  }

  /** @throws InputError if the folder cannot be used, or already contains a fixture */
  static async open(options: CaptureOptions): Promise<CallCapture> {
    return new CallCapture(options, await claimFixtureFolder(options.folder));
  }

  started(place: CallPlace, startedAt: Date): void {
    const { folder, clock, log } = this.#options;
    this.#startMs = clock.nowMs();
    try {
      this.#writer = new FixtureWriter(folder, this.#headerOf(place, startedAt));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      log.error({ err: error, folder }, NOT_CAPTURED);
    }
  }

  /** Placed at its arrival, which is earlier than now if the frame had to wait for its speaker's name. */
  frame(frame: VoiceFrame): void {
    const header = buildRtpHeader({ ...frame, payloadType: RTP_PAYLOAD_TYPE_OPUS });
    const atMs = Math.max(0, frame.arrivalMs - this.#startMs);
    this.#attempt(() => this.#writer?.packet(frame.userId, atMs, Buffer.concat([header, frame.opus])));
  }

  roster(change: RosterChange, atMs: number): void {
    const time = Math.round(atMs);
    if (change.kind !== "leave") this.#noteNames(change, time);
    this.#write(rosterEvent(change, time));
  }

  /** A new name is written before the change that had it, so that a replay sends the change with the same name. */
  #noteNames({ kind, person }: Exclude<RosterChange, { kind: "leave" }>, atMs: number): void {
    const { id: userId, username, displayName } = person;
    const known = this.#names.get(userId);
    this.#names.set(userId, person);
    if (kind === "join" || (known?.username === username && known.displayName === displayName)) return;
    this.#write({ atMs, type: "rename", userId, username, displayName });
  }

  /** A fixture has no time before the call's start: earlier messages are placed at the start. */
  chat(event: ChatEventBody, atMs: number): void {
    this.#write({ ...this.#chat.event(event), atMs: Math.max(0, Math.round(atMs)) });
  }

  async close(atMs: number): Promise<void> {
    const { folder, log } = this.#options;
    try {
      if (this.#writer === undefined) await this.#giveBack();
      else await this.#writer.close(atMs);
    } catch (error) {
      log.error({ err: error, folder }, NOT_CAPTURED);
      return;
    }
    if (this.#writer !== undefined) log.info({ folder, leftOut: this.#leftOut }, "captured the call as a fixture");
  }

  #write(event: ScriptEvent): void {
    this.#attempt(() => this.#writer?.event(event));
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#leftOut += 1;
      this.#options.log.debug({ reason: error.message }, "left out of the captured fixture");
    }
  }

  #headerOf(place: CallPlace, startedAt: Date): CallHeader {
    const { textChannelId } = this.#options;
    const hasTextChannel = textChannelId !== undefined && textChannelId !== place.channelId;
    return {
      type: "call",
      version: 1,
      startedAt: startedAt.toISOString(),
      guild: { id: place.guildId, name: place.guildName },
      channel: { id: place.channelId, name: place.channelName, kind: "voice" },
      ...(hasTextChannel ? { textChannel: { id: textChannelId, name: textChannelId } } : {}),
      otherChannels: [],
    };
  }
}

function rosterEvent(change: RosterChange, atMs: number): ScriptEvent {
  switch (change.kind) {
    case "join": {
      const { id, username, displayName, bot } = change.person;
      return { atMs, type: "join", user: { id, username, displayName, bot }, flags: scriptFlags(change.flags) };
    }
    case "leave":
      return { atMs, type: "leave", userId: change.userId };
    case "update":
      return { atMs, type: "flags", userId: change.person.id, flags: scriptFlags(change.flags) };
  }
}

function scriptFlags(flags: VoiceFlags): ScriptFlags {
  return {
    selfMute: flags.selfMute,
    selfDeaf: flags.selfDeaf,
    mute: flags.serverMute,
    deaf: flags.serverDeaf,
    selfStream: flags.streaming,
    selfVideo: flags.video,
    suppress: flags.suppressed,
  };
}
