import { element } from "../dom.ts";
import { clock } from "../format.ts";
import { marks, placeLabels, type View } from "./scale.ts";

/** The minimum distance between labels. */
const LABEL_PIXELS = 72;
const MARK_PIXELS = 6;

/** The time axis above the lanes. */
export class Ruler {
  readonly canvas = element("canvas", { class: "ruler", "aria-hidden": "true" });

  draw(view: View): void {
    const { canvas } = this;
    const [width, height, scale] = [canvas.clientWidth, canvas.clientHeight, window.devicePixelRatio];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    if (pen === null || width === 0) return;
    const style = getComputedStyle(canvas);
    pen.scale(scale, scale);
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    pen.fillStyle = style.color;
    const labels = marks(view, width, LABEL_PIXELS).map((atMs) => {
      const text = clock(atMs);
      const markAt = Math.min(width - 1, ((atMs - view.fromMs) / (view.toMs - view.fromMs)) * width);
      return { text, markAt, width: pen.measureText(text).width };
    });
    for (const [index, placed] of placeLabels(labels, width).entries()) {
      if (placed === undefined) continue;
      pen.fillRect(placed.markAt, height - MARK_PIXELS, 1, MARK_PIXELS);
      pen.fillText(labels[index]?.text ?? "", placed.labelAt, height - MARK_PIXELS - 2);
    }
  }

  /** The moment under the pointer. */
  timeAt({ clientX }: MouseEvent, view: View): number {
    const { left, width } = this.canvas.getBoundingClientRect();
    return view.fromMs + ((clientX - left) / width) * (view.toMs - view.fromMs);
  }
}
