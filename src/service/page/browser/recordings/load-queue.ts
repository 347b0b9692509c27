/** Runs some tasks at the same time and the others after them: a list opens a file for each of its rows. */
export class LoadQueue {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The next one takes this one's place.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
