import type { DropFate } from "../../audio/fates.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { ConnectionState, EncryptionState, Person, VoiceFlags } from "../../session/shapes.ts";

/** An Opus packet of a known speaker, as received: decrypted, framing checked, not yet in order. */
export interface VoiceFrame {
  readonly userId: string;
  readonly ssrc: number;
  /** The number of the voice connection. The same SSRC on another connection is another stream. */
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
  /** A key that only the speaker has opened it. Without that, others in the call may have sent it under this SSRC. */
  readonly isProven?: boolean;
}

export type RosterChange =
  | {
      readonly kind: "join";
      readonly person: Person;
      readonly flags: VoiceFlags;
      /** True if they were in the channel before the bot. */
      readonly presentAtStart?: true | undefined;
      readonly movedFromChannelId?: string | undefined;
    }
  | { readonly kind: "leave"; readonly userId: string; readonly movedToChannelId?: string | undefined }
  | { readonly kind: "update"; readonly person: Person; readonly flags: VoiceFlags };

/** The bot's server and channel, by the names that people see. */
export interface CallPlace {
  readonly guildId: string;
  readonly guildName: string;
  readonly channelId: string;
  readonly channelName: string;
  /** The bot's own account, which never counts as a participant or a speaker. */
  readonly selfId: string;
}

/** Receives what happens in the call, in order. Must not throw. */
export interface CallListener {
  frame(frame: VoiceFrame): void;
  /** Reports a datagram that did not become a frame; `userId` if its speaker is known. */
  dropped(fate: DropFate, userId: string | undefined): void;
  roster(change: RosterChange): void;
  connection(state: ConnectionState): void;
  /** Whether the source knows who joins and leaves. It does not while it is disconnected, though voice may continue. */
  rosterKnown(known: boolean): void;
  /** Somebody sends something after a quiet time; it follows. */
  active(): void;
  moved(channel: { readonly id: string; readonly name: string }): void;
  warning(code: string, text: string): void;
  /** The call ended for the bot without a call of `leave`. Called at most once. */
  ended(end: CallEnd): void;
}

/** A spoken notice. */
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
  /**
   * Reports who is present, then everything as it happens. Call right after `join`, because earlier events are not
   * kept.
   */
  listen(listener: CallListener): void;
  /**
   * Passes every frame that has arrived to the listener at once, instead of up to 100 ms later. Call it before a change
   * that must affect later frames and not earlier ones.
   */
  settle(): void;
  /** Whether nobody has sent anything for a while. The end of the quiet is reported. */
  readonly isQuiet: boolean;
  encryption(): EncryptionState;
  /**
   * Plays a notice into the channel; the bot is muted before and after.
   *
   * @throws Error with the reason in a sentence, if it could not be played to its end
   */
  speak(notice: SpokenNotice): Promise<void>;
  /** Leaves the channel; the listener is not called after that. Idempotent. */
  leave(): Promise<void>;
  /** Closes the session with Discord, after the last use. Idempotent. */
  close(): Promise<void>;
}
