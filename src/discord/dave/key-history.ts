import type { EncryptionState } from "../../session/shapes.ts";
import type { DaveState } from "./open-frame.ts";

/** The end-to-end encryption of the call over all its voice connections. */
export class KeyHistory {
  #dave: (() => DaveState | undefined) | undefined;
  #daveProtocolVersion = 0;
  #epochs = 0;
  #lastEpoch: bigint | null = null;
  #plaintextPackets = 0;
  /** The members of the newest group whose keys we have, including ourselves. */
  #members: ReadonlySet<string> = new Set();

  /** Call for a new voice connection, whose group counts epochs from the beginning. */
  follow(dave: () => DaveState | undefined): void {
    this.note();
    this.#dave = dave;
    this.#lastEpoch = null;
    this.#members = new Set();
    this.note();
  }

  /** Checks the group for changes. */
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

  /** Whether others can decrypt what is sent now: the call has no end-to-end encryption, or the group is joined. */
  get hasKeys(): boolean {
    const dave = this.#dave?.();
    return dave === undefined || dave.protocolVersion === 0 || dave.session?.ready === true;
  }

  /**
   * Whether a person is outside the encrypted group that we share with others, so nobody there has their key. False if
   * we are in no group, or in one without others.
   */
  isOutsideGroup(userId: string): boolean {
    return this.#members.size > 1 && !this.#members.has(userId);
  }

  /** Counts a recorded unencrypted frame that clients would not play. */
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
