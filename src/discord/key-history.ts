import type { EncryptionState } from "../recording/ports.ts";
import type { DaveState } from "./decrypt.ts";

const WRONG_KEYS_MS = 500;
const JOINING_MS = 3_000;

/** Which end-to-end encryption the call had, over all its voice connections. */
export class KeyHistory {
  #dave: (() => DaveState | undefined) | undefined;
  #daveProtocolVersion = 0;
  #epochs = 0;
  #lastEpoch: bigint | null = null;

  /** A new voice connection: its group counts epochs from the beginning. */
  follow(dave: () => DaveState | undefined): void {
    this.note();
    this.#dave = dave;
    this.#lastEpoch = null;
    this.note();
  }

  /** Looks at the group: something may have changed. */
  note(): void {
    const dave = this.#dave?.();
    if (dave === undefined) return;
    this.#daveProtocolVersion = Math.max(this.#daveProtocolVersion, dave.protocolVersion);
    const epoch = dave.session?.ready === true ? dave.session.epoch : null;
    if (epoch === null || epoch === this.#lastEpoch) return;
    this.#lastEpoch = epoch;
    this.#epochs += 1;
  }

  /** Whether what is sent now can be opened by the others: nothing is encrypted end to end, or the group is joined. */
  get areThere(): boolean {
    const dave = this.#dave?.();
    return dave === undefined || dave.protocolVersion === 0 || dave.session?.ready === true;
  }

  /**
   * How long it may take until what comes can be opened. Keys that are there and do not fit are not the group's; a group
   * that is being joined takes the server's time.
   */
  get patienceMs(): number {
    return this.#dave?.()?.session?.ready === true ? WRONG_KEYS_MS : JOINING_MS;
  }

  summary(): EncryptionState {
    this.note();
    return { daveProtocolVersion: this.#daveProtocolVersion, epochs: this.#epochs };
  }
}
