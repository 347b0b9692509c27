import { GatewayDispatchEvents, type GatewayVoiceStateUpdateDispatchData } from "discord-api-types/v10";
import type { OpenSession } from "../session.ts";

/** Time for the gateway to process the request to leave, before the session is closed. */
const DEADLINE_MS = 2_000;

/** Resolves when the gateway says that the bot is in no channel, or after 2 s without an answer. */
export async function confirmLeft({ client, selfId }: Pick<OpenSession, "client" | "selfId">): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      client.dispatches.off(GatewayDispatchEvents.VoiceStateUpdate, onState);
      resolve();
    };
    const onState = (state: GatewayVoiceStateUpdateDispatchData): void => {
      if (state.user_id === selfId && state.channel_id === null) done();
    };
    const timer = setTimeout(done, DEADLINE_MS);
    client.dispatches.on(GatewayDispatchEvents.VoiceStateUpdate, onState);
  });
}
