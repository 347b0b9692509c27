import { parseRtpHeader } from "../../audio/rtp.ts";
import type { CallBehaviour } from "../../fixture/call-behaviour.ts";
import type { MlsNoise } from "../../fixture/call-fault.ts";
import { type Committers, DaveGroup } from "../dave/dave-group.ts";
import { inAnotherGroup } from "../dave/mls-noise.ts";
import type { PacketId } from "../senders/network.ts";
import type { Renumbering } from "../senders/renumbering.ts";
import { type SaidPacket, Speaker, type SpokenPacket } from "../senders/speaker.ts";
import { createSnowflake } from "../world/snowflake.ts";
import { SpeakingSources } from "./speaking-sources.ts";
import { VOICE_OP, type VoiceClient } from "./voice-client.ts";

export interface VoiceRoomOptions {
  readonly daveProtocolVersion: 0 | 1;
  readonly committers: Committers;
  /** May change at any time. */
  readonly behaviour: CallBehaviour;
  /** A user's first SSRC in the fixture; undefined for people who never speak. */
  readonly firstSsrcOf: (userId: string) => number | undefined;
  /** Op 5 follows a speaker's first packet by this time, instead of preceding it. */
  readonly speakingDelayMs: number | undefined;
  /** Whether this client gets audio; it does not while it is deafened. */
  readonly hears: (userId: string) => boolean;
  /** Sends one datagram to a client; `id` names the packet of the fixture in it. */
  readonly transmit: (client: VoiceClient, datagram: Buffer, id: PacketId | undefined) => void;
  /** A packet was sent to a client, whatever its fate on the way. */
  readonly onSent: (packet: SentPacket) => void;
  /** A simulated speaker hears a client's packet; undefined if it cannot decrypt it. */
  readonly onHeard: (fromUserId: string, byUserId: string, opus: Buffer | undefined) => void;
  /** A client has its transport key. */
  readonly onClientDescribed: (client: VoiceClient) => void;
  /** A client is connected, has every key, and hears everything from now on. */
  readonly onClientReady: (client: VoiceClient) => void;
  readonly log: (line: string) => void;
}

export interface SentPacket {
  readonly userId: string;
  readonly client: VoiceClient;
  /** Undefined if another client sent it. */
  readonly id: PacketId | undefined;
  /** Whether the client has the keys of its epoch, or needs none. */
  readonly decryptable: boolean;
}

/** One voice channel's media: its members, the announcements, and the routing of packets. */
export class VoiceRoom {
  readonly channelId: string;
  readonly #options: VoiceRoomOptions;
  readonly #group: DaveGroup | undefined;
  readonly #speakers = new Map<string, Speaker>();
  readonly #clients = new Map<string, VoiceClient>();
  readonly #sources: SpeakingSources;
  /** A participant unknown to the gateway. */
  #hiddenUserId: string | undefined;

  /** @param renumbering set if people use SSRCs other than the fixture's */
  constructor(channelId: string, options: VoiceRoomOptions, renumbering?: Renumbering) {
    this.channelId = channelId;
    this.#options = options;
    this.#sources = new SpeakingSources({
      ...options,
      renumbering,
      clients: this.#clients,
      isHere: (userId) => this.#speakers.has(userId) || this.#clients.has(userId),
    });
    if (options.daveProtocolVersion === 1) {
      this.#group = new DaveGroup({
        channelId,
        committers: options.committers,
        behaviour: options.behaviour,
        onSettled: () => this.#reportReadyClients(),
        log: options.log,
      });
    }
  }

  get group(): DaveGroup | undefined {
    return this.#group;
  }

  client(userId: string): VoiceClient | undefined {
    return this.#clients.get(userId);
  }

  get clients(): readonly VoiceClient[] {
    return [...this.#clients.values()];
  }

  /** Clients that can receive audio. */
  get listeners(): readonly VoiceClient[] {
    const { withholdsAudio } = this.#options.behaviour;
    return this.clients.filter(
      ({ cipher, address, hasSent }) => cipher !== undefined && address !== undefined && (hasSent || !withholdsAudio),
    );
  }

  addSpeaker(userId: string): void {
    const speaker = new Speaker(userId, this.channelId, this.#group, (packet) => this.#relay(userId, packet));
    this.#speakers.set(userId, speaker);
    this.#sendToOthers(userId, VOICE_OP.clientsConnect, { user_ids: [userId] });
    this.#group?.join(speaker);
  }

  /** Call after op 2: from now on the client gets arrivals and departures. */
  addClient(client: VoiceClient): void {
    this.#clients.set(client.userId, client);
    this.#sendToOthers(client.userId, VOICE_OP.clientsConnect, { user_ids: [client.userId] });
  }

  /**
   * Call after op 1, once it has a cipher: sends who is present, the keys, and who speaks.
   *
   * @param onDescribed called right after op 4
   */
  describeSession(client: VoiceClient, onDescribed: () => void): void {
    const { cipher } = client;
    if (cipher === undefined) return;
    const others = [...this.#speakers.keys(), ...this.#clients.keys()].filter((userId) => userId !== client.userId);
    client.send(VOICE_OP.clientsConnect, { user_ids: others });
    client.send(VOICE_OP.sessionDescription, {
      audio_codec: "opus",
      video_codec: null,
      media_session_id: client.admission.sessionId,
      mode: cipher.mode,
      secret_key: [...cipher.secretKey],
      dave_protocol_version: this.#group?.version ?? 0,
    });
    onDescribed();
    this.#introduce(client, others);
    this.#sources.announceAllTo(client);
    if (this.#group === undefined) this.#reportReadyClients();
    else this.#group.join(client);
    this.#options.onClientDescribed(client);
  }

  /** Ops 5 and 12 for everyone present, whether they speak or not. */
  #introduce(client: VoiceClient, others: readonly string[]): void {
    const { behaviour, speakingDelayMs } = this.#options;
    const { speakingAtConnect, videoAtConnect } = behaviour;
    for (const userId of others) {
      const ssrc = this.#sources.ssrcOf(userId);
      // With a delay, only their first packets announce people.
      if (speakingAtConnect !== null && speakingDelayMs === undefined) {
        client.send(VOICE_OP.speaking, { user_id: userId, ssrc, speaking: speakingAtConnect });
      }
      if (videoAtConnect) client.send(VOICE_OP.video, videoOf(userId, ssrc));
    }
  }

  /** Op 5 with these flags, whether they speak or not. */
  sendSpeaking(userId: string, flags: number): void {
    this.#sendToOthers(userId, VOICE_OP.speaking, {
      user_id: userId,
      ssrc: this.#sources.ssrcOf(userId),
      speaking: flags,
    });
  }

  /** Op 12. */
  sendVideo(userId: string): void {
    this.#sendToOthers(userId, VOICE_OP.video, videoOf(userId, this.#sources.ssrcOf(userId)));
  }

  /** Sends an MLS message that clients should ignore. */
  sendMls(client: VoiceClient, noise: MlsNoise): void {
    switch (noise) {
      case "external_sender":
        client.repeatBinary(VOICE_OP.mlsExternalSender);
        return;
      case "commit":
        client.repeatBinary(VOICE_OP.mlsAnnounceCommit);
        return;
      case "other_group":
        client.repeatBinary(VOICE_OP.mlsAnnounceCommit, inAnotherGroup);
        return;
      case "welcome":
        client.repeatBinary(VOICE_OP.mlsWelcome);
        return;
      default:
        if (this.#group) client.sendBinary(VOICE_OP.mlsProposals, this.#group.noisyProposals(noise));
    }
  }

  /** Removes a simulated speaker or a client. */
  remove(userId: string): void {
    this.#speakers.delete(userId);
    this.#clients.delete(userId);
    this.#sources.forget(userId);
    this.#sendToOthers(userId, VOICE_OP.clientDisconnect, { user_id: userId });
    this.#group?.leave(userId);
  }

  /** Forces the next epoch with a voice-only participant, who joins and the next time leaves. */
  forceEpoch(): void {
    if (this.#hiddenUserId !== undefined) {
      this.remove(this.#hiddenUserId);
      this.#hiddenUserId = undefined;
    } else {
      this.#hiddenUserId = createSnowflake();
      this.addSpeaker(this.#hiddenUserId);
    }
  }

  /** These speakers (default: all) encrypt with a key that nobody has, for this long. */
  spoilKeys(durationMs: number, userIds: readonly string[] = [...this.#speakers.keys()]): void {
    for (const userId of userIds) this.#speakers.get(userId)?.useUnknownKey(durationMs);
  }

  /** These speakers (default: all) send without encryption, for this long. */
  dropKeys(durationMs: number, userIds: readonly string[] = [...this.#speakers.keys()]): void {
    for (const userId of userIds) this.#speakers.get(userId)?.dropKeys(durationMs);
  }

  /** Call before a simulated speaker speaks. @param ssrc as in the fixture */
  prepare(userId: string, ssrc: number): void {
    if (this.#options.speakingDelayMs !== undefined) return;
    this.#sources.announce(userId, this.#sources.renumbered(ssrc));
  }

  /** Op 5 of a client, passed on. */
  relaySpeaking(from: VoiceClient, speaking: number): void {
    if (speaking !== 0) this.#sources.announce(from.userId, from.ssrc);
    else this.#sendToOthers(from.userId, VOICE_OP.speaking, { user_id: from.userId, ssrc: from.ssrc, speaking });
  }

  /** Sends a fixture's plain packet, encrypted by its speaker. Absent speakers are not heard. */
  say(userId: string, packet: SaidPacket): void {
    if (this.listeners.length === 0) return;
    const rtp = this.#sources.renumberedPacket(packet.rtp);
    this.#speakers.get(userId)?.say({ ...packet, rtp });
  }

  /** Sends a client's end-to-end encrypted packet to every other client. */
  distribute(userId: string, rtp: Buffer): void {
    this.#send(userId, rtp, undefined);
    for (const speaker of this.#speakers.values()) {
      this.#options.onHeard(userId, speaker.userId, speaker.hear(userId, rtp));
    }
  }

  close(): void {
    for (const client of this.retire()) client.close(1001, "Going away");
  }

  /** Removes everyone. @returns the clients, which are still connected. */
  retire(): readonly VoiceClient[] {
    const { clients } = this;
    this.#sources.close();
    this.#group?.close();
    this.#clients.clear();
    this.#speakers.clear();
    return clients;
  }

  #relay(userId: string, { rtp, index, undecryptable }: SpokenPacket): void {
    this.#send(userId, rtp, { userId, index }, undecryptable);
  }

  #send(userId: string, rtp: Buffer, id: PacketId | undefined, undecryptable = false): void {
    const header = parseRtpHeader(rtp);
    if (header === undefined) return;
    const clear = rtp.subarray(0, header.clearBytes);
    const payload = rtp.subarray(header.clearBytes);
    this.#sources.announceSender(userId, header.ssrc);
    for (const client of this.listeners) {
      if (client.userId === userId || client.cipher === undefined || !this.#options.hears(client.userId)) continue;
      this.#options.transmit(client, client.cipher.seal(clear, payload), id);
      const decryptable = !undecryptable && (this.#group?.hasKeys(client.userId) ?? true);
      this.#options.onSent({ userId, client, id, decryptable });
    }
  }

  #reportReadyClients(): void {
    for (const client of this.#clients.values()) {
      if (client.reportedReady || client.cipher === undefined) continue;
      if (this.#group && !this.#group.isSettled(client.userId)) continue;
      client.reportedReady = true;
      this.#options.onClientReady(client);
    }
  }

  #sendToOthers(userId: string, op: number, data: unknown): void {
    for (const client of this.#clients.values()) if (client.userId !== userId) client.send(op, data);
  }
}

function videoOf(userId: string, audioSsrc: number): object {
  return { user_id: userId, audio_ssrc: audioSsrc, video_ssrc: 0, rtx_ssrc: 0, streams: [] };
}
