import { element } from "../dom.ts";
import type { Player } from "./player.ts";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;
const VOLUME_STEP_PERCENT = 10;

/** The playback settings: speed, volume, and whether silence is skipped. */
export class Manner {
  readonly elements: readonly HTMLElement[];
  readonly #player: Player;
  readonly #speed: HTMLSelectElement;
  readonly #volume = element("input", {
    type: "range",
    class: "volume",
    min: 0,
    max: 100,
    step: VOLUME_STEP_PERCENT / 2,
    value: 100,
    title: "Volume",
    "aria-label": "Volume",
  });
  readonly #skips = element("input", { type: "checkbox", id: "skips-silence" });

  constructor(player: Player) {
    this.#player = player;
    this.#speed = element(
      "select",
      { "aria-label": "Speed", title: "Speed" },
      ...SPEEDS.map((speed) => element("option", { value: speed, selected: speed === 1 }, `${speed}×`)),
    );
    this.#speed.addEventListener("change", () => this.#setSpeed());
    this.#volume.addEventListener("input", () => this.#setVolume());
    this.#skips.addEventListener("change", () => {
      player.skipsSilence = this.#skips.checked;
    });
    const label = element("label", { for: "skips-silence", class: "skips" }, this.#skips, " skip silence");
    this.elements = [this.#speed, this.#volume, label];
  }

  /**
   * @param by 1 is the next faster one, -1 the next slower one
   * @returns the speed as it is now, in words
   */
  changeSpeed(by: number): string {
    this.#speed.selectedIndex = Math.min(SPEEDS.length - 1, Math.max(0, this.#speed.selectedIndex + by));
    this.#setSpeed();
    return `speed ${this.#speed.value}×`;
  }

  /** @returns the volume as it is now, in words */
  changeVolume(by: number): string {
    this.#volume.value = String(this.#volume.valueAsNumber + by * VOLUME_STEP_PERCENT);
    this.#setVolume();
    return `volume ${this.#volume.value} %`;
  }

  /** @returns whether silence is skipped now, in words */
  toggleSkipping(): string {
    this.#skips.click();
    return this.#skips.checked ? "silence is skipped" : "silence is played";
  }

  #setSpeed(): void {
    this.#player.speed = Number(this.#speed.value);
  }

  #setVolume(): void {
    this.#player.volume = this.#volume.valueAsNumber / 100;
  }
}
