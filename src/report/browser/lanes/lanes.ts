import type { PageData } from "../../page-data.ts";
import { button, element } from "../dom.ts";
import { LaneCanvas } from "./lane-canvas.ts";
import { laneRow } from "./lane-row.ts";
import { listenToPointer } from "./lanes-pointer.ts";
import { Ruler } from "./ruler.ts";
import { following, panned, type View, wholeOf, zoomed } from "./scale.ts";

const LEGEND = "Bars: speech. Flags: somebody came or left. Shaded: not in the channel. Hatched: not recorded.";
const ZOOM_STEP = 0.5;
const PAN_STEP = 0.5;

export interface LanesActions {
  seek(toMs: number): void;
  /** Plays from there. */
  hear(fromMs: number): void;
  setAudible(speaker: number, audible: boolean): void;
  /** The playback position. */
  positionMs(): number;
}

/** The lanes, with a ruler above, all showing the same part of the call. */
export class Lanes {
  readonly root: HTMLElement;
  readonly #data: PageData;
  readonly #actions: LanesActions;
  readonly #ruler = new Ruler();
  readonly #canvases: readonly LaneCanvas[];
  readonly #rows: readonly HTMLElement[];
  readonly #muted: Set<number> = new Set();
  readonly #soloed: Set<number> = new Set();
  readonly #list: HTMLElement;
  #view: View;
  #redraw: number | undefined;

  constructor(data: PageData, actions: LanesActions) {
    this.#data = data;
    this.#actions = actions;
    this.#view = wholeOf(data.durationMs);
    this.#canvases = data.speakers.map((speaker) => new LaneCanvas(speaker, data.gaps, data.durationMs));
    this.#rows = data.speakers.map((speaker, index) =>
      laneRow(speaker, index, this.#canvases[index]?.canvas, {
        solo: (on) => this.#choose(this.#soloed, index, on),
        mute: (on) => this.#choose(this.#muted, index, on),
      }),
    );
    this.#list = element("div", { class: "lanes" }, this.#rulerRow(), element("ul", {}, ...this.#rows));
    this.root = element(
      "section",
      { "aria-labelledby": "lanes-heading", class: "timeline" },
      this.#toolbar(),
      this.#list,
      element("p", { class: "note legend" }, LEGEND),
    );
    listenToPointer(this.#list, {
      timeAt: (event) => this.#ruler.timeAt(event, this.#view),
      seek: (toMs) => actions.seek(toMs),
      hear: (fromMs) => actions.hear(fromMs),
      zoom: (factor, aroundMs) => this.#show(zoomed(this.#view, factor, aroundMs, data.durationMs)),
      pan: (share) => this.#show(panned(this.#view, share, data.durationMs)),
    });
    new ResizeObserver(() => this.#drawSoon()).observe(this.#list);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawSoon());
  }

  zoomIn(): void {
    this.#show(zoomed(this.#view, ZOOM_STEP, this.#actions.positionMs(), this.#data.durationMs));
  }

  zoomOut(): void {
    this.#show(zoomed(this.#view, 1 / ZOOM_STEP, this.#actions.positionMs(), this.#data.durationMs));
  }

  showWhole(): void {
    this.#show(wholeOf(this.#data.durationMs));
  }

  /** @param follow whether the lanes scroll when the position is outside them */
  showPosition(atMs: number, follow: boolean): void {
    if (follow) {
      const view = following(this.#view, Math.min(atMs, this.#data.durationMs - 1), this.#data.durationMs);
      if (view !== this.#view) this.#show(view);
    }
    const share = (atMs - this.#view.fromMs) / (this.#view.toMs - this.#view.fromMs);
    this.#list.style.setProperty("--played", String(share));
    this.#list.classList.toggle("elsewhere", share < 0 || share > 1);
  }

  #toolbar(): HTMLElement {
    const pan = (direction: number) => this.#show(panned(this.#view, direction * PAN_STEP, this.#data.durationMs));
    return element(
      "div",
      { class: "bar" },
      element("h2", { id: "lanes-heading" }, "Who spoke when"),
      element(
        "div",
        { class: "tools", role: "group", "aria-label": "What the timeline shows" },
        button("Earlier", {}, () => pan(-1), "‹"),
        button("Later", {}, () => pan(1), "›"),
        button("Zoom in", {}, () => this.zoomIn(), "+"),
        button("Zoom out", {}, () => this.zoomOut(), "−"),
        button("Whole call", {}, () => this.showWhole(), "Whole"),
      ),
    );
  }

  #rulerRow(): HTMLElement {
    return element(
      "div",
      { class: "lane ruler-row" },
      element("div", { class: "who" }),
      element("div", { class: "drawing" }, this.#ruler.canvas),
    );
  }

  #choose(chosen: Set<number>, speaker: number, on: boolean): void {
    if (on) chosen.add(speaker);
    else chosen.delete(speaker);
    for (const [index, row] of this.#rows.entries()) {
      const audible = !this.#muted.has(index) && (this.#soloed.size === 0 || this.#soloed.has(index));
      this.#actions.setAudible(index, audible);
      row.classList.toggle("silent", !audible);
    }
  }

  #show(view: View): void {
    this.#view = view;
    this.#drawSoon();
  }

  #drawSoon(): void {
    this.#redraw ??= requestAnimationFrame(() => {
      this.#redraw = undefined;
      this.#ruler.draw(this.#view);
      for (const canvas of this.#canvases) canvas.draw(this.#view);
      this.showPosition(this.#actions.positionMs(), false);
    });
  }
}
