/** Faults on command that Discord can cause for the recording bot, now or on its next connection. */

import { setTimeout } from "node:timers/promises";
import { InputError } from "../errors.ts";
import type { CallBehaviour } from "../fixture/call-behaviour.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { LoopbackFaults } from "./loopback-faults.ts";
import type { RestFaults } from "./rest/rest-faults.ts";
import type { OpcodeFaults } from "./voice/opcode-faults.ts";
import { VOICE_OP } from "./voice/voice-client.ts";
import type { VoiceFaults } from "./voice/voice-faults.ts";
import type { VoiceServers } from "./voice/voice-servers.ts";
import type { VoiceSessions } from "./voice/voice-sessions.ts";
import type { Accounts } from "./world/accounts.ts";
import type { World } from "./world/world.ts";

const TCP_RESET = 1006;
const GATEWAY_AUTHENTICATION_FAILED = 4004;
/** How long a voice server that was replaced keeps its clients' sockets open. */
const OLD_SERVER_LINGER_MS = 1_000;

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
  /** Shared with the rooms; changes take effect at once. */
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

/** The bot's channel, or otherwise the call's. */
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
    speaking: (userId, flags) => room()?.sendSpeaking(userId, flags),
    video: (userId) => room()?.sendVideo(userId),
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
      if (kind === undefined || kind === "text")
        throw new InputError(`${channelId} is not a voice channel of the guild`);
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
