import type { DiscordGatewayAdapterCreator } from "@discordjs/voice";
import { type Client, GatewayDispatchEvents } from "discord.js";
import type { GatewayVoiceServerUpdateDispatchData, GatewayVoiceStateUpdateDispatchData } from "discord-api-types/v10";

/**
 * Connects @discordjs/voice to the gateway. The adapter of discord.js delays voice events until every guild of the bot
 * has arrived; this one passes them on at once.
 */
export function createVoiceAdapter(client: Client, guildId: string, selfId: string): DiscordGatewayAdapterCreator {
  return (methods) => {
    const onServer = (data: GatewayVoiceServerUpdateDispatchData): void => {
      if (data.guild_id === guildId) methods.onVoiceServerUpdate(data);
    };
    const onState = (data: GatewayVoiceStateUpdateDispatchData): void => {
      if (data.guild_id === guildId && data.user_id === selfId) methods.onVoiceStateUpdate(data);
    };
    client.ws.on(GatewayDispatchEvents.VoiceServerUpdate, onServer);
    client.ws.on(GatewayDispatchEvents.VoiceStateUpdate, onState);
    return {
      sendPayload: (payload) => {
        const shard = client.ws.shards.first();
        shard?.send(payload);
        return shard !== undefined;
      },
      destroy: () => {
        client.ws.off(GatewayDispatchEvents.VoiceServerUpdate, onServer);
        client.ws.off(GatewayDispatchEvents.VoiceStateUpdate, onState);
      },
    };
  };
}
