import type { DropFate } from "../../audio/fates.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { ConnectionState, EncryptionState, Person, VoiceFlags } from "../../session/shapes.ts";

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
  /** Closes the session with Discord, after the last use. Idempotent. */
  close(): Promise<void>;
}
