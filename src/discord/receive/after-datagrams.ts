/** libuv reads this many datagrams of a socket in one turn of the event loop, and lets others have their turn then. */
const READ_IN_A_TURN = 32;
/** Under a flood that is never read to its end, messages wait no longer. */
const MAX_TURNS = 500;

/**
 * Does what a message of the voice gateway asks for after the datagrams that came before it were read. Both wait in the
 * kernel while the process is busy, in two queues, and a message that takes keys away makes datagrams unreadable that it
 * overtakes: davey forgets the keys of those who left with the commit that removes them. A message that takes none away
 * is not held up. The one with the transport key must come before the first datagrams.
 */
export class AfterDatagrams {
  #waiting: (() => void)[] = [];
  #datagrams = 0;
  #nextLook: NodeJS.Immediate | undefined;

  /** Whether something waits: what must keep its order has to wait behind it. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Call for each datagram that was read. */
  countDatagram(): void {
    this.#datagrams += 1;
  }

  /** @param task must not throw; tasks keep their order */
  run(task: () => void): void {
    this.#waiting.push(task);
    if (this.#waiting.length === 1) this.#nextLook = setImmediate(() => this.#look(MAX_TURNS));
  }

  /** Does at once what waits. */
  flush(): void {
    clearImmediate(this.#nextLook);
    const tasks = this.#waiting;
    this.#waiting = [];
    for (const task of tasks) task();
  }

  /** A turn that read fewer datagrams than it may have has read them all. */
  #look(turns: number): void {
    this.#datagrams = 0;
    this.#nextLook = setImmediate(() => {
      if (this.#datagrams < READ_IN_A_TURN || turns === 0) this.flush();
      else this.#look(turns - 1);
    });
  }
}
