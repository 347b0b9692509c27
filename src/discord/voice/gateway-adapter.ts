import type { DiscordGatewayAdapterCreator } from "@discordjs/voice";
import {
  GatewayDispatchEvents,
  type GatewayVoiceServerUpdateDispatchData,
  type GatewayVoiceStateUpdateDispatchData,
} from "discord-api-types/v10";
import type { GatewayClient } from "../gateway-client.ts";
import { expectWhere } from "../guild/voice-state.ts";

/** Connects @discordjs/voice to the gateway. */
export function createVoiceAdapter(
  client: GatewayClient,
  guildId: string,
  selfId: string,
): DiscordGatewayAdapterCreator {
  return (methods) => {
    const onServer = (data: GatewayVoiceServerUpdateDispatchData): void => {
      if (data.guild_id !== guildId) return;
      expectServer(data);
      methods.onVoiceServerUpdate(data);
    };
    const onState = (data: GatewayVoiceStateUpdateDispatchData): void => {
      if (data.guild_id !== guildId || data.user_id !== selfId) return;
      expectWhere(data);
      methods.onVoiceStateUpdate(data);
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

/**
 * The library would take a missing endpoint for a server that was withdrawn, and end the connection.
 *
 * @throws TypeError if it is of an unknown shape; then the dispatch is left out with a warning
 */
function expectServer({ token, endpoint }: { readonly token: unknown; readonly endpoint: unknown }): void {
  if (typeof token === "string" && (endpoint === null || typeof endpoint === "string")) return;
  throw new TypeError("a voice server of an unknown shape");
}
