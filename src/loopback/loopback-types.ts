import type { CallBehaviour } from "../fixture/call-behaviour.ts";
import type { CallFixture } from "../fixture/call-script.ts";
import type { Committers } from "./dave/dave-group.ts";
import type { PressAnswer } from "./gateway/interactions.ts";
import type { ConnectionEvent } from "./journal.ts";
import type { LoopbackFaults } from "./loopback-faults.ts";
import type { SessionStartLimit } from "./rest/rest-requests.ts";
import type { Impairments } from "./senders/impairments.ts";
import type { ImpairmentCounts } from "./senders/network.ts";
import type { EncryptionMode } from "./voice/transport-crypto.ts";
import type { ClientPacket } from "./voice/voice-sessions.ts";
import type { PermissionName } from "./world/permissions.ts";

export interface LoopbackOptions {
  readonly fixture: CallFixture;
  /** The recording bot's token; random if it is left out. */
  readonly token?: string;
  /** Offered to clients, in this order. Default: both. */
  readonly encryptionModes?: readonly EncryptionMode[];
  /** Default: 1, and 0 in stage channels, which Discord exempts. */
  readonly daveProtocolVersion?: 0 | 1;
  /** Whose commits win: `speakers` (the default) within the call, `clients` after a round trip to a client. */
  readonly daveCommitters?: Committers;
  /** How this Discord behaves. Default: what the fixture's header says. */
  readonly behaviour?: Partial<CallBehaviour>;
  /** Whether bots are granted the Message Content intent. Default: yes. */
  readonly allowMessageContent?: boolean;
  /** What the network does to audio on its way to clients. Default: nothing. */
  readonly impairments?: Impairments;
  /** A speaker is announced (op 5) so much after their first packet, instead of before it. */
  readonly speakingDelayMs?: number;
  /** The heartbeat intervals that clients get. Default: Discord's. */
  readonly heartbeatIntervalsMs?: { readonly gateway?: number; readonly voice?: number };
  /** Further guilds that every bot is in, of 20 channels and 50 members each. Default: none. */
  readonly otherGuilds?: number;
  /** The call's guild comes after all others when a bot identifies, not before them. */
  readonly jobGuildLast?: boolean;
  /** What `GET /gateway/bot` recommends. Default: 1. */
  readonly shards?: number;
  /** What `GET /gateway/bot` says about it. Default: 1,000 of 1,000. */
  readonly sessionStartLimit?: SessionStartLimit;
  /** The recording bot's account is in this voice channel already, through another session. */
  readonly botAlreadyInVoice?: string;
  /** What the recording bot is denied, by channel id. */
  readonly deniedPermissions?: Readonly<Record<string, readonly PermissionName[]>>;
  /** The recording bot is in time-out until then, ISO 8601. */
  readonly botTimedOutUntil?: string;
  /** How many may be in a voice channel, by channel id. */
  readonly userLimits?: Readonly<Record<string, number>>;
  /** The CA's certificate is written here. */
  readonly workDir: string;
  /** Every packet a client sends, after transport decryption. */
  readonly onClientPacket?: (packet: ClientPacket) => void;
  /** Lines without secrets. */
  readonly log?: (line: string) => void;
}

/** A packet of the recording bot, as somebody else in the call hears it. */
export interface HeardPacket {
  readonly byUserId: string;
  /** Undefined if they could not decrypt it. */
  readonly opus: Buffer | undefined;
}

/** A message of the recording bot. */
export interface PostedMessage {
  readonly id: string;
  readonly channelId: string;
  readonly content: string;
  readonly buttons: readonly { readonly label: string; readonly customId: string }[];
  /** Whom it may notify; everybody whom it names if undefined. */
  readonly allowedMentions: readonly string[] | undefined;
}

/** A Discord of our own on 127.0.0.1, playing one call. */
export interface Loopback {
  /** Without the version: libraries append `/v10`. */
  readonly restUrl: string;
  /** For `NODE_EXTRA_CA_CERTS`, which a process reads when it starts. */
  readonly caCertificatePath: string;
  readonly token: string;
  /** The recording bot's user id. */
  readonly botUserId: string;
  /** What a worker's environment needs to record this call. Holds the token. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Resolves when the whole call was played, which starts when the recording bot can hear, and all of it has arrived.
   * Never after `close()`.
   */
  readonly played: Promise<void>;
  /** Packets that speakers sent to the recording bot, by user id; those that got lost on the way are among them. */
  readonly sent: ReadonlyMap<string, number>;
  /** Which of a speaker's packets were sent to the recording bot so far, as indices into the fixture's. */
  sentOf(userId: string): ReadonlySet<number>;
  /** Those of `sentOf` that were encrypted with keys which the bot had been given, or with none. */
  decryptableOf(userId: string): ReadonlySet<number>;
  /** What the network has done so far. */
  readonly impaired: Readonly<ImpairmentCounts>;
  /** Which of a speaker's packets got lost so far, as indices into the fixture's. */
  lostOf(userId: string): ReadonlySet<number>;
  /** What the recording bot has written, in its current form, oldest first. */
  readonly posted: readonly PostedMessage[];
  /**
   * A member of the guild presses a button under the bot's newest message that has one with this label.
   *
   * @returns what they are shown; undefined if there is no such button, or nothing was answered within 3 s
   */
  press(userId: string, button: string): Promise<PressAnswer | undefined>;
  /** What the recording bot has changed its nickname to, in order; null if it has none any more. */
  readonly nicknames: readonly (string | null)[];
  /** What people in its channel hear of the recording bot, in order. */
  readonly heard: readonly HeardPacket[];
  /** Does to the recording bot what Discord and people may do to it. */
  readonly faults: LoopbackFaults;
  /** What bots asked for and what became of their connections, in order. */
  readonly log: readonly ConnectionEvent[];
  /** The shards that the recording bot identified as, in order. */
  readonly identifies: readonly { readonly shardId: number; readonly shardCount: number }[];
  /** Another bot of the guild, which can log in and join the call. */
  addBot(username: string): { readonly userId: string; readonly token: string };
  /** Leaves no timer, socket or listener. Idempotent. */
  close(): Promise<void>;
}
