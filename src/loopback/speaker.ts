import davey from "@snazzah/davey";
import { isSilencePacket } from "../audio/opus-packet.ts";
import { parseRtpHeader, stripExtensionAndPadding } from "../audio/rtp.ts";
import type { DaveMember } from "./dave-member.ts";

const DAVE_PROTOCOL_VERSION = 1;
/** Packets a speaker keeps while it has no key yet: 2 s of 20 ms. A client would drop them; here none may be lost. */
const MAX_HELD_PACKETS = 100;

/** What a simulated speaker tells its group. */
export interface SpeakerGroup {
  keyPackage(userId: string, keyPackage: Buffer): void;
  commitWelcome(userId: string, payload: Buffer): void;
}

/** A packet a speaker says, and its index within those of the fixture. */
export interface SaidPacket {
  readonly rtp: Buffer;
  readonly index: number;
}

type Pending = { readonly kind: "commit" | "welcome"; readonly message: Buffer };

/** A simulated participant: a genuine DAVE session that encrypts what the fixture says. */
export class Speaker implements DaveMember {
  readonly remote = false;
  readonly userId: string;
  readonly #channelId: string;
  readonly #group: SpeakerGroup | undefined;
  readonly #deliver: (packet: SaidPacket) => void;
  readonly #session: davey.DAVESession | undefined;
  #pending: Pending | undefined;
  readonly #held: SaidPacket[] = [];

  /**
   * @param group undefined under DAVE protocol version 0: nothing is encrypted end to end.
   * @param deliver takes RTP packets whose payload is as it goes out, before transport encryption.
   */
  constructor(
    userId: string,
    channelId: string,
    group: SpeakerGroup | undefined,
    deliver: (packet: SaidPacket) => void,
  ) {
    this.userId = userId;
    this.#channelId = channelId;
    this.#group = group;
    this.#deliver = deliver;
    if (group !== undefined) this.#session = new davey.DAVESession(DAVE_PROTOCOL_VERSION, userId, channelId);
  }

  /** Says one packet of the fixture: at once, or as soon as this speaker has a key. */
  say(packet: SaidPacket): void {
    if (this.#session !== undefined && !this.#session.ready) {
      if (this.#held.length < MAX_HELD_PACKETS) this.#held.push(packet);
      return;
    }
    this.#send(packet);
  }

  receiveExternalSender(payload: Buffer): void {
    this.#session?.setExternalSender(payload);
    this.#sendKeyPackage();
  }

  receiveProposals(payload: Buffer): void {
    const result = this.#session?.processProposals(payload.readUInt8(0), payload.subarray(1));
    if (result?.commit === undefined) return;
    const parts = result.welcome === undefined ? [result.commit] : [result.commit, result.welcome];
    this.#group?.commitWelcome(this.userId, Buffer.concat(parts));
  }

  receiveCommit(_transitionId: number, commit: Buffer): void {
    this.#pending = { kind: "commit", message: commit };
  }

  receiveWelcome(_transitionId: number, welcome: Buffer): void {
    this.#pending = { kind: "welcome", message: welcome };
  }

  executeTransition(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    try {
      if (pending?.kind === "commit") this.#session?.processCommit(pending.message);
      if (pending?.kind === "welcome") this.#session?.processWelcome(pending.message);
    } catch {
      // A client's commit may be anything. What a client does with op 31: a new key package gets it in again.
      this.startOver();
      return;
    }
    if (this.#session?.ready) for (const packet of this.#held.splice(0)) this.#send(packet);
  }

  whenCaughtUp(callback: () => void): void {
    callback();
  }

  startOver(): void {
    this.#pending = undefined;
    this.#session?.reinit(DAVE_PROTOCOL_VERSION, this.userId, this.#channelId);
    this.#sendKeyPackage();
  }

  #sendKeyPackage(): void {
    if (this.#session !== undefined) this.#group?.keyPackage(this.userId, this.#session.getSerializedKeyPackage());
  }

  #send({ rtp, index }: SaidPacket): void {
    this.#deliver({ rtp: this.#encrypt(rtp), index });
  }

  /**
   * Opus encrypted; header, extension and padding (RFC 3550 §5.1) as they are, because they are not media.
   * Silence passes in the clear: https://daveprotocol.com/#silence-packets
   */
  #encrypt(rtp: Buffer): Buffer {
    const header = parseRtpHeader(rtp);
    if (this.#session === undefined || header === undefined) return rtp;
    const opus = stripExtensionAndPadding(header, rtp.subarray(header.clearBytes));
    if (opus === undefined || opus.length === 0 || isSilencePacket(opus)) return rtp;
    const opusOffset = header.clearBytes + header.extensionBodyBytes;
    const padding = rtp.subarray(opusOffset + opus.length);
    return Buffer.concat([rtp.subarray(0, opusOffset), this.#session.encryptOpus(opus), padding]);
  }
}
