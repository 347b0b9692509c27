import { HeldDispatches } from "./held-dispatches.ts";

/**
 * Whose turn it is: the past, which is read over REST, or what is dispatched meanwhile. That waits, so that the order is
 * kept.
 */
export class ChatTurns {
  /** Reads what was missed, once. */
  readonly #read: () => Promise<void>;
  readonly #signal: AbortSignal;
  /** Does what has waited, and contains what it throws. */
  readonly #run: (action: () => void) => void;
  /** What was dispatched and waits; undefined while nothing is to be read. */
  #held: HeldDispatches | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;

  /**
   * @param signal aborted where nothing more is to be read
   * @param run does what has waited, and contains what it throws
   */
  constructor(read: () => Promise<void>, signal: AbortSignal, run: (action: () => void) => void) {
    this.#read = read;
    this.#signal = signal;
    this.#run = run;
  }

  /** What is dispatched from now on waits for the next reading. */
  hold(): void {
    this.#held ??= new HeldDispatches(this.#run);
  }

  /** Reads the past, and once more where it is being read: that may have begun too early. */
  readMissed(): void {
    this.hold();
    this.#readAgain = true;
    this.#reading ??= this.#readUntilCurrent().finally(() => {
      this.#reading = undefined;
    });
  }

  /** Resolves when nothing is being read. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  /** Does it now, or when the past is read. */
  inTurn(action: () => void): void {
    if (this.#held === undefined) {
      action();
      return;
    }
    this.#held.add(action);
    this.#releaseIfFull();
  }

  /** The same for a new message. Telling it twice must do no harm. */
  messageInTurn(channelId: string, id: string, tell: () => void): void {
    if (this.#held === undefined) {
      tell();
      return;
    }
    this.#held.addMessage(channelId, id, tell);
    this.#releaseIfFull();
  }

  /** Tells the channel's waiting messages that were sent before this one, which is being read. */
  tellMessagesBefore(channelId: string, id: string): void {
    this.#held?.tellMessagesBefore(channelId, id);
  }

  /** Nothing waits any longer. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release();
  }

  async #readUntilCurrent(): Promise<void> {
    while (this.#readAgain && !this.#signal.aborted) {
      this.#readAgain = false;
      await this.#read();
    }
    this.release();
  }

  #releaseIfFull(): void {
    if (this.#held?.isFull) this.release();
  }
}
