import type { PageData } from "../page/page-data.ts";
import { button, element } from "./dom.ts";
import { clock } from "./format.ts";
import type { Player, PlayerState } from "./player.ts";

/** What the arrow keys move by, in the slider and outside of it. */
export const STEP_MS = 5_000;

const LABELS: Readonly<Record<PlayerState, string>> = { paused: "Play", loading: "Pause", playing: "Pause" };
const SYMBOLS: Readonly<Record<PlayerState, string>> = { paused: "▶", loading: "…", playing: "❚❚" };

/** The bar that plays: a button, the time, and a slider over the whole call. */
export class Transport {
  readonly root: HTMLElement;
  readonly #durationMs: number;
  readonly #hasAudio: boolean;
  readonly #play: HTMLButtonElement;
  readonly #slider: HTMLInputElement;
  readonly #time = element("span", { class: "position" });
  readonly #status = element("span", { class: "status", role: "status" });

  constructor(data: PageData, player: Player) {
    this.#durationMs = data.durationMs;
    this.#hasAudio = data.pieces.length > 0;
    this.#play = button("Play", { class: "play", disabled: !this.#hasAudio }, () => player.toggle());
    this.#slider = element("input", {
      type: "range",
      min: 0,
      max: Math.ceil(data.durationMs),
      // Finer ones could not be reached with keys in a call of hours.
      step: 100,
      value: 0,
      "aria-label": "Position in the call",
    });
    this.#slider.addEventListener("input", () => player.seek(this.#slider.valueAsNumber));
    this.root = element(
      "section",
      { class: "transport", "aria-label": "Playing" },
      this.#play,
      element(
        "div",
        { class: "times" },
        this.#time,
        element("span", { class: "note" }, ` / ${clock(data.durationMs)}`),
      ),
      this.#slider,
      this.#status,
    );
    this.showState("paused", 0);
  }

  showState(state: PlayerState, undecodable: number): void {
    this.#play.textContent = SYMBOLS[state];
    this.#play.setAttribute("aria-label", LABELS[state]);
    this.#play.title = LABELS[state];
    this.root.dataset["state"] = state;
    this.#status.textContent = this.#statusOf(state, undecodable);
  }

  showPosition(atMs: number): void {
    const text = clock(atMs);
    if (this.#time.textContent !== text) {
      this.#time.textContent = text;
      this.#slider.setAttribute("aria-valuetext", `${text} of ${clock(this.#durationMs)}`);
    }
    this.#slider.value = String(Math.round(atMs));
    this.#slider.style.setProperty("--share", String(this.#durationMs === 0 ? 0 : atMs / this.#durationMs));
  }

  #statusOf(state: PlayerState, undecodable: number): string {
    if (!this.#hasAudio) return "no sound in this report";
    if (state === "loading") return "loading the sound";
    return undecodable === 0 ? "" : "some of the sound could not be played by this browser";
  }
}
