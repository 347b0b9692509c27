/** Faults on command: what a Discord can do to the recording bot, now or on its next connection. */

import { setTimeout } from "node:timers/promises";
import { InputError } from "../errors.ts";
import type { CallBehaviour } from "../fixture/call-behaviour.ts";
import type { MlsNoise } from "../fixture/call-fault.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { RestFaultScope, RestFaults } from "./rest/rest-faults.ts";
import type { Corruption, OpcodeFaults } from "./voice/opcode-faults.ts";
import { VOICE_OP } from "./voice/voice-client.ts";
import type { VoiceFaults, VoiceStage } from "./voice/voice-faults.ts";
import type { VoiceServers } from "./voice/voice-servers.ts";
import type { VoiceSessions } from "./voice/voice-sessions.ts";
import type { Accounts } from "./world/accounts.ts";
import type { PermissionName } from "./world/permissions.ts";
import type { World } from "./world/world.ts";

const TCP_RESET = 1006;
const GATEWAY_AUTHENTICATION_FAILED = 4004;
/** How long a voice server that was replaced keeps its clients' sockets open. */
const OLD_SERVER_LINGER_MS = 1_000;

/** Each acts at once and only on the recording bot, unless its comment says otherwise. */
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
  /** Acknowledges no heartbeat and dispatches nothing for so long, or until the session is resumed on another socket. */
  silenceGateway(durationMs: number): void;
  /** Dispatches anything at all under this name. */
  dispatch(name: string, data: unknown): void;
  /** From the next identify on, privileged intents are refused with 4014. */
  refuseIntents(refused: boolean): void;
  /** The token is worth nothing any more: 401 from REST, 4004 from the gateway, 4014 from voice. */
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
   * The call goes on on another voice server: VOICE_SERVER_UPDATE with another endpoint and token; another UDP port,
   * secret key and DAVE group; every speaker with another SSRC and counters that begin anywhere. The old server is
   * silent from now on and closes with 4022 after a second. With `nullEndpointFirstMs` the old server closes at once,
   * an update with `endpoint: null` says so, and the new endpoint follows after that time. Resolves when it was sent.
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
  /** A JSON message of this voice opcode, with anything at all in it. */
  sendVoice(op: number, data: unknown): void;
  /** The next `times` commits and welcomes (ops 29 and 30; default 1) get lost. */
  loseCommit(times?: number): void;
  /** Somebody whom the gateway never mentions joins the bot's voice server; the next call makes them leave. */
  forceEpoch(): void;
  /**
   * Op 21 with version 0, op 22 when clients are ready; from then on speakers send in the clear. Nothing, nor does
   * `upgradeDave`, in a call that began with version 0.
   */
  downgradeDave(): void;
  /** Op 24, then a new group, with op 22 when clients are ready; from then on speakers encrypt. */
  upgradeDave(): void;
  /** From now on speakers keep the old epoch for so long after op 22 ended it; 0 stops this. */
  senderKeepsOldEpoch(durationMs: number): void;
  /** For so long these speakers (default: all) encrypt end to end with a key that nobody has. */
  undecryptable(durationMs: number, userIds?: readonly string[]): void;
  /** Op 24: everybody founds a new group, and talks with the old one's keys until op 22. */
  newGroup(): void;
  /** From now on op 22 comes so long after every client is ready; a time beyond the call's end means never. */
  delayExecute(delayMs: number): void;
  /** Op 22 for this transition, whether it is known or not; by default again for the bot's last one. */
  executeTransition(transitionId?: number): void;
  /** Op 24 for the bot only; nothing follows it. */
  prepareEpoch(protocolVersion: number, epoch: number): void;
  /**
   * Only for the bot: op 25 (`external_sender`), op 29 (`commit`) or op 30 (`welcome`) as it came last; the last commit
   * in the name of another group (`other_group`); or op 27 that adds somebody of whom the voice server never said
   * anything (`unknown_user`), whose signature is wrong (`bad_signature`), that is for an epoch to come
   * (`wrong_epoch`), or that is no proposal (`garbage`).
   */
  sendMls(message: MlsNoise): void;
  /** Op 5 with these flags for somebody in the bot's channel. */
  speaking(userId: string, flags: number): void;
  /** Op 12 for somebody in the bot's channel. */
  video(userId: string): void;
  /** For so long these speakers (default: all) send without encryption, whatever the others do. */
  speakInClear(durationMs: number, userIds?: readonly string[]): void;
  /** These are taken out of the encrypted group, or never let in, and speak with keys that nobody has. */
  excludeFromGroup(userIds: readonly string[]): void;
  /** No audio for a client that has sent none on its connection, or audio for everybody again. */
  withholdAudio(on: boolean): void;
  /** Server-deafened: it is sent no audio. Stays so when it leaves and comes back. */
  deafenBot(on: boolean): void;
  /** Server-muted. Stays so when it leaves and comes back. */
  muteBot(on: boolean): void;
  /** In the audience of a stage, or not. */
  suppressBot(on: boolean): void;
  /** Somebody disconnects the bot: its voice state says no channel, voice closes with 4014. */
  kickBot(): void;
  /** A moderator puts the bot in time-out: GUILD_MEMBER_UPDATE, then as `kickBot`. */
  timeOutBot(durationMs: number): void;
  /** Somebody moves the bot: its voice state says where, voice closes with 4014, a voice server follows. */
  moveBot(channelId: string): void;
  /** The call's channel, or another one. Everybody in it is out of voice; voice closes with 4022. */
  deleteChannel(channelId?: string): void;
  /** Denies the bot these permissions in a channel, and no other ones; CHANNEL_UPDATE announces it. */
  denyPermissions(channelId: string, names: readonly PermissionName[]): void;
  /** 429 with `Retry-After` for the next requests. */
  rateLimitRest(limit: RestFaultScope & { readonly retryAfterSeconds: number }): void;
  /** This status for the next requests. */
  failRest(failure: RestFaultScope & { readonly status: number }): void;
  /**
   * Discord has an outage of the guild, or no longer: GUILD_DELETE with `unavailable: true`, no event of the guild
   * meanwhile, GUILD_CREATE at the end. Voice goes on. Who identifies meanwhile gets GUILD_CREATE with
   * `unavailable: true`.
   */
  guildOutage(on: boolean): void;
  /** GUILD_DELETE, and no event of the guild from then on; voice closes with 4014. */
  removeBotFromGuild(): void;
}

export interface FaultTargets {
  readonly botUserId: string;
  /** The call's. */
  readonly channelId: string;
  readonly world: World;
  readonly accounts: Accounts;
  readonly gateway: Gateway;
  readonly voiceFaults: VoiceFaults;
  readonly voiceServers: VoiceServers;
  readonly sessions: VoiceSessions;
  readonly opcodeFaults: OpcodeFaults;
  readonly restFaults: RestFaults;
  /** Shared with the rooms: what is written here holds from now on. */
  readonly behaviour: CallBehaviour;
  /** Aborted when the loopback closes. */
  readonly closed: AbortSignal;
}

export function createFaults(targets: FaultTargets): LoopbackFaults {
  return {
    ...gatewayFaults(targets),
    ...voiceFaults(targets),
    ...messageFaults(targets),
    ...daveFaults(targets),
    ...daveMessageFaults(targets),
    ...speakerFaults(targets),
    ...peopleFaults(targets),
    ...restFaultsOf(targets),
  };
}

function gatewayFaults({ botUserId, accounts, gateway }: FaultTargets) {
  const { sessions } = gateway;
  return {
    closeGateway: (code) => sessions.closeSockets(botUserId, code, ""),
    dropGateway: () => sessions.closeSockets(botUserId, TCP_RESET, ""),
    invalidateGatewaySession: ({ resumable, keepsVoice = false }) =>
      sessions.invalidate(botUserId, { resumable, keepsVoice }),
    reconnectGateway: () => sessions.reconnect(botUserId),
    dispatch: (name, data) => {
      for (const session of sessions.all) if (session.account.user.id === botUserId) session.dispatch(name, data);
    },
    silenceGateway: (durationMs) => sessions.silence(botUserId, durationMs),
    refuseIntents: (refused) => gateway.refuseIntents(botUserId, refused),
    revokeToken: () => {
      accounts.revoke(botUserId);
      sessions.closeSockets(botUserId, GATEWAY_AUTHENTICATION_FAILED, "Authentication failed.");
    },
  } satisfies Partial<LoopbackFaults>;
}

function voiceFaults(targets: FaultTargets) {
  const { botUserId, voiceFaults: plan, voiceServers } = targets;
  return {
    closeVoice: (code) => voiceServers.closeSockets(botUserId, code),
    dropVoice: () => voiceServers.closeSockets(botUserId, TCP_RESET),
    closeVoiceAt: (stage, code, times = 1) => plan.plan(stage, { kind: "close", code }, times),
    stallVoice: (stage, times = 1) => plan.plan(stage, { kind: "stall" }, times),
    migrateVoice: ({ nullEndpointFirstMs } = {}) => migrate(targets, nullEndpointFirstMs),
  } satisfies Partial<LoopbackFaults>;
}

async function migrate(targets: FaultTargets, nullEndpointFirstMs: number | undefined): Promise<void> {
  const { world, gateway, voiceServers, sessions, accounts, closed } = targets;
  const channelId = channelOf(targets);
  const started = voiceServers.add();
  if (nullEndpointFirstMs !== undefined) {
    gateway.withdrawVoiceServer(channelId);
    sessions.giveUp(channelId, 0);
    // Cut short when the loopback closes.
    await setTimeout(nullEndpointFirstMs, undefined, { signal: closed }).catch(() => undefined);
  }
  if (!(await started) || closed.aborted) return;
  if (nullEndpointFirstMs === undefined) sessions.giveUp(channelId, OLD_SERVER_LINGER_MS);
  for (const { member, channelId: whereabouts } of world.voiceStates) {
    if (whereabouts === channelId && accounts.has(member.user.id)) gateway.offerVoiceServer(member.user.id);
  }
}

/** Where the bot is, or else the call. */
function channelOf({ world, botUserId, channelId }: FaultTargets): string {
  return world.voiceState(botUserId)?.channelId ?? channelId;
}

function messageFaults({ opcodeFaults, sessions, botUserId }: FaultTargets) {
  return {
    holdOpcode: (op, delayMs, times = 1) => opcodeFaults.plan([op], { kind: "hold", delayMs }, times),
    dropOpcode: (op, times = 1) => opcodeFaults.plan([op], { kind: "drop" }, times),
    corruptOpcode: (op, times = 1, how = "flip") => opcodeFaults.plan([op], { kind: "corrupt", how }, times),
    reshapeOpcode: (op, data, times = 1) => opcodeFaults.plan([op], { kind: "reshape", data }, times),
    sendVoice: (op, data) => {
      for (const client of sessions.clientsOf(botUserId)) client.send(op, data);
    },
    loseCommit: (times = 1) =>
      opcodeFaults.plan([VOICE_OP.mlsAnnounceCommit, VOICE_OP.mlsWelcome], { kind: "drop" }, times),
  } satisfies Partial<LoopbackFaults>;
}

function daveFaults(targets: FaultTargets) {
  const room = () => targets.sessions.room(channelOf(targets));
  return {
    forceEpoch: () => room()?.forceEpoch(),
    downgradeDave: () => room()?.group?.changeVersion(0),
    upgradeDave: () => room()?.group?.changeVersion(1),
    senderKeepsOldEpoch: (durationMs) => {
      const group = room()?.group;
      if (group) group.senderLagMs = durationMs;
    },
    newGroup: () => room()?.group?.renew(),
    delayExecute: (delayMs) => {
      targets.behaviour.executeTransitionAfterMs = delayMs;
    },
    excludeFromGroup: (userIds) => {
      targets.behaviour.outsiders.push(...userIds);
      for (const userId of userIds) room()?.group?.exclude(userId);
    },
  } satisfies Partial<LoopbackFaults>;
}

function daveMessageFaults({ sessions, botUserId }: FaultTargets) {
  const clients = () => sessions.clientsOf(botUserId);
  return {
    executeTransition: (transitionId) => {
      for (const client of clients()) client.executeTransition(transitionId ?? client.lastTransitionId);
    },
    prepareEpoch: (protocolVersion, epoch) => {
      for (const client of clients()) {
        client.send(VOICE_OP.davePrepareEpoch, { protocol_version: protocolVersion, epoch });
      }
    },
    sendMls: (message) => {
      for (const client of clients()) sessions.roomOf(client)?.sendMls(client, message);
    },
  } satisfies Partial<LoopbackFaults>;
}

function speakerFaults(targets: FaultTargets) {
  const room = () => targets.sessions.room(channelOf(targets));
  return {
    undecryptable: (durationMs, userIds) => room()?.spoilKeys(durationMs, userIds),
    speakInClear: (durationMs, userIds) => room()?.dropKeys(durationMs, userIds),
    speaking: (userId, flags) => room()?.tellSpeaking(userId, flags),
    video: (userId) => room()?.tellVideo(userId),
    withholdAudio: (on) => {
      targets.behaviour.withholdsAudio = on;
    },
  } satisfies Partial<LoopbackFaults>;
}

function peopleFaults({ botUserId, channelId: callChannelId, world, gateway }: FaultTargets) {
  return {
    kickBot: () => world.leaveVoice(botUserId),
    timeOutBot: (durationMs) => world.timeOut(botUserId, new Date(Date.now() + durationMs).toISOString()),
    moveBot: (channelId) => {
      const state = world.voiceState(botUserId);
      const kind = world.channels.get(channelId)?.kind;
      if (kind === undefined || kind === "text") throw new InputError(`${channelId} is no voice channel of the guild`);
      if (state === undefined) return;
      world.enterVoice(state.member, channelId);
      gateway.offerVoiceServer(botUserId);
    },
    deleteChannel: (channelId = callChannelId) => world.deleteChannel(channelId),
    deafenBot: (deaf) => world.moderate(botUserId, { deaf }),
    muteBot: (mute) => world.moderate(botUserId, { mute }),
    suppressBot: (suppress) => world.changeFlags(botUserId, { suppress }),
    denyPermissions: (channelId, names) => world.deny(botUserId, channelId, names),
    guildOutage: (on) => world.setAvailable(!on),
    removeBotFromGuild: () => world.removeMember(botUserId),
  } satisfies Partial<LoopbackFaults>;
}

function restFaultsOf({ restFaults }: FaultTargets) {
  return {
    rateLimitRest: ({ retryAfterSeconds, ...scope }) => restFaults.rateLimit(retryAfterSeconds, scope),
    failRest: ({ status, ...scope }) => restFaults.fail(status, scope),
  } satisfies Partial<LoopbackFaults>;
}
