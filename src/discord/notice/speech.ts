import { once } from "node:events";
import { Readable } from "node:stream";
import {
  AudioPlayerStatus,
  createAudioPlayer,
  createAudioResource,
  entersState,
  NoSubscriberBehavior,
  StreamType,
  type VoiceConnection,
} from "@discordjs/voice";
import { GatewayDispatchEvents, type GatewayVoiceStateUpdateDispatchData } from "discord-api-types/v10";
import type { SpokenNotice } from "../../recording/ports/voice.ts";
import type { GatewayClient } from "../gateway-client.ts";
import type { Hush } from "../voice/hush.ts";

/** Time for Discord to confirm that the bot is unmuted; until then it forwards nothing. */
const UNMUTE_DEADLINE_MS = 2_000;
/** Beyond the notice's own length. */
const PLAY_MARGIN_MS = 5_000;
/** The time that key changes may add to it. */
const MAX_HUSHED_MS = 30_000;

/**
 * Plays a notice into the channel, muted before and after. The library sends the file's own packets, one every 20 ms,
 * and encrypts them like all audio; nothing is decoded. It pauses during a hush.
 *
 * @throws Error if it was not played to its end
 */
export async function speakInto(
  connection: VoiceConnection,
  { client, selfId }: { readonly client: GatewayClient; readonly selfId: string },
  { ogg, durationMs }: SpokenNotice,
  hush: Hush,
): Promise<void> {
  const player = createAudioPlayer({ behaviors: { noSubscriber: NoSubscriberBehavior.Stop } });
  const resource = createAudioResource(Readable.from([ogg]), { inputType: StreamType.OggOpus });
  let stopFollowing: (() => void) | undefined;
  try {
    const unmuted = untilUnmuted(client, selfId);
    setMuted(connection, false);
    await unmuted;
    const subscription = connection.subscribe(player);
    const failed = once(player, "error").then(([error]) => Promise.reject(error));
    failed.catch(() => undefined); // the race below reports it, if it is still running
    player.play(resource);
    stopFollowing = hush.follow((isOn) => (isOn ? player.pause() : player.unpause()));
    const limitMs = durationMs + PLAY_MARGIN_MS + MAX_HUSHED_MS;
    await Promise.race([entersState(player, AudioPlayerStatus.Idle, limitMs), failed]);
    subscription?.unsubscribe();
  } finally {
    stopFollowing?.();
    player.stop(true);
    setMuted(connection, true);
  }
  if (resource.playbackDuration < durationMs) {
    throw new Error(`it was cut off after ${resource.playbackDuration} of ${durationMs} ms`);
  }
}

function setMuted(connection: VoiceConnection, selfMute: boolean): void {
  connection.rejoin({ ...connection.joinConfig, selfMute });
}

async function untilUnmuted(client: GatewayClient, selfId: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onState = (state: GatewayVoiceStateUpdateDispatchData): void => {
    if (state.user_id === selfId && !state.self_mute) resolve();
  };
  const timer = setTimeout(() => reject(new Error("Discord did not unmute the bot")), UNMUTE_DEADLINE_MS);
  client.dispatches.on(GatewayDispatchEvents.VoiceStateUpdate, onState);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    client.dispatches.off(GatewayDispatchEvents.VoiceStateUpdate, onState);
  }
}
