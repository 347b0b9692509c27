import type { PageData, PageSpeaker } from "../page/page-data.ts";
import { button, element, strangersText } from "./dom.ts";
import { clock, lengthInWords } from "./format.ts";
import { LaneCanvas } from "./lane-canvas.ts";
import { following, marks, panned, type View, wholeOf, zoomed } from "./scale.ts";

/** Labels of the ruler are at least so far apart. */
const LABEL_PIXELS = 72;
/** The golden angle: neighbours get hues that are far apart, however many they are. */
const HUE_STEP = 137.5;
const LEGEND =
  "Bars: somebody spoke. Flags: they came or left. Shaded: they were not there. Hatched: nothing was recorded.";
const ZOOM_STEP = 0.5;
const PAN_STEP = 0.5;

export interface LanesActions {
  seek(toMs: number): void;
  setAudible(speaker: number, audible: boolean): void;
  /** Where playing is. */
  positionMs(): number;
}

/** One lane below the other, with a ruler above, all showing the same stretch of the call. */
export class Lanes {
  readonly root: HTMLElement;
  readonly #data: PageData;
  readonly #actions: LanesActions;
  readonly #ruler = element("canvas", { class: "ruler", "aria-hidden": "true" });
  readonly #canvases: readonly LaneCanvas[];
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
    const rows = data.speakers.map((speaker, index) => this.#row(speaker, index));
    this.#list = element("div", { class: "lanes" }, this.#rulerRow(), element("ul", {}, ...rows));
    this.root = element(
      "section",
      { "aria-labelledby": "lanes-heading", class: "timeline" },
      this.#toolbar(),
      this.#list,
      element("p", { class: "note legend" }, LEGEND),
    );
    this.#listenToPointer();
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

  /** @param follow whether the lanes move on where the place is not in them */
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
      element("div", { class: "track" }, this.#ruler),
    );
  }

  #row(speaker: PageSpeaker, index: number): HTMLElement {
    const { name, label, bot, talkTimeMs } = speaker;
    const row = element(
      "li",
      { class: "lane" },
      element(
        "div",
        { class: "who" },
        element("span", { class: "label", "aria-hidden": "true" }, label),
        element(
          "div",
          { class: "name" },
          strangersText(name, "speaker"),
          element("span", { class: "note" }, `${bot ? "bot, " : ""}${lengthInWords(talkTimeMs)}`),
        ),
        this.#toggle(this.#soloed, index, `Solo ${name}`, "Solo"),
        this.#toggle(this.#muted, index, `Mute ${name}`, "Mute"),
      ),
      element("div", { class: "track" }, this.#canvases[index]?.canvas),
    );
    row.style.setProperty("--hue", String((index * HUE_STEP + 250) % 360));
    return row;
  }

  #toggle(chosen: Set<number>, index: number, label: string, text: string): HTMLElement {
    const made = button(
      label,
      { "aria-pressed": "false", class: "toggle" },
      () => {
        if (!chosen.delete(index)) chosen.add(index);
        made.setAttribute("aria-pressed", String(chosen.has(index)));
        this.#tellAudible();
      },
      text,
    );
    return made;
  }

  #tellAudible(): void {
    for (const [index, row] of [...this.#list.querySelectorAll("li")].entries()) {
      const audible = !this.#muted.has(index) && (this.#soloed.size === 0 || this.#soloed.has(index));
      this.#actions.setAudible(index, audible);
      row.classList.toggle("silent", !audible);
    }
  }

  /** A click goes there, and dragging goes on; the wheel with Ctrl zooms, as does pinching on a trackpad. */
  #listenToPointer(): void {
    let dragged: number | undefined;
    this.#list.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !isOnTrack(event)) return;
      dragged = event.pointerId;
      this.#actions.seek(this.#timeAt(event));
    });
    window.addEventListener("pointermove", (event) => {
      if (event.pointerId === dragged) this.#actions.seek(this.#timeAt(event));
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      window.addEventListener(end, (event) => {
        if (event.pointerId === dragged) dragged = undefined;
      });
    }
    this.#list.addEventListener(
      "wheel",
      (event) => {
        if (!isOnTrack(event)) return;
        const sideways = event.shiftKey ? event.deltaY : event.deltaX;
        if (event.ctrlKey) {
          this.#show(zoomed(this.#view, Math.exp(event.deltaY / 200), this.#timeAt(event), this.#data.durationMs));
        } else if (sideways !== 0) {
          this.#show(panned(this.#view, sideways / 1_000, this.#data.durationMs));
        } else return;
        event.preventDefault();
      },
      { passive: false },
    );
  }

  #timeAt({ clientX }: MouseEvent): number {
    const { left, width } = this.#ruler.getBoundingClientRect();
    return this.#view.fromMs + ((clientX - left) / width) * (this.#view.toMs - this.#view.fromMs);
  }

  #show(view: View): void {
    this.#view = view;
    this.#drawSoon();
  }

  #drawSoon(): void {
    this.#redraw ??= requestAnimationFrame(() => {
      this.#redraw = undefined;
      this.#drawRuler();
      for (const canvas of this.#canvases) canvas.draw(this.#view);
      this.showPosition(this.#actions.positionMs(), false);
    });
  }

  #drawRuler(): void {
    const canvas = this.#ruler;
    const [width, height, scale] = [canvas.clientWidth, canvas.clientHeight, window.devicePixelRatio];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    if (pen === null) return;
    const style = getComputedStyle(canvas);
    pen.scale(scale, scale);
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    pen.fillStyle = style.color;
    for (const atMs of marks(this.#view, width, LABEL_PIXELS)) {
      const x = ((atMs - this.#view.fromMs) / (this.#view.toMs - this.#view.fromMs)) * width;
      pen.fillRect(x, height - 6, 1, 6);
      const label = clock(atMs);
      if (x + pen.measureText(label).width + 3 < width) pen.fillText(label, x + 3, height - 8);
    }
  }
}

function isOnTrack({ target }: Event): boolean {
  return target instanceof HTMLCanvasElement;
}
