import { entersState, joinVoiceChannel, type VoiceConnection, VoiceConnectionStatus } from "@discordjs/voice";
import { ChannelType, GatewayDispatchEvents } from "discord.js";
import type {
  GatewayChannelDeleteDispatchData,
  GatewayGuildCreateDispatchData,
  GatewayGuildDeleteDispatchData,
  GatewayVoiceStateUpdateDispatchData,
} from "discord-api-types/v10";
import { JobError } from "../errors.ts";
import type { CallListener, CallPlace, Clock, EncryptionState, VoiceSource } from "../recording/ports.ts";
import type { CallEnd } from "../session/exit.ts";
import { Receiver } from "./receive.ts";
import { VoiceRoster } from "./roster.ts";
import { type DiscordSession, type OpenSession, onDispatch } from "./session.ts";
import { createTransportDecryptor } from "./transport-decrypt.ts";
import { createVoiceAdapter } from "./voice-adapter.ts";
import { attachSeam, type VoiceSession } from "./voice-seam.ts";

export interface VoiceOptions {
  readonly session: DiscordSession;
  readonly guildId: string;
  readonly channelId: string;
  readonly clock: Clock;
  readonly onDebug: (message: string) => void;
}

/** From the join request to a key for the audio. Discord takes about a second; a retry of ours would not be faster. */
const JOIN_DEADLINE_MS = 30_000;
/** After a lost connection: signalling within this time means a move or a new server. */
const RECONNECT_DEADLINE_MS = 20_000;
/** Waiting packets are tried again this often; a hole in the order waits for 250 ms. */
const POLL_INTERVAL_MS = 100;
/** Time for the gateway to take the request to leave, before the session is closed. */
const LEAVE_DEADLINE_MS = 2_000;

/** A Discord voice channel as the recorder's source. */
export class DiscordVoiceSource implements VoiceSource {
  readonly #options: VoiceOptions;
  #listener: CallListener | undefined;
  #connection: VoiceConnection | undefined;
  #receiver: Receiver | undefined;
  #roster: VoiceRoster | undefined;
  #connections = 0;
  #encryption: { daveProtocolVersion: number; epochs: number; lastEpoch: bigint | null } | undefined;
  #dave: VoiceSession["dave"] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopWatching: (() => void) | undefined;
  #ended: CallEnd | undefined;

  constructor(options: VoiceOptions) {
    this.#options = options;
  }

  async join(): Promise<CallPlace> {
    const session = await this.#options.session.open();
    const place = placeOf(session, this.#options.channelId);
    this.#watchGuild(session);
    this.#timer = setInterval(() => this.#receiver?.poll(this.#options.clock.nowMs()), POLL_INTERVAL_MS);
    await this.#connect(session);
    return place;
  }

  listen(listener: CallListener): void {
    this.#listener = listener;
    for (const change of this.#roster?.present() ?? []) listener.roster(change);
    if (this.#ended !== undefined) listener.ended(this.#ended);
  }

  encryption(): EncryptionState {
    this.#noteKeys();
    const { daveProtocolVersion, epochs } = this.#encryption ?? { daveProtocolVersion: 0, epochs: 0 };
    return { daveProtocolVersion, epochs };
  }

  async leave(): Promise<void> {
    // What still waits for a key or a speaker gets its fate while somebody counts.
    this.#receiver?.close();
    this.#receiver = undefined;
    this.#listener = undefined;
    clearInterval(this.#timer);
    this.#stopWatching?.();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined || connection.state.status === VoiceConnectionStatus.Destroyed) return;
    const { client, selfId } = await this.#options.session.open();
    const left = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LEAVE_DEADLINE_MS);
      onDispatch<GatewayVoiceStateUpdateDispatchData>(client, GatewayDispatchEvents.VoiceStateUpdate, (state) => {
        if (state.user_id !== selfId || state.channel_id !== null) return;
        clearTimeout(timer);
        resolve();
      });
    });
    connection.destroy();
    await left;
  }

  async close(): Promise<void> {
    await this.leave();
    await this.#options.session.close();
  }

  async #connect({ client, selfId }: OpenSession): Promise<void> {
    const { guildId, channelId } = this.#options;
    const connection = joinVoiceChannel({
      guildId,
      channelId,
      adapterCreator: createVoiceAdapter(client, guildId, selfId),
      selfDeaf: false,
      selfMute: true,
      debug: false,
    });
    this.#connection = connection;
    connection.on("error", (error) => this.#options.onDebug(`voice error: ${error.message}`));
    attachSeam(connection, {
      session: (session) => this.#startReceiver(session),
      datagram: (datagram) => this.#receiver?.receive(datagram, this.#options.clock.nowMs()),
      claim: (ssrc, userId) => this.#receiver?.claim(ssrc, userId),
      keysChanged: () => {
        this.#noteKeys();
        this.#receiver?.retryAll();
      },
      malformedMessage: () =>
        this.#listener?.warning(
          "dave_malformed_message",
          "Discord sent an encryption message that could not be processed; the encrypted group is joined again",
        ),
    });
    try {
      await entersState(connection, VoiceConnectionStatus.Ready, JOIN_DEADLINE_MS);
    } catch (error) {
      connection.destroy();
      throw new JobError("lobby_timeout", "Discord's voice server did not answer within 30 s", { cause: error });
    }
    connection.on(VoiceConnectionStatus.Disconnected, () => void this.#awaitReconnect(connection));
    connection.on(VoiceConnectionStatus.Connecting, () => this.#listener?.connection("reconnecting"));
    connection.on(VoiceConnectionStatus.Signalling, () => this.#listener?.connection("reconnecting"));
    connection.on(VoiceConnectionStatus.Ready, () => this.#listener?.connection("live"));
  }

  #startReceiver({ encryptionMode, secretKey, dave }: VoiceSession): void {
    this.#receiver?.close();
    this.#dave = dave;
    this.#connections += 1;
    this.#receiver = new Receiver({
      connection: this.#connections,
      transport: createTransportDecryptor(encryptionMode, secretKey),
      dave,
      candidates: () => this.#roster?.userIds() ?? [],
      onFrame: (frame) => this.#listener?.frame(frame),
      onDrop: (fate, userId) => this.#listener?.dropped(fate, userId),
    });
    this.#noteKeys();
  }

  /** Counts the epochs of the end-to-end group as they pass. */
  #noteKeys(): void {
    const dave = this.#dave?.();
    if (dave === undefined) return;
    this.#encryption ??= { daveProtocolVersion: 0, epochs: 0, lastEpoch: null };
    this.#encryption.daveProtocolVersion = dave.protocolVersion;
    const epoch = dave.session?.ready === true ? dave.session.epoch : null;
    if (epoch === null || epoch === this.#encryption.lastEpoch) return;
    this.#encryption.lastEpoch = epoch;
    this.#encryption.epochs += 1;
  }

  async #awaitReconnect(connection: VoiceConnection): Promise<void> {
    this.#listener?.connection("reconnecting");
    try {
      await entersState(connection, VoiceConnectionStatus.Ready, RECONNECT_DEADLINE_MS);
    } catch {
      this.#end({
        exitReason: "network_loss",
        detail: "the voice connection was lost and did not come back within 20 s",
      });
    }
  }

  #watchGuild({ client, selfId, guild }: OpenSession): void {
    const { channelId, guildId } = this.#options;
    const roster = new VoiceRoster(selfId, channelId);
    this.#roster = roster;
    roster.seed(guild);

    const states = new Map(guild.voice_states.map((state) => [state.user_id, state]));
    const onState = (state: GatewayVoiceStateUpdateDispatchData): void => {
      if (state.guild_id !== guildId) return;
      states.set(state.user_id, state);
      if (state.user_id === selfId) {
        this.#followSelf(state.channel_id, roster, [...states.values()], guild);
        return;
      }
      for (const change of roster.update(state)) this.#listener?.roster(change);
    };
    const onChannelDelete = (channel: GatewayChannelDeleteDispatchData): void => {
      if (channel.id === roster.channelId)
        this.#end({ exitReason: "meeting_ended", detail: "the voice channel was deleted" });
    };
    const onGuildDelete = (gone: GatewayGuildDeleteDispatchData): void => {
      if (gone.id !== guildId || gone.unavailable === true) return;
      this.#end({ exitReason: "removed_from_meeting", detail: "the bot was removed from the server" });
    };
    onDispatch(client, GatewayDispatchEvents.VoiceStateUpdate, onState);
    onDispatch(client, GatewayDispatchEvents.ChannelDelete, onChannelDelete);
    onDispatch(client, GatewayDispatchEvents.GuildDelete, onGuildDelete);
    this.#stopWatching = () => {
      client.ws.off(GatewayDispatchEvents.VoiceStateUpdate, onState);
      client.ws.off(GatewayDispatchEvents.ChannelDelete, onChannelDelete);
      client.ws.off(GatewayDispatchEvents.GuildDelete, onGuildDelete);
    };
  }

  /** Our own voice state says whether somebody moved or disconnected us; a close code does not. */
  #followSelf(
    channelId: string | null,
    roster: VoiceRoster,
    states: Parameters<VoiceRoster["moveTo"]>[1],
    guild: GatewayGuildCreateDispatchData,
  ): void {
    if (channelId === roster.channelId) return;
    if (channelId === null) {
      this.#end({ exitReason: "removed_from_meeting", detail: "the bot was disconnected from the voice channel" });
      return;
    }
    for (const change of roster.moveTo(channelId, states)) this.#listener?.roster(change);
    const name = guild.channels.find((channel) => channel.id === channelId)?.name ?? channelId;
    this.#listener?.moved({ id: channelId, name });
  }

  #end(end: CallEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    this.#listener?.ended(end);
  }
}

function placeOf({ guild, selfId }: OpenSession, channelId: string): CallPlace {
  const channel = guild.channels.find(({ id }) => id === channelId);
  if (channel === undefined) {
    throw new JobError(
      "meeting_not_found",
      `the server "${guild.name}" has no channel with the id ${channelId} that the bot can see`,
    );
  }
  if (channel.type !== ChannelType.GuildVoice && channel.type !== ChannelType.GuildStageVoice) {
    throw new JobError("meeting_not_found", `the channel "${channel.name}" is not a voice or stage channel`);
  }
  return { guildId: guild.id, guildName: guild.name, channelId, channelName: channel.name, selfId };
}
