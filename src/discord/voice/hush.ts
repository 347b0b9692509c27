/**
 * Whether the bot must not speak now. davey encrypts with new keys as soon as it has them, and others may switch a
 * moment later, when the transition is executed. Speech in between would be lost for some.
 */
export class Hush {
  #isOn = false;
  #listener: ((isOn: boolean) => void) | undefined;

  set(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#listener?.(isOn);
  }

  /** Sets the only listener, and calls it at once if the hush is on. @returns a function that removes it */
  follow(listener: (isOn: boolean) => void): () => void {
    this.#listener = listener;
    if (this.#isOn) listener(true);
    return () => {
      this.#listener = undefined;
    };
  }
}
