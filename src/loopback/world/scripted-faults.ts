import type { CallFault } from "../../fixture/call-script.ts";
import type { LoopbackFaults } from "../loopback-faults.ts";

type FaultOf<Kind extends CallFault["kind"]> = CallFault & { readonly kind: Kind };
type Injectors = {
  readonly [Kind in CallFault["kind"]]: (faults: LoopbackFaults, fault: FaultOf<Kind>) => unknown;
};

const INJECTORS: Injectors = {
  close_gateway: (faults, { code }) => faults.closeGateway(code),
  drop_gateway: (faults) => faults.dropGateway(),
  invalidate_gateway_session: (faults, how) => faults.invalidateGatewaySession(how),
  reconnect_gateway: (faults) => faults.reconnectGateway(),
  silence_gateway: (faults, { durationMs }) => faults.silenceGateway(durationMs),
  refuse_intents: (faults, { refused }) => faults.refuseIntents(refused),
  revoke_token: (faults) => faults.revokeToken(),
  close_voice: (faults, { code }) => faults.closeVoice(code),
  drop_voice: (faults) => faults.dropVoice(),
  close_voice_at: (faults, { stage, code, times }) => faults.closeVoiceAt(stage, code, times),
  stall_voice: (faults, { stage, times }) => faults.stallVoice(stage, times),
  migrate_voice: (faults, how) => faults.migrateVoice(how),
  hold_opcode: (faults, { op, delayMs, times }) => faults.holdOpcode(op, delayMs, times),
  drop_opcode: (faults, { op, times }) => faults.dropOpcode(op, times),
  corrupt_opcode: (faults, { op, times, how }) => faults.corruptOpcode(op, times, how),
  lose_commit: (faults, { times }) => faults.loseCommit(times),
  force_epoch: (faults) => faults.forceEpoch(),
  downgrade_dave: (faults) => faults.downgradeDave(),
  upgrade_dave: (faults) => faults.upgradeDave(),
  sender_keeps_old_epoch: (faults, { durationMs }) => faults.senderKeepsOldEpoch(durationMs),
  undecryptable: (faults, { durationMs, userIds }) => faults.undecryptable(durationMs, userIds),
  new_group: (faults) => faults.newGroup(),
  delay_execute: (faults, { delayMs }) => faults.delayExecute(delayMs),
  execute_transition: (faults, { transitionId }) => faults.executeTransition(transitionId),
  prepare_epoch: (faults, { protocolVersion, epoch }) => faults.prepareEpoch(protocolVersion, epoch),
  send_mls: (faults, { message }) => faults.sendMls(message),
  speaking: (faults, { userId, speaking }) => faults.speaking(userId, speaking),
  video: (faults, { userId }) => faults.video(userId),
  speak_in_clear: (faults, { durationMs, userIds }) => faults.speakInClear(durationMs, userIds),
  exclude_from_group: (faults, { userIds }) => faults.excludeFromGroup(userIds),
  withhold_audio: (faults, { on }) => faults.withholdAudio(on),
  kick_bot: (faults) => faults.kickBot(),
  time_out_bot: (faults, { durationMs }) => faults.timeOutBot(durationMs),
  move_bot: (faults, { channelId }) => faults.moveBot(channelId),
  delete_channel: (faults, { channelId }) => faults.deleteChannel(channelId),
  guild_outage: (faults, { on }) => faults.guildOutage(on),
  remove_bot_from_guild: (faults) => faults.removeBotFromGuild(),
  deafen_bot: (faults, { on }) => faults.deafenBot(on),
  mute_bot: (faults, { on }) => faults.muteBot(on),
  suppress_bot: (faults, { on }) => faults.suppressBot(on),
  deny_permissions: (faults, { channelId, permissions }) => faults.denyPermissions(channelId, permissions),
  rate_limit_rest: (faults, limit) => faults.rateLimitRest(limit),
  fail_rest: (faults, failure) => faults.failRest(failure),
};

/** Applies a script's `fault`. */
export function injectFault(faults: LoopbackFaults, fault: CallFault): void {
  inject(faults, fault.kind, fault);
}

function inject<Kind extends CallFault["kind"]>(faults: LoopbackFaults, kind: Kind, fault: FaultOf<Kind>): void {
  INJECTORS[kind](faults, fault);
}
