import type { DropFate } from "../../audio/fates.ts";
import { isDaveFrame } from "../dave/dave-frame.ts";
import { type DaveState, findSender, openFrame } from "../dave/open-frame.ts";
import { SearchBudget } from "./search-budget.ts";
import { SsrcOwners } from "./ssrc-owners.ts";
import { isSoundless, type WaitingPacket } from "./waiting-room.ts";

export interface OpenerOptions {
  /** The connection's end-to-end state now; undefined if the call has none. */
  readonly dave: () => DaveState | undefined;
  /** People in the channel, without ourselves: whose keys may open a packet that nobody claimed. */
  readonly candidates: () => Iterable<string>;
  /** Whether a frame of theirs in the clear is taken, though the call is end-to-end encrypted. Asked once for each. */
  readonly takesClear: (userId: string, arrivalMs: number, opus: Buffer) => boolean;
}

/** What becomes of a packet with the speakers and keys that are there now. */
export type Attempt =
  | {
      readonly kind: "opened";
      readonly userId: string;
      readonly opus: Buffer;
      readonly by: "key" | "clear" | "silence";
      /** The key shows another speaker than was announced: theirs may open what waits, too. */
      readonly isNews?: boolean;
    }
  | { readonly kind: "dropped"; readonly fate: DropFate }
  /** @property isTried with all keys that may fit */
  | { readonly kind: "locked"; readonly isTried: boolean };

export const TRIED_WITHOUT_SUCCESS: Attempt = { kind: "locked", isTried: true };
export const NOT_TRIED: Attempt = { kind: "locked", isTried: false };
/** In 100 ms, an SSRC: every packet of 20 ms that nobody claimed, and now and then one whose claim may be wrong. */
const SEARCHES_FOR_OWNER = 5;
const SEARCHES_FOR_ANOTHER = 2;
const PADDING: Attempt = { kind: "dropped", fate: "padding_only" };

/** Opens packets with what one connection knows of speakers and keys. */
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

  /** @returns whether that is news */
  claim(ssrc: number, userId: string): boolean {
    if (this.#speakers.ownerOf(ssrc) === userId) return false;
    this.#speakers.claim(ssrc, userId);
    return true;
  }

  /** Keys, or those who are in the channel, have changed: every search may find somebody now. */
  searchAgain(): void {
    this.#searches.reset();
  }

  /** What becomes of a packet with the speakers and keys that are there now. */
  open(packet: WaitingPacket, nowMs: number): Attempt {
    const { payload, arrivalMs, header } = packet;
    const dave = this.#options.dave();
    const owner = this.#speakers.ownerOf(header.ssrc);
    if (payload.length === 0) {
      return owner === undefined ? PADDING : { kind: "opened", userId: owner, opus: payload, by: "silence" };
    }
    const isEncrypted = dave !== undefined && isDaveFrame(payload);
    if (owner === undefined)
      return isEncrypted
        ? (this.#search(packet, dave, { nowMs, allowance: SEARCHES_FOR_OWNER }) ?? NOT_TRIED)
        : TRIED_WITHOUT_SUCCESS;
    const result = openFrame(dave, owner, payload);
    switch (result.kind) {
      case "opened":
        return { kind: "opened", userId: owner, opus: result.opus, by: isEncrypted ? "key" : clearKind(packet) };
      case "in_the_clear":
        if (!this.#options.takesClear(owner, arrivalMs, payload)) return { kind: "dropped", fate: "dave_plaintext" };
        return { kind: "opened", userId: owner, opus: result.opus, by: "clear" };
      case "refused":
      case "not_ready":
        return this.#search(packet, dave, { nowMs, allowance: SEARCHES_FOR_ANOTHER }) ?? TRIED_WITHOUT_SUCCESS;
    }
  }

  /** @returns undefined if there were searches enough for now */
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
    // The key that opens a packet proves who sent it, whatever was announced for its SSRC.
    this.#speakers.claim(ssrc, sender.userId);
    return { kind: "opened", ...sender, by: "key", isNews: owner !== sender.userId };
  }
}

/** Comfort silence proves nothing; speech that may come in the clear is heard. */
function clearKind(packet: WaitingPacket): "clear" | "silence" {
  return isSoundless(packet) ? "silence" : "clear";
}
