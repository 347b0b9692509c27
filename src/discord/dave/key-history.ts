import type { EncryptionState } from "../../session/shapes.ts";
import type { DaveState } from "./open-frame.ts";

/** Which end-to-end encryption the call had, over all its voice connections. */
export class KeyHistory {
  #dave: (() => DaveState | undefined) | undefined;
  #daveProtocolVersion = 0;
  #epochs = 0;
  #lastEpoch: bigint | null = null;
  #plaintextPackets = 0;
  /** Of the newest group whose keys we have, ourselves included. */
  #members: ReadonlySet<string> = new Set();

  /** A new voice connection: its group counts epochs from the beginning. */
  follow(dave: () => DaveState | undefined): void {
    this.note();
    this.#dave = dave;
    this.#lastEpoch = null;
    this.#members = new Set();
    this.note();
  }

  /** Looks at the group: something may have changed. */
  note(): void {
    const dave = this.#dave?.();
    if (dave === undefined) return;
    this.#daveProtocolVersion = Math.max(this.#daveProtocolVersion, dave.protocolVersion);
    if (dave.session?.ready === true) this.#members = new Set(dave.session.getUserIds());
    const epoch = dave.session?.ready === true ? dave.session.epoch : null;
    if (epoch === null || epoch === this.#lastEpoch) return;
    this.#lastEpoch = epoch;
    this.#epochs += 1;
  }

  /** Whether what is sent now can be opened by the others: nothing is encrypted end to end, or the group is joined. */
  get hasKeys(): boolean {
    const dave = this.#dave?.();
    return dave === undefined || dave.protocolVersion === 0 || dave.session?.ready === true;
  }

  /**
   * Whether somebody is not in the encrypted group that we are in with others, so that nobody there has a key for them.
   * False if we are in no group, or in one without others.
   */
  isOutsideGroup(userId: string): boolean {
    return this.#members.size > 1 && !this.#members.has(userId);
  }

  /** A frame in the clear was recorded that clients would not play. */
  countPlaintext(): void {
    this.#plaintextPackets += 1;
  }

  summary(): EncryptionState {
    this.note();
    return {
      daveProtocolVersion: this.#daveProtocolVersion,
      epochs: this.#epochs,
      plaintextPackets: this.#plaintextPackets,
    };
  }
}
