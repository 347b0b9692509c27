import { randomBytes } from "node:crypto";
import davey from "@snazzah/davey";
import { isSilencePacket } from "../../audio/opus-packet.ts";
import { parseRtpHeader, stripExtensionAndPadding } from "../../audio/rtp.ts";
import type { DaveMember } from "../dave/dave-member.ts";

const DAVE_PROTOCOL_VERSION = 1;
/** Davey's number. */
const MEDIA_TYPE_AUDIO = 0;
/** DAVE protocol, "Payload format": the tag is cut to 8 bytes. */
const TAG_BYTES = 8;
/** Packets a speaker keeps while it has no key yet: 2 s of 20 ms. A client would drop them; here none may be lost. */
const MAX_HELD_PACKETS = 100;

/** Reports of a simulated speaker to its group. */
export interface SpeakerGroup {
  /** Whether its members encrypt when this speaker joins. */
  readonly encrypts: boolean;
  /** Whether this speaker is excluded, and uses keys that nobody has. */
  isOutsider(userId: string): boolean;
  keyPackage(userId: string, keyPackage: Buffer): void;
  commitWelcome(userId: string, payload: Buffer): void;
}

/** A speaker's packet, and its index in the fixture. */
export interface SaidPacket {
  readonly rtp: Buffer;
  readonly index: number;
}

/** A packet as it goes out. */
export interface SpokenPacket extends SaidPacket {
  /** Nobody has the key. */
  readonly undecryptable: boolean;
}

type Pending = { readonly kind: "commit" | "welcome"; readonly message: Buffer } | { readonly kind: "downgrade" };

/** A simulated participant: a genuine DAVE session that encrypts what the fixture says. */
export class Speaker implements DaveMember {
  readonly remote = false;
  readonly userId: string;
  readonly #channelId: string;
  readonly #group: SpeakerGroup | undefined;
  readonly #deliver: (packet: SpokenPacket) => void;
  #session: davey.DAVESession | undefined;
  /** In a new group, while the keys of the one before are in use until its transition is executed. */
  #next: davey.DAVESession | undefined;
  #externalSender: Buffer | undefined;
  #pending: Pending | undefined;
  /** Not between a downgrade and the next upgrade. */
  #encrypts: boolean;
  #undecryptableUntilMs = 0;
  #clearUntilMs = 0;
  readonly #held: SaidPacket[] = [];

  /**
   * @param group undefined under DAVE protocol version 0: nothing is encrypted end to end.
   * @param deliver takes RTP packets whose payload is as it goes out, before transport encryption.
   */
  constructor(
    userId: string,
    channelId: string,
    group: SpeakerGroup | undefined,
    deliver: (packet: SpokenPacket) => void,
  ) {
    this.userId = userId;
    this.#channelId = channelId;
    this.#group = group;
    this.#deliver = deliver;
    this.#encrypts = group?.encrypts ?? false;
    if (group !== undefined) this.#session = new davey.DAVESession(DAVE_PROTOCOL_VERSION, userId, channelId);
  }

  /** Sends one packet of the fixture, at once or as soon as this speaker has a key. */
  say(packet: SaidPacket): void {
    if (this.#isClear()) {
      this.#deliver({ ...packet, undecryptable: false });
      return;
    }
    if (this.#group?.isOutsider(this.userId)) {
      this.#deliver({ ...packet, rtp: replaceOpus(packet.rtp, strangersFrame), undecryptable: true });
      return;
    }
    if (this.#session !== undefined && this.#encrypts && !this.#session.ready) {
      if (this.#held.length < MAX_HELD_PACKETS) this.#held.push(packet);
      return;
    }
    this.#send(packet);
  }

  /** Decrypts another participant's packet to Opus; undefined without a key for it. */
  hear(fromUserId: string, rtp: Buffer): Buffer | undefined {
    const header = parseRtpHeader(rtp);
    const payload = header && stripExtensionAndPadding(header, rtp.subarray(header.clearBytes));
    if (payload === undefined || this.#session === undefined || !this.#encrypts || isSilencePacket(payload)) {
      return payload;
    }
    try {
      return this.#session.decrypt(fromUserId, MEDIA_TYPE_AUDIO, payload);
    } catch {
      return undefined; // davey throws if it cannot open a frame
    }
  }

  /** Encrypts with a key that nobody has, for this long. A speaker without encryption stays without it. */
  useUnknownKey(durationMs: number): void {
    this.#undecryptableUntilMs = performance.now() + durationMs;
  }

  /** Sends unencrypted for this long, whatever the group does. */
  dropKeys(durationMs: number): void {
    this.#clearUntilMs = performance.now() + durationMs;
  }

  #isClear(): boolean {
    return performance.now() < this.#clearUntilMs;
  }

  receiveExternalSender(payload: Buffer): void {
    this.#externalSender = payload;
    this.#session?.setExternalSender(payload);
    this.#sendKeyPackage();
  }

  receiveProposals(payload: Buffer): void {
    const result = this.#joining?.processProposals(payload.readUInt8(0), payload.subarray(1));
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

  prepareDowngrade(): void {
    this.#pending = { kind: "downgrade" };
  }

  beginGroup(): void {
    if (!this.#encrypts || !this.#session?.ready) {
      this.startOver();
      return;
    }
    this.#next = new davey.DAVESession(DAVE_PROTOCOL_VERSION, this.userId, this.#channelId);
    if (this.#externalSender !== undefined) this.#next.setExternalSender(this.#externalSender);
    this.#sendKeyPackage();
  }

  get #joining(): davey.DAVESession | undefined {
    return this.#next ?? this.#session;
  }

  executeTransition(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending?.kind === "downgrade") {
      this.#encrypts = false;
      for (const packet of this.#held.splice(0)) this.#send(packet);
      return;
    }
    try {
      const session = this.#joining;
      if (pending?.kind === "commit") session?.processCommit(pending.message);
      if (pending?.kind === "welcome") session?.processWelcome(pending.message);
      this.#session = session;
      this.#next = undefined;
      if (pending !== undefined) this.#encrypts = true;
    } catch {
      // A client's commit may be invalid. Like a client after op 31, the speaker sends a new key package to be added
      // again.
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
    this.#next = undefined;
    this.#session?.reinit(DAVE_PROTOCOL_VERSION, this.userId, this.#channelId);
    this.#sendKeyPackage();
  }

  #sendKeyPackage(): void {
    const keyPackage = this.#joining?.getSerializedKeyPackage();
    if (keyPackage !== undefined) this.#group?.keyPackage(this.userId, keyPackage);
  }

  #send({ rtp, index }: SaidPacket): void {
    const encrypted = this.#encrypt(rtp);
    const undecryptable = encrypted !== rtp && performance.now() < this.#undecryptableUntilMs;
    if (undecryptable) spoil(encrypted);
    this.#deliver({ rtp: encrypted, index, undecryptable });
  }

  #encrypt(rtp: Buffer): Buffer {
    const session = this.#session;
    if (session === undefined || !this.#encrypts) return rtp;
    return replaceOpus(rtp, (opus) => session.encryptOpus(opus));
  }
}

/**
 * Opus encrypted; header, extension and padding (RFC 3550 §5.1) as they are, because they are not media.
 * Silence passes in the clear: https://daveprotocol.com/#silence-packets
 */
function replaceOpus(rtp: Buffer, encrypt: (opus: Buffer) => Buffer): Buffer {
  const header = parseRtpHeader(rtp);
  const opus = header && stripExtensionAndPadding(header, rtp.subarray(header.clearBytes));
  if (header === undefined || opus === undefined || opus.length === 0 || isSilencePacket(opus)) return rtp;
  const opusOffset = header.clearBytes + header.extensionBodyBytes;
  const padding = rtp.subarray(opusOffset + opus.length);
  return Buffer.concat([rtp.subarray(0, opusOffset), encrypt(opus), padding]);
}

/** Ciphertext and tag of another group, the nonce 0, no ranges in the clear, the size of all but the media, the marker. */
function strangersFrame(opus: Buffer): Buffer {
  const supplement = [0, TAG_BYTES + 4, 0xfa, 0xfa];
  return Buffer.concat([randomBytes(opus.length + TAG_BYTES), Buffer.from(supplement)]);
}

/**
 * Ciphertext of an unknown key looks like any other bytes, so only the first ones after header and extension are
 * changed.
 */
function spoil(rtp: Buffer): void {
  const header = parseRtpHeader(rtp);
  const offset = header && header.clearBytes + header.extensionBodyBytes;
  if (offset !== undefined) rtp[offset] = (rtp[offset] ?? 0) ^ 0xff;
}
