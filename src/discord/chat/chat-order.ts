/** Dispatches that wait until missed messages are read: twice what comes in 2 min at 200 a second. More do not wait. */
const MAX_WAITING = 50_000;

/** Keeps messages in order: while missed ones are read over REST, dispatches wait. */
export class ChatOrder {
  /** Reads what was missed, once. */
  readonly #read: () => Promise<void>;
  readonly #signal: AbortSignal;
  /** Runs what has waited, and contains what it throws. */
  readonly #run: (action: () => void) => void;
  /** Undefined while there is nothing to read. */
  #waiting: WaitingDispatches | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;

  /**
   * @param signal aborted when nothing more is to be read
   * @param run runs what has waited, and contains what it throws
   */
  constructor(read: () => Promise<void>, signal: AbortSignal, run: (action: () => void) => void) {
    this.#read = read;
    this.#signal = signal;
    this.#run = run;
  }

  /** From now on dispatches wait for the next reading. */
  hold(): void {
    this.#waiting ??= new WaitingDispatches(this.#run);
  }

  /** Reads what was missed. If a reading is under way, it may have begun too early, so another one follows. */
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

  /** Runs it now, or after the reading that is under way. */
  inOrder(action: () => void): void {
    if (this.#waiting === undefined) {
      action();
      return;
    }
    this.#waiting.add(action);
    this.#releaseIfFull();
  }

  /** The same for a new message. Emitting it twice must do no harm. */
  messageInOrder(channelId: string, id: string, emit: () => void): void {
    if (this.#waiting === undefined) {
      emit();
      return;
    }
    this.#waiting.addMessage(channelId, id, emit);
    this.#releaseIfFull();
  }

  /** Emits the channel's waiting messages that were sent before this one, which is being read. */
  emitMessagesBefore(channelId: string, id: string): void {
    this.#waiting?.emitMessagesBefore(channelId, id);
  }

  /** Nothing waits any longer. */
  release(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.release();
  }

  async #readUntilCurrent(): Promise<void> {
    while (this.#readAgain && !this.#signal.aborted) {
      this.#readAgain = false;
      await this.#read();
    }
    this.release();
  }

  #releaseIfFull(): void {
    if (this.#waiting?.isFull) this.release();
  }
}

interface WaitingMessage {
  readonly id: bigint;
  readonly emit: () => void;
}

/** Dispatches that came while missed messages are read, in their order. */
class WaitingDispatches {
  readonly #actions: (() => void)[] = [];
  readonly #run: (action: () => void) => void;
  /** New messages among them, by channel. */
  readonly #messages = new Map<string, WaitingMessage[]>();

  /** @param run runs what has waited, and contains what it throws */
  constructor(run: (action: () => void) => void) {
    this.#run = run;
  }

  get isFull(): boolean {
    return this.#actions.length >= MAX_WAITING;
  }

  add(action: () => void): void {
    this.#actions.push(action);
  }

  /** A new message. Emitting it twice must do no harm. */
  addMessage(channelId: string, id: string, emit: () => void): void {
    this.add(emit);
    const messages = this.#messages.get(channelId) ?? [];
    messages.push({ id: BigInt(id), emit });
    this.#messages.set(channelId, messages);
  }

  /**
   * Emits the channel's new messages that were sent before this one. Those that were deleted since are not among the
   * messages that are read, and would come after this one.
   */
  emitMessagesBefore(channelId: string, id: string): void {
    const messages = this.#messages.get(channelId) ?? [];
    for (let next = messages[0]; next !== undefined && next.id < BigInt(id); next = messages[0]) {
      messages.shift();
      this.#run(next.emit);
    }
  }

  release(): void {
    for (const action of this.#actions.splice(0)) this.#run(action);
  }
}
