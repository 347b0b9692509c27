import type { MlsNoise } from "../fixture/call-fault.ts";
import type { RestFaultScope } from "./rest/rest-faults.ts";
import type { Corruption } from "./voice/opcode-faults.ts";
import type { VoiceStage } from "./voice/voice-faults.ts";
import type { PermissionName } from "./world/permissions.ts";

/** Each one takes effect at once and only for the recording bot, unless its comment says otherwise. */
export interface LoopbackFaults {
  /** Closes the gateway socket. The session can be resumed, unless the code says that it is over. */
  closeGateway(code: number): void;
  /** TCP reset of the gateway socket, without a close frame. */
  dropGateway(): void;
  /**
   * Op 9. If the session is not resumable, the voice session ends too (4014), as on Discord. With `keepsVoice` it continues,
   * under the id of the session that ended.
   */
  invalidateGatewaySession(how: { readonly resumable: boolean; readonly keepsVoice?: boolean | undefined }): void;
  /** Op 7. */
  reconnectGateway(): void;
  /**
   * Acknowledges no heartbeat and dispatches nothing for this long, or until the session is resumed on another socket.
   */
  silenceGateway(durationMs: number): void;
  /** Dispatches any data under this name. */
  dispatch(name: string, data: unknown): void;
  /** Privileged intents are refused with 4014, from the next identify. */
  refuseIntents(refused: boolean): void;
  /** Revokes the token: 401 from REST, 4004 from the gateway, 4014 from voice. */
  revokeToken(): void;
  /** Closes the voice socket. The session can be resumed after codes under 4000 but 1000, and after 4015. */
  closeVoice(code: number): void;
  /** TCP reset of the voice socket, without a close frame. */
  dropVoice(): void;
  /**
   * Closes the next `times` voice connections (default 1): instead of op 8 (`hello`, which takes whichever
   * bot connects next), instead of READY (`identify`), right after READY (`ready`), instead of the session
   * description (`select_protocol`), right after it (`session_description`). 1006 is a TCP reset.
   */
  closeVoiceAt(stage: VoiceStage, code: number, times?: number): void;
  /**
   * The next `times` voice connections (default 1) stop at this stage, while their heartbeats are answered: no
   * op 8 (`hello`), no READY (`identify`), no answer to IP discovery and op 1 (`ready`), no session description
   * (`select_protocol`), neither keys nor anything else that comes after it but datagrams (`session_description`).
   */
  stallVoice(stage: VoiceStage, times?: number): void;
  /**
   * The call moves to another voice server: VOICE_SERVER_UPDATE with another endpoint and token; another UDP port,
   * secret key and DAVE group; every speaker gets another SSRC and random counters. The old server is silent from now
   * on and closes with 4022 after a second. With `nullEndpointFirstMs` the old server closes at once, an update with
   * `endpoint: null` says so, and the new endpoint follows after that time. Resolves when it was sent.
   */
  migrateVoice(how?: { readonly nullEndpointFirstMs?: number | undefined }): Promise<void>;
  /**
   * The next `times` messages of a voice opcode (default 1) are sent `delayMs` later; other messages overtake them.
   * Not op 8: see `stallVoice`.
   */
  holdOpcode(op: number, delayMs: number, times?: number): void;
  /** The next `times` messages (default 1) get lost; a resume would repeat them. */
  dropOpcode(op: number, times?: number): void;
  /**
   * The next `times` messages (default 1) arrive with flipped bytes, or cut: a binary frame to 2 bytes, JSON to
   * half. A resume would repeat them as they were.
   */
  corruptOpcode(op: number, times?: number, how?: Corruption): void;
  /** The next `times` JSON messages (default 1) arrive with this `d`. A resume would repeat them as they were. */
  reshapeOpcode(op: number, data: unknown, times?: number): void;
  /** A JSON message of this voice opcode, with any data. */
  sendVoice(op: number, data: unknown): void;
  /** The next `times` commits and welcomes (ops 29 and 30; default 1) get lost. */
  loseCommit(times?: number): void;
  /** A person whom the gateway never mentions joins the bot's voice server; the next call makes them leave. */
  forceEpoch(): void;
  /**
   * Op 21 with version 0, op 22 when clients are ready; then speakers send unencrypted. Like `upgradeDave`, it does
   * nothing in a call that began with version 0.
   */
  downgradeDave(): void;
  /** Op 24, then a new group, with op 22 when clients are ready; then speakers encrypt. */
  upgradeDave(): void;
  /** Speakers keep the old epoch for this long after op 22 ended it; 0 stops this. */
  senderKeepsOldEpoch(durationMs: number): void;
  /** These speakers (default: all) encrypt end to end with a key that nobody has, for this long. */
  undecryptable(durationMs: number, userIds?: readonly string[]): void;
  /** Op 24: everyone founds a new group, and talks with the old one's keys until op 22. */
  newGroup(): void;
  /** Op 22 comes this long after every client is ready; a time beyond the call's end means never. */
  delayExecute(delayMs: number): void;
  /** Op 22 for this transition, whether it is known or not; by default again for the bot's last one. */
  executeTransition(transitionId?: number): void;
  /** Op 24 for the bot only; nothing follows it. */
  prepareEpoch(protocolVersion: number, epoch: number): void;
  /**
   * Only for the bot: op 25 (`external_sender`), op 29 (`commit`) or op 30 (`welcome`) as it came last; the last commit
   * in the name of another group (`other_group`); or op 27 that adds somebody of whom the voice server never said
   * anything (`unknown_user`), whose signature is wrong (`bad_signature`), that is for an epoch to come
   * (`wrong_epoch`), or that is not a proposal (`garbage`).
   */
  sendMls(message: MlsNoise): void;
  /** Op 5 with these flags for a person in the bot's channel. */
  speaking(userId: string, flags: number): void;
  /** Op 12 for a person in the bot's channel. */
  video(userId: string): void;
  /** These speakers (default: all) send without encryption for this long, whatever others do. */
  speakInClear(durationMs: number, userIds?: readonly string[]): void;
  /** These speakers are removed from the encrypted group, or never let in, and use keys that nobody has. */
  excludeFromGroup(userIds: readonly string[]): void;
  /** Sends no audio to a client that has sent none on its connection, or sends audio to everyone again. */
  withholdAudio(on: boolean): void;
  /** Deafens the bot on the server, so it gets no audio. It stays deafened when it leaves and returns. */
  deafenBot(on: boolean): void;
  /** Mutes the bot on the server. It stays muted when it leaves and returns. */
  muteBot(on: boolean): void;
  /** Moves the bot into or out of a stage's audience. */
  suppressBot(on: boolean): void;
  /** A moderator disconnects the bot: its voice state says no channel, voice closes with 4014. */
  kickBot(): void;
  /** A moderator times the bot out: GUILD_MEMBER_UPDATE, then as `kickBot`. */
  timeOutBot(durationMs: number): void;
  /** A moderator moves the bot: its voice state names the channel, voice closes with 4014, a voice server follows. */
  moveBot(channelId: string): void;
  /** Deletes the call's channel, or another one. Everyone in it is disconnected; voice closes with 4022. */
  deleteChannel(channelId?: string): void;
  /** Denies the bot exactly these permissions in a channel; CHANNEL_UPDATE announces it. */
  denyPermissions(channelId: string, names: readonly PermissionName[]): void;
  /** 429 with `Retry-After` for the next requests. */
  rateLimitRest(limit: RestFaultScope & { readonly retryAfterSeconds: number }): void;
  /** This status for the next requests. */
  failRest(failure: RestFaultScope & { readonly status: number }): void;
  /**
   * Discord has an outage of the guild, or no longer: GUILD_DELETE with `unavailable: true`, no event of the guild
   * meanwhile, GUILD_CREATE at the end. Voice continues. A bot that identifies meanwhile gets GUILD_CREATE with
   * `unavailable: true`.
   */
  guildOutage(on: boolean): void;
  /** GUILD_DELETE, and no event of the guild from then on; voice closes with 4014. */
  removeBotFromGuild(): void;
}
