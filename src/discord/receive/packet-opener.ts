import type { DropFate } from "../../audio/fates.ts";
import { isDaveFrame } from "../dave/dave-frame.ts";
import { type DaveState, findSender, openFrame } from "../dave/open-frame.ts";
import { SearchBudget } from "./search-budget.ts";
import { SsrcOwners } from "./ssrc-owners.ts";
import { isSoundless, type WaitingPacket } from "./waiting-room.ts";

export interface OpenerOptions {
  /** The connection's end-to-end state now; undefined if the call has none. */
  readonly dave: () => DaveState | undefined;
  /** The people in the channel, except the bot, whose keys may open an unclaimed packet. */
  readonly candidates: () => Iterable<string>;
  /** Whether their unencrypted frame is accepted in an encrypted call. Called once per frame. */
  readonly takesClear: (userId: string, arrivalMs: number, opus: Buffer) => boolean;
}

export interface OpenedPacket {
  readonly kind: "opened";
  readonly userId: string;
  readonly opus: Buffer;
  readonly by: "key" | "clear" | "silence";
  /** The key proves another speaker than announced, whose keys may open waiting packets too. */
  readonly isNews?: boolean;
}

/** The outcome for a packet with the current speakers and keys. */
export type Attempt =
  | OpenedPacket
  | { readonly kind: "dropped"; readonly fate: DropFate }
  /** @property isTried with all possible keys */
  | { readonly kind: "locked"; readonly isTried: boolean };

export const TRIED_WITHOUT_SUCCESS: Attempt = { kind: "locked", isTried: true };
export const NOT_TRIED: Attempt = { kind: "locked", isTried: false };
/** Searches per SSRC in 100 ms: every unclaimed packet of 20 ms, and occasionally one whose claim may be wrong. */
const SEARCHES_FOR_OWNER = 5;
const SEARCHES_FOR_ANOTHER = 2;
const PADDING: Attempt = { kind: "dropped", fate: "padding_only" };

/** Opens packets with one connection's speakers and keys. */
export class PacketOpener {
  readonly #options: OpenerOptions;
  readonly #speakers = new SsrcOwners();
  readonly #searches = new SearchBudget();

  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  ownerOf(ssrc: number): string | undefined {
    return this.#speakers.ownerOf(ssrc);
  }

  /** @returns whether the claim is new */
  claim(ssrc: number, userId: string): boolean {
    const isNew = this.#speakers.ownerOf(ssrc) !== userId;
    this.#speakers.announce(ssrc, userId);
    return isNew;
  }

  /** Whether several people send under the SSRC. Then a packet that opens says nothing about those that do not. */
  isShared(ssrc: number): boolean {
    return this.#speakers.isShared(ssrc);
  }

  /** Whether the packet follows one of a sender whose key was found, although several people send under its SSRC. */
  isContinuation({ header }: WaitingPacket): boolean {
    return this.#speakers.continuedBy(header.ssrc, header.sequence) !== undefined;
  }

  /** Call when keys or people in the channel have changed, because searches may succeed now. */
  searchAgain(): void {
    this.#searches.reset();
  }

  /** The outcome for a packet with the current speakers and keys. */
  open(packet: WaitingPacket, nowMs: number): Attempt {
    const { payload, arrivalMs, header } = packet;
    const dave = this.#options.dave();
    const isEncrypted = dave !== undefined && isDaveFrame(payload);
    const owner = isEncrypted ? this.#speakers.ownerOf(header.ssrc) : this.#senderWithoutKey(packet);
    if (payload.length === 0) {
      return owner === undefined ? PADDING : { kind: "opened", userId: owner, opus: payload, by: "silence" };
    }
    if (owner === undefined)
      return isEncrypted
        ? (this.#search(packet, dave, { nowMs, allowance: SEARCHES_FOR_OWNER }) ?? NOT_TRIED)
        : TRIED_WITHOUT_SUCCESS;
    const result = openFrame(dave, owner, payload);
    switch (result.kind) {
      case "opened":
        if (isEncrypted) return this.#openedByKey(packet, owner, result.opus);
        return { kind: "opened", userId: owner, opus: result.opus, by: clearKind(packet) };
      case "in_the_clear":
        if (!this.#options.takesClear(owner, arrivalMs, payload)) return { kind: "dropped", fate: "dave_plaintext" };
        return { kind: "opened", userId: owner, opus: result.opus, by: "clear" };
      case "refused":
      case "not_ready":
        return (
          this.#openAsFormer(packet, dave) ??
          this.#search(packet, dave, { nowMs, allowance: SEARCHES_FOR_ANOTHER }) ??
          TRIED_WITHOUT_SUCCESS
        );
    }
  }

  /**
   * Tries the keys of those who had the SSRC before. Somebody who sends under another's SSRC then costs that one nothing:
   * each packet belongs to whose key opens it, without a search.
   */
  #openAsFormer(packet: WaitingPacket, dave: DaveState | undefined): Attempt | undefined {
    for (const userId of this.#speakers.formerOwnersOf(packet.header.ssrc)) {
      const result = openFrame(dave, userId, packet.payload);
      if (result.kind === "opened") return this.#openedByKey(packet, userId, result.opus);
    }
    return undefined;
  }

  /** @returns undefined if no further search is allowed now */
  #search(
    packet: WaitingPacket,
    dave: DaveState | undefined,
    { nowMs, allowance }: { readonly nowMs: number; readonly allowance: number },
  ): Attempt | undefined {
    const { ssrc } = packet.header;
    if (!this.#searches.take(ssrc, nowMs, allowance)) return undefined;
    const owner = this.#speakers.ownerOf(ssrc);
    const others = [...this.#options.candidates()].filter((userId) => userId !== owner);
    const sender = findSender(dave, packet.payload, others);
    if (sender === undefined) return TRIED_WITHOUT_SUCCESS;
    // The key that opens a packet proves its sender, whatever was announced for its SSRC.
    this.#speakers.prove(ssrc, sender.userId);
    return { ...this.#openedByKey(packet, sender.userId, sender.opus), isNews: owner !== sender.userId };
  }

  #openedByKey({ header }: WaitingPacket, userId: string, opus: Buffer): OpenedPacket {
    this.#speakers.noteOpened(header.ssrc, userId, header.sequence);
    return { kind: "opened", userId, opus, by: "key" };
  }

  /** Its likely sender: of several under one SSRC, the one whose packets it follows. */
  #senderWithoutKey({ header: { ssrc, sequence } }: WaitingPacket): string | undefined {
    return this.#speakers.continuedBy(ssrc, sequence) ?? this.#speakers.ownerOf(ssrc);
  }
}

/** Comfort silence proves nothing; permitted unencrypted speech counts as heard. */
function clearKind(packet: WaitingPacket): "clear" | "silence" {
  return isSoundless(packet) ? "silence" : "clear";
}
