/** libuv reads this many datagrams of a socket in one turn of the event loop, before other events get their turn. */
const READ_IN_A_TURN = 32;
/** Messages wait no longer than this under an endless flood. */
const MAX_TURNS = 500;

/**
 * Handles a voice gateway message after the datagrams that arrived before it. While the process is busy, both wait in
 * the kernel, in two queues. A message that removes keys makes the datagrams that it overtakes unreadable, because
 * davey forgets the keys of people who left at the commit that removes them. A message that removes no keys is not
 * delayed. The message with the transport key must come before the first datagrams.
 */
export class AfterDatagrams {
  #waiting: (() => void)[] = [];
  #datagrams = 0;
  #nextLook: NodeJS.Immediate | undefined;

  /** Whether a task waits; later ordered tasks must wait behind it. */
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

  /** Runs waiting tasks at once. */
  flush(): void {
    clearImmediate(this.#nextLook);
    const tasks = this.#waiting;
    this.#waiting = [];
    for (const task of tasks) task();
  }

  /** A turn that read fewer datagrams than the limit has read all of them. */
  #look(turns: number): void {
    this.#datagrams = 0;
    this.#nextLook = setImmediate(() => {
      if (this.#datagrams < READ_IN_A_TURN || turns === 0) this.flush();
      else this.#look(turns - 1);
    });
  }
}
