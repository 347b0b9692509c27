import {
  type GatewayChannelDeleteDispatchData,
  GatewayDispatchEvents,
  type GatewayGuildCreateDispatchData,
  type GatewayGuildDeleteDispatchData,
  type GatewayGuildMemberUpdateDispatchData,
  type GatewayMessageCreateDispatchData,
  type GatewayReadyDispatchData,
  type GatewayVoiceStateUpdateDispatchData,
} from "discord-api-types/v10";
import type { RosterChange } from "../../recording/ports/voice.ts";
import { boundedName } from "../../text/safe-text.ts";
import type { GatewayClient } from "../gateway-client.ts";
import type { OpenSession } from "../session.ts";
import { type RosterState, VoiceRoster } from "./roster.ts";
import { timeOutEnd } from "./time-out.ts";
import { expectWhere, saysWhere } from "./voice-state.ts";

type VoiceState = GatewayVoiceStateUpdateDispatchData;

/** What the server has done to the bot's account in voice. */
export interface OwnFlags {
  readonly deafened: boolean;
  readonly muted: boolean;
  readonly suppressed: boolean;
}

/** Receives the gateway's news about the guild that concern the call. */
export interface GuildListener {
  roster(change: RosterChange): void;
  /**
   * Whether the gateway reports arrivals and departures. It does not while its socket is closed or the guild has an
   * outage.
   */
  rosterKnown(known: boolean): void;
  /** The bot's account is in another channel now. */
  moved(channel: { readonly id: string; readonly name: string }): void;
  /**
   * The bot's account is no longer in any channel, in this session.
   *
   * @param timeOut when its time-out ends, if a moderator set one, as ISO 8601
   */
  disconnected(timeOut: string | undefined): void;
  /** The server deafened, muted or suppressed the bot's account, or undid that. */
  ownFlags(flags: OwnFlags): void;
  channelDeleted(): void;
  guildLeft(): void;
  /** The gateway has a new session, and the old one's voice connection is gone. */
  sessionRenewed(): void;
  /** The gateway refuses the bot for good. */
  refused(closeCode: number): void;
}

/**
 * Follows one guild on the gateway. The bot's own voice state, not a close code, says if a person moved or disconnected
 * it. A state of an older gateway session says nothing about this one.
 */
export class GuildWatch {
  readonly roster: VoiceRoster;
  readonly #client: GatewayClient;
  readonly #selfId: string;
  readonly #guildId: string;
  readonly #listener: GuildListener;
  readonly #stops: (() => void)[] = [];
  readonly #channelNames = new Map<string, string>();
  #states: Map<string, RosterState>;
  #gatewaySessionId: string;
  #renewing = false;
  /** When the time-out of the bot's account ends. */
  #timeOut: string | undefined;

  constructor({ client, selfId, guild, gatewaySessionId }: OpenSession, channelId: string, listener: GuildListener) {
    this.#client = client;
    this.#selfId = selfId;
    this.#guildId = guild.id;
    this.#listener = listener;
    this.#gatewaySessionId = gatewaySessionId;
    this.#states = statesOf(guild);
    this.roster = new VoiceRoster(selfId, channelId);
    for (const state of this.#states.values()) this.roster.update(state);
    this.#noteChannels(guild);
    this.#follow();
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #follow(): void {
    this.#on<VoiceState>(GatewayDispatchEvents.VoiceStateUpdate, (state) => this.#onState(state));
    // For the bot's own account it arrives without the Guild Members intent.
    this.#on<GatewayGuildMemberUpdateDispatchData>(GatewayDispatchEvents.GuildMemberUpdate, (member) => {
      if (member.guild_id === this.#guildId && member.user.id === this.#selfId) this.#timeOut = timeOutEnd(member);
    });
    this.#on<GatewayChannelDeleteDispatchData>(GatewayDispatchEvents.ChannelDelete, ({ id }) => {
      if (id === this.roster.channelId) this.#listener.channelDeleted();
    });
    this.#on<GatewayGuildDeleteDispatchData>(GatewayDispatchEvents.GuildDelete, ({ id, unavailable }) => {
      // An outage on Discord's side makes a guild unavailable; it comes back with GUILD_CREATE.
      if (id !== this.#guildId) return;
      if (unavailable === true) this.#listener.rosterKnown(false);
      else this.#listener.guildLeft();
    });
    this.#on<GatewayMessageCreateDispatchData>(GatewayDispatchEvents.MessageCreate, (message) =>
      this.#onMessage(message),
    );
    this.#on<GatewayReadyDispatchData>(GatewayDispatchEvents.Ready, ({ session_id }) => {
      this.#gatewaySessionId = session_id;
      this.#renewing = true;
    });
    this.#on<GatewayGuildCreateDispatchData>(GatewayDispatchEvents.GuildCreate, (guild) => this.#onGuild(guild));
    // Missed dispatches come before RESUMED; a new session begins with the guild's state.
    this.#on(GatewayDispatchEvents.Resumed, () => this.#listener.rosterKnown(true));
    const onReconnecting = (): void => this.#listener.rosterKnown(false);
    this.#client.on("reconnecting", onReconnecting);
    this.#stops.push(() => this.#client.off("reconnecting", onReconnecting));
    const onRefused = (code: number): void => this.#listener.refused(code);
    this.#client.on("refused", onRefused);
    this.#stops.push(() => this.#client.off("refused", onRefused));
  }

  #on<Data>(event: GatewayDispatchEvents, listener: (data: Data) => void): void {
    this.#client.dispatches.on(event, listener);
    this.#stops.push(() => this.#client.dispatches.off(event, listener));
  }

  #onState(state: VoiceState): void {
    if (state.guild_id !== this.#guildId) return;
    expectWhere(state);
    if (state.user_id === this.#selfId) {
      if (state.session_id === this.#gatewaySessionId) this.#onOwnState(state);
      return;
    }
    const previous = this.#states.get(state.user_id);
    if (state.channel_id === null) this.#states.delete(state.user_id);
    else this.#states.set(state.user_id, state);
    this.#report(this.roster.update(state, previous?.channel_id));
  }

  /** If messages are recorded, they show their authors' current names. */
  #onMessage({
    guild_id: guildId,
    author: user,
    member,
    webhook_id: webhookId,
  }: GatewayMessageCreateDispatchData): void {
    if (guildId !== this.#guildId || member === undefined || webhookId !== undefined) return;
    this.#report(this.roster.rename({ nick: member.nick ?? null, user }));
  }

  #report(changes: readonly RosterChange[]): void {
    for (const change of changes) this.#listener.roster(change);
  }

  #onOwnState({ channel_id: channelId, deaf, mute, suppress }: VoiceState): void {
    if (channelId === null) {
      this.#listener.disconnected(this.#timeOut);
      return;
    }
    this.#listener.ownFlags({ deafened: deaf === true, muted: mute === true, suppressed: suppress === true });
    if (channelId === this.roster.channelId) return;
    this.#report(this.roster.moveTo(channelId, [...this.#states.values()]));
    this.#listener.moved({ id: channelId, name: boundedName(this.#channelNames.get(channelId) ?? channelId) });
  }

  /** The guild's state arrived again, after an outage or because the gateway forgot our session. */
  #onGuild(guild: GatewayGuildCreateDispatchData): void {
    if (guild.id !== this.#guildId || guild.unavailable === true) return;
    this.#noteChannels(guild);
    this.#states = statesOf(guild);
    this.#report(this.roster.moveTo(this.roster.channelId, [...this.#states.values()]));
    this.#listener.rosterKnown(true);
    if (!this.#renewing) return;
    this.#renewing = false;
    this.#listener.sessionRenewed();
  }

  #noteChannels(guild: GatewayGuildCreateDispatchData): void {
    for (const channel of guild.channels) this.#channelNames.set(channel.id, channel.name ?? channel.id);
  }
}

function statesOf(guild: GatewayGuildCreateDispatchData): Map<string, RosterState> {
  const members = new Map(guild.members.map((member) => [member.user.id, member]));
  return new Map(
    guild.voice_states.filter(saysWhere).map((state) => {
      const member = state.member ?? members.get(state.user_id);
      return [state.user_id, member === undefined ? state : { ...state, member }];
    }),
  );
}
