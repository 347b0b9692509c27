import type { DiscordGatewayAdapterCreator } from "@discordjs/voice";
import {
  GatewayDispatchEvents,
  type GatewayVoiceServerUpdateDispatchData,
  type GatewayVoiceStateUpdateDispatchData,
} from "discord-api-types/v10";
import type { GatewayClient } from "../gateway-client.ts";

/** Connects @discordjs/voice to the gateway. */
export function createVoiceAdapter(
  client: GatewayClient,
  guildId: string,
  selfId: string,
): DiscordGatewayAdapterCreator {
  return (methods) => {
    const onServer = (data: GatewayVoiceServerUpdateDispatchData): void => {
      if (data.guild_id === guildId) methods.onVoiceServerUpdate(data);
    };
    const onState = (data: GatewayVoiceStateUpdateDispatchData): void => {
      if (data.guild_id === guildId && data.user_id === selfId) methods.onVoiceStateUpdate(data);
    };
    client.dispatches.on(GatewayDispatchEvents.VoiceServerUpdate, onServer);
    client.dispatches.on(GatewayDispatchEvents.VoiceStateUpdate, onState);
    return {
      sendPayload: (payload) => {
        client.send(payload);
        return true;
      },
      destroy: () => {
        client.dispatches.off(GatewayDispatchEvents.VoiceServerUpdate, onServer);
        client.dispatches.off(GatewayDispatchEvents.VoiceStateUpdate, onState);
      },
    };
  };
}
