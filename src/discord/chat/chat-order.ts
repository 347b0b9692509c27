/** The most dispatches that wait for missed messages: twice the number in 2 min at 200 a second. */
const MAX_WAITING = 50_000;

/** Keeps messages in order: dispatches wait while missed messages are read over REST. */
export class ChatOrder {
  /** Reads the missed messages once. */
  readonly #read: () => Promise<void>;
  readonly #signal: AbortSignal;
  /** Runs waiting tasks, and contains their errors. */
  readonly #run: (action: () => void) => void;
  /** Undefined while nothing is being read. */
  #waiting: WaitingDispatches | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;

  /**
   * @param signal aborted when reading must end
   * @param run runs a waiting task, and contains its errors
   */
  constructor(read: () => Promise<void>, signal: AbortSignal, run: (action: () => void) => void) {
    this.#read = read;
    this.#signal = signal;
    this.#run = run;
  }

  /** Makes dispatches wait for the next read. */
  hold(): void {
    this.#waiting ??= new WaitingDispatches(this.#run);
  }

  /** Reads the missed messages. If a read is already running, it may have begun too early, so another one follows. */
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

  /** Runs a task now, or after the current read. */
  inOrder(action: () => void): void {
    if (this.#waiting === undefined) {
      action();
      return;
    }
    this.#waiting.add(action);
    this.#releaseIfFull();
  }

  /** The same for a new message. Emitting it twice must be harmless. */
  messageInOrder(channelId: string, id: string, emit: () => void): void {
    if (this.#waiting === undefined) {
      emit();
      return;
    }
    this.#waiting.addMessage(channelId, id, emit);
    this.#releaseIfFull();
  }

  /** Emits the channel's waiting messages that were sent before this one from history. */
  emitMessagesBefore(channelId: string, id: string): void {
    this.#waiting?.emitMessagesBefore(channelId, id);
  }

  /** Runs all waiting tasks. */
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

/** Dispatches that arrived during a read, in order. */
class WaitingDispatches {
  readonly #actions: (() => void)[] = [];
  readonly #run: (action: () => void) => void;
  /** The new messages among them, by channel. */
  readonly #messages = new Map<string, WaitingMessage[]>();

  /** @param run runs a waiting task, and contains its errors */
  constructor(run: (action: () => void) => void) {
    this.#run = run;
  }

  get isFull(): boolean {
    return this.#actions.length >= MAX_WAITING;
  }

  add(action: () => void): void {
    this.#actions.push(action);
  }

  /** Adds a new message. Emitting it twice must be harmless. */
  addMessage(channelId: string, id: string, emit: () => void): void {
    this.add(emit);
    const messages = this.#messages.get(channelId) ?? [];
    messages.push({ id: BigInt(id), emit });
    this.#messages.set(channelId, messages);
  }

  /**
   * Emits the channel's new messages that were sent before this one. Messages deleted since then are missing from the
   * history, so they would otherwise come after this one.
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
