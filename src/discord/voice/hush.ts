/**
 * Whether nothing is to be said now. davey encrypts with new keys as soon as it has them, and others may take them a
 * moment later, when the transition is executed: what is said in between would be lost for some.
 */
export class Hush {
  #isOn = false;
  #listener: ((isOn: boolean) => void) | undefined;

  set(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#listener?.(isOn);
  }

  /** Follows the hush with one listener, which hears of it at once if it is on. @returns what ends it */
  follow(listener: (isOn: boolean) => void): () => void {
    this.#listener = listener;
    if (this.#isOn) listener(true);
    return () => {
      this.#listener = undefined;
    };
  }
}
