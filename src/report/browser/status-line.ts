import { element } from "./dom.ts";

/** Shorter loading is not shown. */
const SLOW_MS = 300;
const SAID_MS = 4_000;

/** A short status: the last action for a few seconds, otherwise the state. */
export class StatusLine {
  readonly root = element("span", { class: "status", role: "status" });
  #loadingSinceMs: number | undefined;
  #undecodable = 0;
  #said = { text: "", untilMs: 0 };

  say(text: string): void {
    this.#said = { text, untilMs: performance.now() + SAID_MS };
    window.setTimeout(() => this.#show(), SAID_MS);
    this.#show();
  }

  /** @param undecodable clips that the browser could not decode */
  showState(isLoading: boolean, undecodable: number): void {
    this.#loadingSinceMs = isLoading ? (this.#loadingSinceMs ?? performance.now()) : undefined;
    this.#undecodable = undecodable;
    this.#show();
  }

  #show(): void {
    const text = this.#text();
    // Rewriting the same text would make a screen reader repeat it.
    if (this.root.textContent !== text) this.root.textContent = text;
  }

  #text(): string {
    const nowMs = performance.now();
    if (nowMs < this.#said.untilMs) return this.#said.text;
    if (this.#loadingSinceMs !== undefined && nowMs - this.#loadingSinceMs > SLOW_MS) return "loading the sound";
    return this.#undecodable === 0 ? "" : "some of the sound could not be played by this browser";
  }
}
