import { randomInt } from "node:crypto";
import type { Renumbering } from "../senders/renumbering.ts";
import { VOICE_OP, type VoiceClient } from "./voice-client.ts";

/** Op 5 flag: normal transmission of voice. */
const SPEAKING_MICROPHONE = 1;

export interface SpeakingSourcesOptions {
  /** A user's first SSRC in the fixture; undefined for people who never speak. */
  readonly firstSsrcOf: (userId: string) => number | undefined;
  /** Op 5 follows a speaker's first packet by this time, instead of preceding it. */
  readonly speakingDelayMs: number | undefined;
  /** Set if people use SSRCs other than the fixture's. */
  readonly renumbering: Renumbering | undefined;
  /** The channel's clients by their user. */
  readonly clients: ReadonlyMap<string, VoiceClient>;
  readonly isHere: (userId: string) => boolean;
}

/** Knows which SSRC each participant of a channel has, and whom op 5 has announced to whom. */
export class SpeakingSources {
  readonly #options: SpeakingSourcesOptions;
  /** User by SSRC, of people who have announced since they joined that they speak. */
  readonly #sources = new Map<number, string>();
  /** Timer by SSRC, of people who have spoken and are not announced yet. */
  readonly #unannounced = new Map<number, NodeJS.Timeout>();
  /** The SSRCs of people who never speak. */
  readonly #silentSsrcs = new Map<string, number>();

  constructor(options: SpeakingSourcesOptions) {
    this.#options = options;
  }

  /** The SSRC in use for one of the fixture. */
  renumbered(ssrc: number): number {
    return this.#options.renumbering?.ssrc(ssrc) ?? ssrc;
  }

  renumberedPacket(rtp: Buffer): Buffer {
    return this.#options.renumbering?.apply(rtp) ?? rtp;
  }

  /** Everyone in a voice channel has one, although people who never speak do not need it. */
  ssrcOf(userId: string): number {
    const client = this.#options.clients.get(userId);
    if (client !== undefined) return client.ssrc;
    const spoken = this.#options.firstSsrcOf(userId);
    if (spoken !== undefined) return this.renumbered(spoken);
    const ssrc = this.#silentSsrcs.get(userId) ?? randomInt(1, 2 ** 32);
    this.#silentSsrcs.set(userId, ssrc);
    return ssrc;
  }

  /** Op 5, once for each client and SSRC. */
  announce(userId: string, ssrc: number): void {
    this.#sources.set(ssrc, userId);
    for (const client of this.#options.clients.values()) if (client.cipher) this.#announceTo(client, userId, ssrc);
  }

  /** Sends op 5 for everyone who has spoken to a new client. */
  announceAllTo(client: VoiceClient): void {
    for (const [ssrc, userId] of this.#sources) this.#announceTo(client, userId, ssrc);
  }

  /** Sends op 5 for a person whose packet is on its way, before it or later as the options say. */
  announceSender(userId: string, ssrc: number): void {
    const { speakingDelayMs } = this.#options;
    if (speakingDelayMs === undefined) {
      this.announce(userId, ssrc);
      return;
    }
    if (this.#sources.has(ssrc) || this.#unannounced.has(ssrc)) return;
    const timer = setTimeout(() => {
      this.#unannounced.delete(ssrc);
      if (this.#options.isHere(userId)) this.announce(userId, ssrc);
    }, speakingDelayMs);
    this.#unannounced.set(ssrc, timer);
  }

  /** Clients forget them too, at op 13. */
  forget(userId: string): void {
    for (const sources of [this.#sources, ...[...this.#options.clients.values()].map(({ announced }) => announced)]) {
      for (const [ssrc, owner] of sources) if (owner === userId) sources.delete(ssrc);
    }
  }

  /** Stops announcing. */
  close(): void {
    for (const timer of this.#unannounced.values()) clearTimeout(timer);
  }

  #announceTo(client: VoiceClient, userId: string, ssrc: number): void {
    if (client.userId === userId || client.announced.get(ssrc) === userId) return;
    client.announced.set(ssrc, userId);
    client.send(VOICE_OP.speaking, { user_id: userId, ssrc, speaking: SPEAKING_MICROPHONE });
  }
}
