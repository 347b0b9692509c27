import type { PageData } from "../../page-data.ts";
import { button, element } from "../dom.ts";
import { clock } from "../format.ts";
import { fragmentOf } from "../moment.ts";
import { StatusLine } from "../status-line.ts";
import { Manner } from "./manner.ts";
import type { Player, PlayerState } from "./player.ts";

/** How far the arrow keys move, in the slider and outside it. */
export const STEP_MS = 5_000;

const LABELS: Readonly<Record<PlayerState, string>> = { paused: "Play", loading: "Pause", playing: "Pause" };
const SYMBOLS: Readonly<Record<PlayerState, string>> = { paused: "▶", loading: "❚❚", playing: "❚❚" };

/** The playback bar: a button, the time, a slider over the whole call, speed and volume. */
export class Transport {
  readonly root: HTMLElement;
  readonly #player: Player;
  readonly #durationMs: number;
  readonly #play: HTMLButtonElement;
  readonly #slider: HTMLInputElement;
  /** Undefined if there is no sound. */
  readonly #manner: Manner | undefined;
  readonly #time = element("span", { class: "position" });
  readonly #status = new StatusLine();

  /** @param showKeys opens the list of keys */
  constructor(data: PageData, player: Player, showKeys: () => void) {
    this.#player = player;
    this.#durationMs = data.durationMs;
    this.#manner = data.clips.length === 0 ? undefined : new Manner(player);
    this.#play = button("Play", { class: "play", disabled: this.#manner === undefined }, () => player.toggle());
    this.#slider = element("input", {
      type: "range",
      class: "place",
      min: 0,
      max: Math.ceil(data.durationMs),
      // With smaller steps, seeking by keyboard would take too long in a call of several hours.
      step: 100,
      value: 0,
      "aria-label": "Position in the call",
    });
    this.#slider.addEventListener("input", () => player.seek(this.#slider.valueAsNumber));
    const length = ` / ${clock(data.durationMs)}${this.#manner === undefined ? ", no sound" : ""}`;
    this.root = element(
      "section",
      { class: "transport", "aria-label": "Playing" },
      this.#play,
      element("div", { class: "times" }, this.#time, element("span", { class: "note" }, length)),
      this.#slider,
      element(
        "div",
        { class: "manner" },
        ...(this.#manner?.elements ?? []),
        button("Copy link to this moment", {}, () => void this.copyLink(), "Copy link"),
        button("Keyboard shortcuts", { class: "help" }, showKeys, "?"),
      ),
      this.#status.root,
    );
    this.showState("paused", 0);
  }

  /** Changes how the call is played, and shows the new setting. */
  change(how: (manner: Manner) => string): void {
    if (this.#manner !== undefined) this.#status.say(how(this.#manner));
  }

  /** The page's address also gets the moment, where it can be copied if the browser blocks the clipboard. */
  async copyLink(): Promise<void> {
    const fragment = fragmentOf(this.#player.positionMs);
    const link = `${window.location.href.replace(/#.*$/, "")}${fragment}`;
    try {
      // Navigating there instead would seek to the whole second.
      window.history.replaceState(null, "", fragment);
      await navigator.clipboard.writeText(link);
      this.#status.say(`link to ${clock(this.#player.positionMs)} copied`);
    } catch {
      this.#status.say("the address bar has the link to this moment: copy it there");
    }
  }

  showState(state: PlayerState, undecodable: number): void {
    this.#play.textContent = SYMBOLS[state];
    this.#play.setAttribute("aria-label", LABELS[state]);
    this.#play.title = LABELS[state];
    this.root.dataset["state"] = state;
    this.#status.showState(state === "loading", undecodable);
  }

  showPosition(atMs: number): void {
    const text = clock(atMs);
    if (this.#time.textContent !== text) {
      this.#time.textContent = text;
      this.#slider.setAttribute("aria-valuetext", `${text} of ${clock(this.#durationMs)}`);
    }
    this.#slider.value = String(Math.round(atMs));
  }
}
