/** Dispatches that wait until the past is read: two minutes at 200 a second, twice. Beyond that they do not wait. */
const MAX_HELD = 50_000;

interface HeldMessage {
  readonly id: bigint;
  readonly tell: () => void;
}

/** What was dispatched while the past is being read, in the order of its coming. */
export class HeldDispatches {
  readonly #actions: (() => void)[] = [];
  readonly #run: (action: () => void) => void;
  /** New messages among them, by channel. */
  readonly #messages = new Map<string, HeldMessage[]>();

  /** @param run does what has waited, and contains what it throws */
  constructor(run: (action: () => void) => void) {
    this.#run = run;
  }

  get isFull(): boolean {
    return this.#actions.length >= MAX_HELD;
  }

  add(action: () => void): void {
    this.#actions.push(action);
  }

  /** A new message. Telling it twice must do no harm. */
  addMessage(channelId: string, id: string, tell: () => void): void {
    this.add(tell);
    const messages = this.#messages.get(channelId) ?? [];
    messages.push({ id: BigInt(id), tell });
    this.#messages.set(channelId, messages);
  }

  /**
   * Tells the channel's new messages that were sent before this one: what was deleted since is not in what is read,
   * and would come behind it.
   */
  tellMessagesBefore(channelId: string, id: string): void {
    const messages = this.#messages.get(channelId) ?? [];
    for (let next = messages[0]; next !== undefined && next.id < BigInt(id); next = messages[0]) {
      messages.shift();
      this.#run(next.tell);
    }
  }

  release(): void {
    for (const action of this.#actions.splice(0)) this.#run(action);
  }
}
