import type { CallBehaviour } from "../fixture/call-behaviour.ts";
import type { CallFixture } from "../fixture/call-script.ts";
import type { Committers } from "./dave/dave-group.ts";
import type { InteractionLimits } from "./interactions/interactions.ts";
import type { Person } from "./interactions/person.ts";
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
  /** Whose commits win: `speakers` (the default) at once, `clients` after a round trip to a client. */
  readonly daveCommitters?: Committers;
  /** How this Discord behaves. Default: what the fixture's header says. */
  readonly behaviour?: Partial<CallBehaviour>;
  /** Whether bots are granted the Message Content intent. Default: yes. */
  readonly allowMessageContent?: boolean;
  /** How the network impairs audio on its way to clients. Default: not at all. */
  readonly impairments?: Impairments;
  /** A speaker is announced (op 5) this long after their first packet, instead of before it. */
  readonly speakingDelayMs?: number;
  /** The heartbeat intervals that clients get. Default: Discord's. */
  readonly heartbeatIntervalsMs?: { readonly gateway?: number; readonly voice?: number };
  /** Further guilds that every bot is in, of 20 channels and 50 members each. Default: none. */
  readonly otherGuilds?: number;
  /** When a bot identifies, the call's guild comes after all others, not before them. */
  readonly jobGuildLast?: boolean;
  /** What `GET /gateway/bot` recommends. Default: 1. */
  readonly shards?: number;
  /** What `GET /gateway/bot` says about it. Default: 1,000 of 1,000. */
  readonly sessionStartLimit?: SessionStartLimit;
  /** The recording bot's account is already in this voice channel, through another session. */
  readonly botAlreadyInVoice?: string;
  /** The permissions that the recording bot is denied, by channel id. */
  readonly deniedPermissions?: Readonly<Record<string, readonly PermissionName[]>>;
  /** The recording bot is timed out until then, ISO 8601. */
  readonly botTimedOutUntil?: string;
  /** The user limit of voice channels, by channel id. */
  readonly userLimits?: Readonly<Record<string, number>>;
  /** How long interactions can be answered. Default: Discord's. */
  readonly interactionLimits?: Partial<InteractionLimits>;
  /** The CA's certificate is written here. */
  readonly workDir: string;
  /** Every packet a client sends, after transport decryption. */
  readonly onClientPacket?: (packet: ClientPacket) => void;
  /** Lines without secrets. */
  readonly log?: (line: string) => void;
}

/** A packet of the recording bot, as another person in the call hears it. */
export interface HeardPacket {
  readonly byUserId: string;
  /** Undefined if they could not decrypt it. */
  readonly opus: Buffer | undefined;
}

/** The text that a person sees after a press. */
export interface PressAnswer {
  readonly content: string;
  /** Whether only the clicking person sees it. */
  readonly ephemeral: boolean;
}

/** A message of the recording bot that everybody sees. */
export interface PostedMessage {
  readonly id: string;
  readonly channelId: string;
  readonly content: string;
  readonly buttons: readonly { readonly label: string; readonly customId: string }[];
  /** Whom it may notify; everyone it mentions if undefined. */
  readonly allowedMentions: readonly string[] | undefined;
}

/** A local Discord server on 127.0.0.1 that plays one call. */
export interface Loopback {
  /** Without the version: libraries append `/v10`. */
  readonly restUrl: string;
  /** For `NODE_EXTRA_CA_CERTS`, which a process reads when it starts. */
  readonly caCertificatePath: string;
  readonly token: string;
  /** The recording bot's user id. */
  readonly botUserId: string;
  /** The environment that a worker needs to record this call. Contains the token. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Resolves when the whole call was played, which starts when the recording bot can hear, and all of it has arrived.
   * Never after `close()`.
   */
  readonly played: Promise<void>;
  /** Whether the call is or was being played. */
  readonly hasBegun: boolean;
  /** Packets that speakers sent to the recording bot, by user id, including lost ones. */
  readonly sent: ReadonlyMap<string, number>;
  /** Which of a speaker's packets were sent to the recording bot so far, as indices into the fixture's. */
  sentOf(userId: string): ReadonlySet<number>;
  /** The packets in `sentOf` that were encrypted with keys that the bot had, or not encrypted. */
  decryptableOf(userId: string): ReadonlySet<number>;
  /**
   * When each of a speaker's packets left for the recording bot, in milliseconds of this process's clock. A starved
   * machine sends late, so this is what a test can judge arrivals by.
   */
  sentAtMsOf(userId: string): ReadonlyMap<number, number>;
  /** The network's statistics so far. */
  readonly impaired: Readonly<ImpairmentCounts>;
  /** Which of a speaker's packets got lost so far, as indices into the fixture's. */
  lostOf(userId: string): ReadonlySet<number>;
  /** The recording bot's messages in their current form, oldest first. */
  readonly posted: readonly PostedMessage[];
  /**
   * A member of the guild clicks the button with this label under the bot's newest message that has one.
   *
   * @returns the answer they see; undefined if there is no such button, or no message within 3 s
   */
  press(userId: string, button: string): Promise<PressAnswer | undefined>;
  /** What a member of the guild does with the recording bot's commands and components, and sees of them. */
  person(userId: string): Person;
  /** A further member of the guild. */
  addPerson(name: string): Person;
  /** A further role. @returns its id */
  addRole(name: string, permissions: readonly PermissionName[]): string;
  /** Puts channels into a further category. @returns its id */
  addCategory(name: string, channelIds: readonly string[]): string;
  /** The recording bot's nicknames, in order; null if it was removed. */
  readonly nicknames: readonly (string | null)[];
  /** The recording bot's audio as people in its channel hear it, in order. */
  readonly heard: readonly HeardPacket[];
  /** Causes faults for the recording bot. */
  readonly faults: LoopbackFaults;
  /** The bots' requests and the ends of their connections, in order. */
  readonly log: readonly ConnectionEvent[];
  /** The shards that the recording bot identified as, in order. */
  readonly identifies: readonly { readonly shardId: number; readonly shardCount: number }[];
  /** Another bot of the guild, which can log in and join the call. */
  addBot(username: string): { readonly userId: string; readonly token: string };
  /** Leaves no timer, socket or listener. Idempotent. */
  close(): Promise<void>;
}
