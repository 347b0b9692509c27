import { REST, RESTEvents } from "@discordjs/rest";
import {
  type APIApplication,
  type APIChannel,
  type APIGuildMember,
  type APIUser,
  type APIVoiceState,
  type RESTGetAPIGatewayBotResult,
  Routes,
} from "discord-api-types/v10";
import { messageOf } from "../../errors.ts";
import type { Clock } from "../../recording/ports/clock.ts";
import { boundRequests, restOptions } from "../bounded-rest.ts";
import { statusOf } from "../chat/chat-rest.ts";
import type { GuildState } from "../guild/permissions.ts";
import { loginError } from "../session.ts";
import { udpTrouble } from "./udp-look.ts";

export interface LookOptions {
  readonly token: string;
  readonly guildId: string;
  readonly textChannelId: string | undefined;
  /** REST base URL without version; Discord's own if undefined. */
  readonly apiUrl: string | undefined;
  readonly clock: Pick<Clock, "sleep">;
}

/** Discord's information about a bot and the channel to record. */
export interface Findings {
  readonly self: Pick<APIUser, "id" | "username">;
  readonly application: Pick<APIApplication, "id" | "flags">;
  readonly logins: RESTGetAPIGatewayBotResult["session_start_limit"];
  /** Why the gateway could not be reached; undefined if it could. */
  readonly gatewayTrouble: string | undefined;
  /** Why this machine sends no datagrams; undefined if it does. */
  readonly udpTrouble: string | undefined;
  /** How far the machine's clock is ahead of Discord's, to a second; undefined if Discord gave no time. */
  readonly aheadMs: number | undefined;
  /** Undefined if the bot is not in the server. REST does not say who is in the voice channels. */
  readonly guild: GuildState | undefined;
  /** The channel that the bot's account is already in, if any. */
  readonly ownVoiceChannelId: string | undefined;
  /** What the text channel's id refers to. */
  readonly textChannel: APIChannel | "unknown" | "hidden" | undefined;
}

const REQUEST_MS = 10_000;

/**
 * Asks only over REST: no gateway session is opened and no channel joined.
 *
 * @throws JobError `auth_failure` or `network_loss`
 */
export async function lookAtDiscord({ token, guildId, textChannelId, apiUrl, clock }: LookOptions): Promise<Findings> {
  const rest = new REST({ ...restOptions(apiUrl), retries: 1, timeout: REQUEST_MS });
  boundRequests(rest, clock);
  rest.setToken(token);
  let aheadMs: number | undefined;
  rest.on(RESTEvents.Response, (_request, { headers }) => {
    const date = headers.get("date");
    // The header has whole seconds, so it is half a second behind on average.
    if (date !== null) aheadMs = Date.now() - Date.parse(date) - 500;
  });
  try {
    const self = (await rest.get(Routes.user())) as APIUser;
    const application = (await rest.get(Routes.currentApplication())) as APIApplication;
    const gateway = (await rest.get(Routes.gatewayBot())) as RESTGetAPIGatewayBotResult;
    const guild = await guildOf(rest, guildId, self.id);
    return {
      self,
      application,
      logins: gateway.session_start_limit,
      gatewayTrouble: await gatewayTrouble(gateway.url),
      udpTrouble: await udpTrouble(new URL(gateway.url).hostname),
      guild,
      ownVoiceChannelId: guild && (await ownVoiceChannelId(rest, guildId)),
      textChannel: textChannelId === undefined ? undefined : await textChannelOf(rest, textChannelId),
      aheadMs,
    };
  } catch (error) {
    throw loginError(error);
  }
}

async function guildOf(rest: REST, guildId: string, selfId: string): Promise<GuildState | undefined> {
  const guild = await ifThere<GuildState>(rest, Routes.guild(guildId));
  if (guild === "unknown" || guild === "hidden") return undefined;
  const channels = (await rest.get(Routes.guildChannels(guildId))) as GuildState["channels"];
  const member = (await rest.get(Routes.guildMember(guildId, selfId))) as APIGuildMember;
  return { ...guild, channels, members: [member], voice_states: [] };
}

async function ownVoiceChannelId(rest: REST, guildId: string): Promise<string | undefined> {
  const state = await ifThere<APIVoiceState>(rest, Routes.guildVoiceState(guildId, "@me"));
  return typeof state === "string" ? undefined : (state.channel_id ?? undefined);
}

function textChannelOf(rest: REST, channelId: string): Promise<APIChannel | "unknown" | "hidden"> {
  return ifThere<APIChannel>(rest, Routes.channel(channelId));
}

async function ifThere<T>(rest: REST, route: `/${string}`): Promise<T | "unknown" | "hidden"> {
  try {
    return (await rest.get(route)) as T;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return "unknown";
    if (status === 403) return "hidden";
    throw error;
  }
}

/** Waits for the gateway's first message, which comes before identifying. */
async function gatewayTrouble(url: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(`${url} did not answer within ${REQUEST_MS / 1_000} s`), REQUEST_MS);
  try {
    const socket = new WebSocket(`${url}?v=10&encoding=json`);
    socket.addEventListener("message", () => resolve(undefined));
    socket.addEventListener("close", ({ code }) => resolve(`${url} closed the connection with code ${code}`));
    const trouble = await promise;
    socket.close();
    return trouble;
  } catch (error) {
    return messageOf(error);
  } finally {
    clearTimeout(timer);
  }
}
